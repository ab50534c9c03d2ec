// Storage actors: grouping into transactions, failure and healing; and the bounds of their pool.
#include "actors/storage_actor.hpp"

#include <gtest/gtest.h>

#include "actor_world.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

class StorageActor : public ::testing::Test {
 protected:
  StorageActor() { world_.store.rooms[room_].members = {alice_}; }

  std::vector<append_command> messages(std::size_t count, const std::string& content = "x") {
    std::vector<append_command> commands(count);
    for (auto& command : commands) {
      command.room = room_;
      command.actor = alice_;
      command.command = send_message{content, {}, {}, {}};
    }
    return commands;
  }
  void append(std::size_t count, const std::string& content = "x") {
    world_.services->storage->append(room_, messages(count, content),
                                     answer<std::vector<append_outcome>>([this](const auto& outcomes) {
                                       answers_.push_back(outcomes ? std::to_string(outcomes->size())
                                                                   : std::string(to_string(outcomes.error().code)));
                                     }));
  }
  void write(result<void> outcome) {
    world_.services->storage->write(
        room_, [outcome](record_writer&) { return outcome; }, answer<std::monostate>([this](const auto& done) {
          answers_.push_back(done ? "done" : std::string(to_string(done.error().code)));
        }));
  }
  using strings = std::vector<std::string>;

  actor_world world_;
  room_id room_ = id_of<room_id>(1);
  user_id alice_ = id_of<user_id>(1);
  strings answers_;
};

TEST_F(StorageActor, WhatWaitsTogetherIsOneTransaction) {
  for (int i = 0; i < 10; ++i) append(3);
  write({});
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 1U);
  EXPECT_EQ(world_.store.commits[0].commands, 30U);
  EXPECT_EQ(world_.store.commits[0].jobs, 1U);
  EXPECT_EQ(answers_, (strings{"3", "3", "3", "3", "3", "3", "3", "3", "3", "3", "done"}));
  EXPECT_EQ(world_.counts.storage_queue.value(), 0);
  EXPECT_EQ(world_.counts.events_stored_total.value(), 30U);
  EXPECT_EQ(world_.counts.commits_total.value(), 1U);
}

TEST_F(StorageActor, AJobThatLocksMuchIsATransactionOfItsOwnWhereThereAreSeveralWriters) {
  const auto write_one = [&](bool goes_alone) {
    write_job job([](record_writer&) -> result<void> { return {}; });
    job.alone = goes_alone;
    world_.services->storage->write(room_, std::move(job), answer<std::monostate>([](const auto&) {}));
  };
  const auto jobs_of_commits = [&](bool several_writers) {
    world_.store.commits_jobs_apart = several_writers;
    world_.store.commits.clear();
    for (const bool goes_alone : {false, false, true, true, false, false, false}) write_one(goes_alone);
    world_.run();
    std::vector<std::size_t> counts;
    for (const auto& commit : world_.store.commits) counts.push_back(commit.jobs);
    return counts;
  };
  EXPECT_EQ(jobs_of_commits(true), (std::vector<std::size_t>{2, 1, 1, 3}));
  EXPECT_EQ(jobs_of_commits(false), (std::vector<std::size_t>{7}));
}

TEST_F(StorageActor, ALoneMessageDoesNotWait) {
  append(1);
  world_.run();  // no time passes
  EXPECT_EQ(answers_, (strings{"1"}));
}

TEST_F(StorageActor, WhatComesDuringACommitIsInTheNextOne) {
  bool sent = false;
  world_.services->faults.before_commit = [&](std::span<const append_command>) {
    if (std::exchange(sent, true)) return;
    append(2);
    append(2);
  };
  append(1);
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 2U);
  EXPECT_EQ(world_.store.commits[1].commands, 4U);
}

TEST_F(StorageActor, ATransactionIsBoundedByCommandsAndBytes) {
  world_.settings.store.batch_commands = 10;
  for (int i = 0; i < 5; ++i) append(4);
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 3U);
  EXPECT_EQ(world_.store.commits[0].commands, 8U);
  EXPECT_EQ(world_.store.commits[2].commands, 4U);

  world_.store.commits.clear();
  world_.settings.store.batch_bytes = 20'000;
  for (int i = 0; i < 4; ++i) append(1, std::string(8'000, 'x'));
  world_.run();
  EXPECT_EQ(world_.store.commits.size(), 2U);
}

TEST_F(StorageActor, WhereTheStoreKeepsJobsApartABatchIsOfOneKindAndNoJobOvertakesACommand) {
  world_.store.commits_jobs_apart = true;
  append(1);
  write({});
  append(2);
  write({});
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 2U);
  EXPECT_EQ(world_.store.commits[0].commands, 3U);
  EXPECT_EQ(world_.store.commits[0].jobs, 0U);
  EXPECT_EQ(world_.store.commits[1].jobs, 2U);
  EXPECT_EQ(answers_, (strings{"1", "2", "done", "done"}));

  world_.settings.store.batch_commands = 2;
  for (int i = 0; i < 3; ++i) {
    write({});
    append(2);
  }
  world_.run();
  std::vector<std::size_t> jobs;
  for (const auto& commit : world_.store.commits) jobs.push_back(commit.jobs);
  EXPECT_EQ(jobs, (std::vector<std::size_t>{0, 2, 1, 0, 1, 0, 1, 0}));
}

TEST_F(StorageActor, AMessageOverTheBoundStillGoes) {
  world_.settings.store.batch_commands = 10;
  append(25);
  world_.run();
  EXPECT_EQ(answers_, (strings{"25"}));
}

TEST_F(StorageActor, AJobsErrorIsItsOwn) {
  append(1);
  write(not_found("nobody"));
  write({});
  world_.run();
  EXPECT_EQ(answers_, (strings{"1", "not_found", "done"}));
}

TEST_F(StorageActor, AFullQueueIsBusy) {
  storage_pool* const pool = const_cast<storage_pool*>(world_.services->storage);
  world_.settings.store.queue_commands = 5;
  storage_pool small(*world_.services, {spawn_storage_actor(*world_.system, *world_.services, world_.store, false)});
  world_.services->storage = &small;
  append(3);
  append(3);
  write({});
  write({});
  write({});
  EXPECT_EQ(answers_, (strings{"busy", "busy"}));
  world_.run();
  EXPECT_EQ(answers_, (strings{"busy", "busy", "3", "done", "done"}));
  append(6);  // fits into an empty queue
  world_.run();
  EXPECT_EQ(answers_.back(), "6");
  EXPECT_EQ(world_.counts.store_busy_total.value(), 2U);
  small.stop();
  world_.run();
  world_.services->storage = pool;
}

TEST_F(StorageActor, AFailedCommitIsAnsweredToAllAndNothingIsAcceptedUntilAProbeWorks) {
  world_.store.failing_commits = 1;
  world_.store.probe_works = false;
  append(1);
  write({});
  world_.run();
  EXPECT_EQ(answers_, (strings{"unavailable", "unavailable"}));
  EXPECT_FALSE(world_.services->store_ok());

  append(1);
  world_.run();
  EXPECT_EQ(answers_.back(), "unavailable");
  EXPECT_TRUE(world_.store.commits.empty());

  world_.advance(milliseconds(10'000));
  EXPECT_FALSE(world_.services->store_ok());
  world_.store.probe_works = true;
  world_.advance(milliseconds(2'000));
  EXPECT_TRUE(world_.services->store_ok());
  append(1);
  world_.run();
  EXPECT_EQ(answers_.back(), "1");
  EXPECT_EQ(world_.counts.commit_failures_total.value(), 1U);
  EXPECT_EQ(world_.counts.storage_queue.value(), 0);
}

TEST_F(StorageActor, ARoomThatSomebodyElseHasWaitsWhileOthersGoOn) {
  const auto other = id_of<room_id>(2);
  world_.store.rooms[other].members = {alice_};
  const auto append_to_other = [&](const std::string& name) {
    auto commands = messages(1);
    commands[0].room = other;
    world_.services->storage->append(
        other, std::move(commands), answer<std::vector<append_outcome>>([this, name](const auto& outcomes) {
          answers_.push_back(outcomes && outcomes->front().has_value() ? name : name + " failed");
        }));
  };
  world_.store.commits_jobs_apart = true;
  world_.store.busy_rooms = {other};
  append_to_other("first");
  append(1);
  world_.run();
  append_to_other("second");
  world_.services->storage->write(
      other, [](record_writer&) -> result<void> { return {}; },
      answer<std::monostate>([this](const auto&) { answers_.push_back("job"); }));
  append(2);
  world_.run();
  EXPECT_EQ(answers_, (strings{"1", "2"}));
  for (int i = 0; i < 5; ++i) world_.advance(milliseconds(100));
  EXPECT_EQ(answers_.size(), 2U);
  EXPECT_EQ(world_.counts.commands_refused_total.value(), 0U);

  EXPECT_EQ(world_.counts.storage_held.value(), 2);
  world_.store.busy_rooms.clear();
  append_to_other("third");  // finds the room free, and those before it not yet stored
  world_.run();
  EXPECT_EQ(answers_.size(), 2U);
  world_.advance(milliseconds(100));
  EXPECT_EQ(answers_, (strings{"1", "2", "first", "second", "third", "job"}));
  EXPECT_EQ(world_.counts.storage_queue.value(), 0);
  EXPECT_EQ(world_.counts.storage_held.value(), 0);

  world_.store.busy_rooms = {other};
  append_to_other("fourth");
  const auto lock_ms = static_cast<int>(world_.settings.store.lock_ms);
  for (int gone = 0; gone <= lock_ms; gone += 100) {
    EXPECT_EQ(answers_.size(), 6U) << gone;
    world_.advance(milliseconds(100));
  }
  world_.advance(milliseconds(100));
  EXPECT_EQ(answers_.back(), "fourth failed");
  EXPECT_TRUE(world_.services->store_ok());
  EXPECT_EQ(world_.counts.storage_queue.value(), 0);
}

TEST_F(StorageActor, AnExceptionIsAnsweredAndTheActorGoesOnWithANewConnection) {
  world_.store.throwing_commits = 1;
  append(1);
  world_.run();
  EXPECT_EQ(answers_, (strings{"unavailable"}));
  world_.advance(milliseconds(100));
  append(1);
  world_.run();
  EXPECT_EQ(answers_, (strings{"unavailable", "1"}));
  EXPECT_EQ(world_.store.writers_opened, 2);
  EXPECT_EQ(world_.counts.actors_restarted_total.value(), 1U);
}

TEST_F(StorageActor, AnExceptionBetweenCommitAndAnswersIsAnsweredUnavailable) {
  bool thrown = false;
  world_.services->faults.after_commit = [&](std::span<const append_command>) {
    if (!std::exchange(thrown, true)) throw std::runtime_error("here");
  };
  append(1);
  world_.run();
  EXPECT_EQ(answers_, (strings{"unavailable"}));
  EXPECT_EQ(world_.store.rooms[room_].events.size(), 1U);
}

TEST_F(StorageActor, AStoreThatGoesAwayWhileNobodyWritesMakesTheNodeUnreadyUntilItIsBack) {
  const auto* const pool = world_.services->storage;
  const auto actor = spawn_storage_actor(*world_.system, *world_.services, world_.store, false);
  storage_pool small(*world_.services, {actor});
  world_.services->storage = &small;
  const auto look = [&] {
    caf::anon_send(actor, look_at_store{});
    world_.run();
  };
  look();
  append(1);
  world_.run();
  look();
  EXPECT_EQ(world_.store.looks, 1) << "a commit has told";
  EXPECT_TRUE(world_.services->store_ok());

  world_.store.looks_work = false;
  world_.store.probe_works = false;
  look();
  EXPECT_FALSE(world_.services->store_ok());
  look();
  EXPECT_EQ(world_.store.looks, 2) << "probes tell already";
  append(1);
  world_.run();
  EXPECT_EQ(answers_, (strings{"1", "unavailable"}));

  world_.store.looks_work = true;
  world_.store.probe_works = true;
  world_.advance(milliseconds(1'000));
  EXPECT_TRUE(world_.services->store_ok());
  small.stop();
  world_.run();
  world_.services->storage = pool;
}

TEST_F(StorageActor, ARoomsWritesAllGoToOneWorker) {
  std::vector<storage_handle> workers(4);
  for (auto& worker : workers) {
    worker = spawn_storage_actor(*world_.system, *world_.services, world_.store, false);
  }
  const storage_pool pool(*world_.services, std::move(workers));
  std::map<room_id, std::set<int>> writers;
  std::set<int> used;
  for (int round = 0; round < 3; ++round) {
    for (std::uint8_t i = 1; i <= 39; ++i) {
      auto room = id_of<room_id>(i);
      room.bytes[8] = i;  // their hashes differ by the last bits too
      auto commands = messages(1);
      commands[0].room = room;
      pool.append(room, std::move(commands), answer<std::vector<append_outcome>>([](const auto&) {}));
    }
    world_.run();
  }
  for (const auto& commit : world_.store.commits) {
    used.insert(commit.writer);
    for (const auto& room : commit.rooms) writers[room].insert(commit.writer);
  }
  EXPECT_EQ(used.size(), 4U);
  EXPECT_EQ(writers.size(), 39U);
  for (const auto& [room, each] : writers) EXPECT_EQ(each.size(), 1U) << to_string(room);
  pool.stop();
  world_.run();
}

TEST_F(StorageActor, TidiesTheStoreOnceWhenIdle) {
  const auto pass = [this](int ms) {
    for (int gone = 0; gone < ms; gone += 50) world_.advance(milliseconds(50));
  };
  append(1);
  world_.run();
  pass(4'900);
  append(1);
  world_.run();
  pass(200);
  EXPECT_EQ(world_.store.tidied, 0);  // there was a commit meanwhile
  pass(5'000);
  EXPECT_EQ(world_.store.tidied, 1);
  pass(60'000);
  EXPECT_EQ(world_.store.tidied, 1);
}

TEST_F(StorageActor, StoppingAnswersWhoeverStillWaits) {
  storage_pool* const pool = const_cast<storage_pool*>(world_.services->storage);
  pool->stop();
  append(1);
  world_.run();
  EXPECT_EQ(answers_, (strings{"unavailable"}));
}

}  // namespace
}  // namespace parley::testing
