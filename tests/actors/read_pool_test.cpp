// The reading actors' pool: who is asked, what goes together, its bounds, and readers that do not find the store.
#include "actors/read_pool.hpp"

#include <gtest/gtest.h>

#include "actor_world.hpp"
#include "actors/reading_actor.hpp"

namespace parley::testing {
namespace {

class ReadPool : public ::testing::Test {
 protected:
  using strings = std::vector<std::string>;

  void ask(std::function<result<int>(database_reader&)> question) {
    world_.services->reads->ask<int>(
        std::move(question), answer<int>([this](const result<int>& told) {
          answers_.push_back(told ? std::to_string(*told) : std::string(to_string(told.error().code)));
        }));
  }
  static user_id numbered(std::uint8_t number) {
    user_id id;
    id.bytes.back() = number;
    return id;
  }
  /// Answered with the number of the one friend.
  void begin_session(std::uint8_t number) {
    world_.services->reads->ask(session_question{numbered(number), {}},
                                answer<session_basis>([this](const result<session_basis>& told) {
                                  answers_.push_back(told ? std::to_string(told->friends.at(0).bytes.back())
                                                          : std::string(to_string(told.error().code)));
                                }));
  }

  actor_world world_;
  strings answers_;
};

TEST_F(ReadPool, AnswersAndPassesErrorsOn) {
  ask([](database_reader&) { return result<int>(7); });
  ask([](database_reader&) { return result<int>(not_found("no")); });
  world_.run();
  EXPECT_EQ(answers_, (strings{"7", "not_found"}));
  EXPECT_EQ(world_.counts.read_queue.value(), 0);
}

TEST_F(ReadPool, SessionsThatBeginTogetherAreOneLook) {
  for (std::uint8_t i = 1; i <= 20; ++i) begin_session(i);
  world_.run();
  EXPECT_EQ(world_.store.session_reads, (std::vector<std::size_t>{16, 4}));
  strings expected;
  for (int i = 1; i <= 20; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(answers_, expected);
  EXPECT_EQ(world_.counts.read_queue.value(), 0);
  begin_session(21);
  world_.run();
  EXPECT_EQ(world_.store.session_reads.back(), 1U) << "one alone need not wait for others";
  EXPECT_EQ(answers_.back(), "21");
}

TEST_F(ReadPool, WhatOneSessionCannotBeToldTheOthersAreTold) {
  world_.store.unreadable_user = numbered(2);
  for (std::uint8_t i = 1; i <= 3; ++i) begin_session(i);
  world_.run();
  EXPECT_EQ(answers_, (strings{"1", "unavailable", "3"}));
}

TEST_F(ReadPool, BehindALookThatFailedFewerSessionsAreTakenAtOnce) {
  world_.store.unreadable_user = numbered(2);
  for (std::uint8_t i = 1; i <= 4; ++i) begin_session(i);
  world_.run();
  EXPECT_EQ(world_.store.session_reads, (std::vector<std::size_t>{4, 1, 1, 1, 1}));
  world_.store.session_reads.clear();
  for (std::uint8_t i = 11; i <= 20; ++i) begin_session(i);
  world_.run();
  EXPECT_EQ(world_.store.session_reads, (std::vector<std::size_t>{2, 4, 4}));
}

TEST_F(ReadPool, AStoreThatAnswersNobodyIsNotAskedForEach) {
  world_.store.reads_work = false;
  for (std::uint8_t i = 1; i <= 16; ++i) begin_session(i);
  world_.run();
  EXPECT_EQ(answers_, strings(16, "unavailable"));
  EXPECT_EQ(world_.store.session_reads, (std::vector<std::size_t>{16, 1, 1}));
}

TEST_F(ReadPool, ASessionIsRefusedWhenEveryQueueIsFull) {
  world_.settings.store.read_queue = 2;
  read_pool small(*world_.services, {spawn_reading_actor(*world_.system, *world_.services, world_.store, false)});
  const auto* pool = std::exchange(world_.services->reads, &small);
  for (std::uint8_t i = 1; i <= 3; ++i) begin_session(i);
  EXPECT_EQ(answers_, (strings{"busy"}));
  world_.run();
  EXPECT_EQ(answers_, (strings{"busy", "1", "2"}));
  small.stop();
  world_.run();
  world_.services->reads = pool;
}

TEST_F(ReadPool, AThrowingQuestionIsUnavailableAndTheNextOneHasANewConnection) {
  ask([](database_reader&) -> result<int> { throw std::runtime_error("read threw"); });
  ask([](database_reader&) { return result<int>(7); });
  world_.run();
  EXPECT_EQ(answers_, (strings{"unavailable", "7"}));
  EXPECT_EQ(world_.store.readers_opened, 2);
}

/// One that has no connection answers at once, and so would have the shortest queue always.
TEST_F(ReadPool, AReaderThatDoesNotFindTheStoreIsPassedBy) {
  const std::vector places{spawn_reading_actor(*world_.system, *world_.services, world_.store, false),
                           spawn_reading_actor(*world_.system, *world_.services, world_.store, false)};
  read_pool pair(*world_.services, places);
  const auto can_read = pair.readiness();
  const auto* pool = std::exchange(world_.services->reads, &pair);
  const auto all_look = [&] {
    for (const auto& place : places) {
      caf::anon_send(place.actor, look_at_store{});
      world_.run();
    }
  };
  const auto ask_all = [&] {
    answers_.clear();
    for (int i = 0; i < 4; ++i) {
      ask([](database_reader& reader) -> result<int> {
        const auto is_member = reader.is_member({}, {});
        if (!is_member) return is_member.error();
        return 1;
      });
      world_.run();
    }
    return answers_;
  };
  all_look();
  EXPECT_EQ(ask_all(), strings(4, "1"));
  world_.store.lost_readers = {1};
  all_look();
  EXPECT_EQ(ask_all(), strings(4, "1"));
  EXPECT_TRUE(can_read());
  world_.store.lost_readers = {1, 2};
  all_look();
  EXPECT_EQ(ask_all(), strings(4, "unavailable")) << "an answer comes all the same";
  EXPECT_FALSE(can_read());
  world_.store.lost_readers = {};
  all_look();
  EXPECT_TRUE(can_read());
  EXPECT_EQ(ask_all(), strings(4, "1"));
  pair.stop();
  world_.run();
  world_.services->reads = pool;
}

TEST_F(ReadPool, IsBusyWhenEveryQueueIsFull) {
  world_.settings.store.read_queue = 2;
  read_pool small(*world_.services, {spawn_reading_actor(*world_.system, *world_.services, world_.store, false),
                                     spawn_reading_actor(*world_.system, *world_.services, world_.store, false)});
  const auto* pool = std::exchange(world_.services->reads, &small);
  for (int i = 0; i < 5; ++i) {
    ask([i](database_reader&) { return result<int>(i); });
  }
  EXPECT_EQ(answers_, (strings{"busy"}));
  world_.run();
  EXPECT_EQ(answers_.size(), 5U);
  EXPECT_EQ(world_.store.readers_opened, 2);
  small.stop();
  world_.run();
  world_.services->reads = pool;
}

}  // namespace
}  // namespace parley::testing
