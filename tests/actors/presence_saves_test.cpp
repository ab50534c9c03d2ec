// Changes of presence that wait in a storage actor: together, past other jobs, and none at the others' cost.
#include "actors/presence_saves.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "actor_world.hpp"
#include "actors/storage_pool.hpp"

namespace parley::testing::presence_saves_test {
namespace {

using told = std::vector<std::string>;

class PresenceSaves : public ::testing::Test {
 protected:
  void save(std::uint8_t number) {
    const auto user = id_of<user_id>(number);
    world_.services->storage->write(user, saving({user, true, std::nullopt}),
                                    answer<std::monostate>([this, number](const auto& done) {
                                      answers_.push_back(std::to_string(number) + (done ? "" : " failed"));
                                    }));
  }
  void write_about(std::uint8_t number) {
    world_.services->storage->write(
        id_of<user_id>(number), [](record_writer&) -> result<void> { return {}; },
        answer<std::monostate>([this, number](const auto&) { answers_.push_back("job " + std::to_string(number)); }));
  }
  [[nodiscard]] std::vector<std::size_t> jobs_of_commits() const {
    std::vector<std::size_t> counts;
    for (const auto& commit : world_.store.commits) counts.push_back(commit.jobs);
    return counts;
  }

  actor_world world_;
  told answers_;
};

/// Beside other nodes it locks many users, and so does not go with jobs that lock theirs.
TEST_F(PresenceSaves, WhatWaitsIsSavedByOneJobPastOtherJobs) {
  world_.store.commits_jobs_apart = true;
  for (const int number : {1, 2, 3}) {
    save(static_cast<std::uint8_t>(number));
    write_about(static_cast<std::uint8_t>(10 + number));
  }
  world_.run();
  EXPECT_EQ(jobs_of_commits(), (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(answers_, (told{"1", "2", "3", "job 11", "job 12", "job 13"}));
  EXPECT_EQ(world_.store.saved_presences, (std::vector<std::size_t>{3}));
  EXPECT_EQ(world_.counts.storage_queue.value(), 0);
}

TEST_F(PresenceSaves, NobodysOvertakesAnEarlierJobAboutHim) {
  world_.store.commits_jobs_apart = true;
  save(1);
  write_about(2);
  save(2);
  save(3);
  world_.run();
  EXPECT_EQ(answers_, (told{"1", "3", "job 2", "2"}));
}

TEST_F(PresenceSaves, ATransactionTakesNoMoreThanItsBound) {
  world_.store.commits_jobs_apart = true;
  world_.settings.store.batch_commands = 2;
  for (const int number : {1, 2, 3}) save(static_cast<std::uint8_t>(number));
  world_.run();
  EXPECT_EQ(world_.store.saved_presences, (std::vector<std::size_t>{2, 1}));
}

TEST_F(PresenceSaves, OneThatCannotBeSavedCostsTheOthersNothing) {
  world_.store.commits_jobs_apart = true;
  world_.store.refused_presence = id_of<user_id>(2);
  for (const int number : {1, 2, 3}) save(static_cast<std::uint8_t>(number));
  world_.run();
  EXPECT_EQ(answers_, (told{"1", "2 failed", "3"}));
  EXPECT_EQ(jobs_of_commits(), (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(world_.counts.storage_queue.value(), 0);
}

/// On one node a job costs next to nothing beside the commit, and all go in order.
TEST_F(PresenceSaves, WithOneWriterEachIsAJobInItsPlace) {
  save(1);
  write_about(1);
  save(2);
  world_.run();
  EXPECT_EQ(jobs_of_commits(), (std::vector<std::size_t>{3}));
  EXPECT_EQ(answers_, (told{"1", "job 1", "2"}));
}

}  // namespace
}  // namespace parley::testing::presence_saves_test
