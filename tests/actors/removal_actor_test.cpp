// Messages of people who were banned with them, on their way out: past failures, ends and other nodes' work.
#include "actors/removal_actor.hpp"

#include <gmock/gmock.h>

#include "actors/directory_actor.hpp"
#include "node_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;

class RemovalActor : public node_fixture {
 protected:
  RemovalActor() {
    store.add_user(ann_, "ann");
    store.add_user(bob_, "bob");
    store.add_room(room_, {ann_});
    ids_of_messages_.set_source(9);
    time.advance(std::chrono::hours(1));
    services->directory = spawn_directory(*system, *services);
  }
  ~RemovalActor() override {
    if (removals_) caf::anon_send_exit(removals_, caf::exit_reason::user_shutdown);
    caf::anon_send(services->directory, close_directory{answer<std::monostate>([](const auto&) {})});
    run();
    removals_ = nullptr;
    services->directory = nullptr;
  }
  void start() {
    removals_ = spawn_removal_actor(*system, *services);
    run();
  }
  /// So many of bob's, and one of ann's after each tenth.
  void talk(int messages) {
    for (int i = 0; i < messages; ++i) {
      store.say(room_, bob_, "his", message_id(ids_of_messages_.next()));
      if (i % 10 == 0) store.say(room_, ann_, "hers", message_id(ids_of_messages_.next()));
    }
  }
  void ban() { store.removals[{room_, bob_}] = {0, time.now()}; }
  void begin() {
    caf::anon_send(removals_, begin_removal{{room_, bob_, ann_, 0}});
    run();
  }
  [[nodiscard]] int left(user_id user) const {
    int count = 0;
    for (const auto& event : store.rooms.at(room_).events) {
      const auto* posted = std::get_if<message_posted>(&event.body);
      if (posted != nullptr && posted->sender == user && !store.deleted.contains(posted->message)) ++count;
    }
    return count;
  }
  [[nodiscard]] bool is_over() const { return !store.removals.at({room_, bob_}).done; }

  counting_ids ids_of_messages_;
  removal_handle removals_;
  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
  room_id room_ = id_of<room_id>(3);
};

TEST_F(RemovalActor, AllOfThemGoAndNobodyElses) {
  talk(2'500);  // more than one look at the log
  start();
  ban();
  begin();
  EXPECT_EQ(left(bob_), 0);
  EXPECT_EQ(left(ann_), 250);
  EXPECT_TRUE(is_over());
  EXPECT_EQ(counts.removals.value(), 0);
  EXPECT_EQ(counts.removed_messages_total.value(), 2'500U);
}

TEST_F(RemovalActor, WhatNobodySeesToIsFoundAfterAWhile) {
  talk(10);
  start();
  ban();
  advance(seconds(29));
  EXPECT_EQ(left(bob_), 10) << "it has just begun, perhaps on another node";
  advance(seconds(32));
  EXPECT_EQ(left(bob_), 0);
  EXPECT_TRUE(is_over());
}

TEST_F(RemovalActor, AtItsStartANodeGoesOnWithWhatItLeft) {
  talk(10);
  ban();
  time.advance(std::chrono::milliseconds(1));
  start();
  EXPECT_EQ(left(bob_), 0);
  EXPECT_TRUE(is_over());
}

TEST_F(RemovalActor, AStoreThatFailsIsAskedAgain) {
  talk(120);
  start();
  ban();
  store.commits_work = false;
  begin();
  EXPECT_EQ(left(bob_), 120);
  EXPECT_EQ(counts.removals.value(), 1);
  store.commits_work = true;
  advance(seconds(10));
  EXPECT_EQ(left(bob_), 0);
  EXPECT_TRUE(is_over());
}

TEST_F(RemovalActor, ReadsThatFailAreTriedAgain) {
  talk(20);
  start();
  ban();
  store.reads_work = false;
  begin();
  EXPECT_EQ(left(bob_), 20);
  store.reads_work = true;
  advance(seconds(10));
  EXPECT_EQ(left(bob_), 0);
}

TEST_F(RemovalActor, ALiftedBanEndsIt) {
  talk(2'500);
  start();  // no ban stands in the store
  begin();
  EXPECT_GT(left(bob_), 0) << "the rest of what had been looked at, no more";
  EXPECT_EQ(counts.removals.value(), 0);
}

TEST_F(RemovalActor, TheSameOneIsUnderWayOnce) {
  talk(30);
  start();
  ban();
  for (int i = 0; i < 3; ++i) caf::anon_send(removals_, begin_removal{{room_, bob_, ann_, 0}});
  run();
  EXPECT_EQ(left(bob_), 0);
  EXPECT_EQ(counts.removed_messages_total.value(), 30U);
  EXPECT_EQ(counts.removals.value(), 0);
}

}  // namespace
}  // namespace parley::testing
