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
  void ban() { ban(room_, removal_); }
  void ban(room_id room, removal_id removal) { store.removals[{room, bob_}] = {removal, 0, time.now()}; }
  void begin() {
    caf::anon_send(removals_, begin_removal{{removal_, room_, bob_, ann_, 0}});
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

  template <class Id>
  static Id nth(std::uint8_t i) {
    return id_of<Id>(static_cast<std::uint8_t>(100 + i));
  }

  counting_ids ids_of_messages_;
  removal_handle removals_;
  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
  room_id room_ = id_of<room_id>(3);
  removal_id removal_ = id_of<removal_id>(4);
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
  for (int i = 0; i < 3; ++i) caf::anon_send(removals_, begin_removal{{removal_, room_, bob_, ann_, 0}});
  run();
  EXPECT_EQ(left(bob_), 0);
  EXPECT_EQ(counts.removed_messages_total.value(), 30U);
  EXPECT_EQ(counts.removals.value(), 0);
}

TEST_F(RemovalActor, ABanPutAnewWithoutRemovalIsLeftAlone) {
  talk(2'500);
  start();
  ban(room_, id_of<removal_id>(5));
  begin();
  EXPECT_GT(left(bob_), 0) << "the rest of what had been looked at, no more";
  EXPECT_FALSE(is_over()) << "the other one's removal is not this one's to end";
  EXPECT_EQ(counts.removals.value(), 0);
}

TEST_F(RemovalActor, ThoseThatFindNoPlaceWaitForOne) {
  start();
  std::vector<room_id> rooms;
  for (std::uint8_t i = 0; i < 30; ++i) {
    const auto room = rooms.emplace_back(nth<room_id>(i));
    store.add_room(room, {ann_});
    store.say(room, bob_, "his", message_id(ids_of_messages_.next()));
    ban(room, nth<removal_id>(i));
  }
  for (std::uint8_t i = 0; i < 30; ++i) {
    caf::anon_send(removals_, begin_removal{{nth<removal_id>(i), nth<room_id>(i), bob_, ann_, 0}});
  }
  run();
  for (const auto& room : rooms) EXPECT_FALSE((store.removals.at({room, bob_}).done)) << "without a look";
  EXPECT_EQ(counts.removed_messages_total.value(), 30U);
  EXPECT_EQ(counts.removals.value(), 0);
}

/// Whoever writes there stands behind no more than these.
TEST_F(RemovalActor, FewOfItsDeletionsWaitInTheRoomAtATime) {
  talk(900);
  start();
  ban();
  begin();
  EXPECT_TRUE(is_over());
  EXPECT_LE(store.largest_batch, 50U);
}

/// Two nodes that are at the removals of one room would wait for each other in a circle.
TEST_F(RemovalActor, NotesShareNoTransaction) {
  talk(2'500);
  start();
  ban();
  begin();
  EXPECT_TRUE(is_over());
  EXPECT_EQ(store.removals_noted_in_company, 0);
}

}  // namespace
}  // namespace parley::testing
