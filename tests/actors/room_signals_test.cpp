// Typing and read markers in a room.
#include "room_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

class RoomSignals : public room_fixture {
 protected:
  void type(client& who, bool is_typing) {
    caf::anon_send(who.actor, relay_typing{who.user, is_typing, answer<std::monostate>([this](const auto& done) {
                                             told_.push_back(done ? "ok" : std::string(to_string(done.error().code)));
                                           })});
    world_.run();
  }
  void read(client& who, sequence seq) {
    caf::anon_send(who.actor, move_read_marker{who.user, seq, answer<read_ack>([this](const result<read_ack>& done) {
                                                 told_.push_back(done ? std::to_string(done->seq) + " unread " +
                                                                            std::to_string(done->unread)
                                                                      : std::string(to_string(done.error().code)));
                                               })});
    world_.run();
  }
  lines told_;
};

TEST_F(RoomSignals, TypingGoesToEverybodyElseAndNotTooOften) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  type(alice, true);
  type(alice, true);
  type(alice, false);
  EXPECT_EQ(world_.lines(bob), (lines{"typing 1", "typed 1"}));
  EXPECT_TRUE(world_.lines(alice).empty());
  EXPECT_EQ(told_, (lines{"ok", "ok", "ok"}));
  world_.advance(milliseconds(3'000));
  type(alice, true);
  EXPECT_EQ(world_.lines(bob).back(), "typing 1");
}

TEST_F(RoomSignals, OnlyMembersTypeAndRead) {
  auto& carol = world_.connect(carol_);
  world_.hold(carol, room_, false);
  world_.run();
  type(carol, true);
  read(carol, 1);
  EXPECT_EQ(told_, (lines{"not_found", "not_found"}));
}

TEST_F(RoomSignals, AMarkerIsStoredToldAndClamped) {
  fill_log(3);
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  world_.say(bob, "b1", "four");
  world_.say(bob, "b2", "five");
  world_.run();
  world_.out.connections[alice.connection].lines.clear();
  world_.out.connections[bob.connection].lines.clear();
  read(alice, 4);
  EXPECT_EQ(told_, (lines{"4 unread 1"}));
  EXPECT_EQ(world_.store.rooms[room_].markers[alice_], 4);
  EXPECT_EQ(world_.lines(bob), (lines{"read 1 4"}));
  EXPECT_EQ(world_.lines(alice), (lines{"read 1 4"}));
  world_.advance(milliseconds(1'000));
  read(alice, 99);
  EXPECT_EQ(told_.back(), "5 unread 0");
}

TEST_F(RoomSignals, WhatWasReadOnAnotherNodeCountsBeforeThisOneHasHeardOfIt) {
  fill_log(3);
  auto& alice = live(alice_);
  auto& log = world_.store.rooms[room_].events;
  log.push_back(posted(room_, 4, "of another node", id_of<message_id>(4), bob_));
  log.push_back(posted(room_, 5, "of another node", id_of<message_id>(5), bob_));
  read(alice, 4);
  EXPECT_EQ(told_, (lines{"4 unread 1"}));
  EXPECT_EQ(world_.store.rooms[room_].markers[alice_], 4);
  world_.advance(milliseconds(1'000));
  read(alice, 99);
  EXPECT_EQ(told_.back(), "5 unread 0");
}

TEST_F(RoomSignals, AnEndThatCannotBeReadIsUnavailable) {
  fill_log(2);
  auto& alice = live(alice_);
  world_.store.reads_work = false;
  read(alice, 3);
  EXPECT_EQ(told_, (lines{"unavailable"}));
  world_.store.reads_work = true;
  read(alice, 3);
  EXPECT_EQ(told_.back(), "2 unread 0");
}

TEST_F(RoomSignals, WhoLeavesWhileAMarkerWaitsIsToldThatThereIsNoSuchRoom) {
  fill_log(9);
  auto& alice = live(alice_);
  read(alice, 3);
  read(alice, 5);
  EXPECT_EQ(told_, (lines{"3 unread 6"}));
  world_.post_by_rest(room_, alice_, "leave", remove_member{alice_});
  world_.run();
  EXPECT_EQ(told_.back(), "not_found");
  world_.post_by_rest(room_, bob_, "invite", invite_members{{alice_}});
  world_.run();
  world_.advance(milliseconds(2'000));
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(RoomSignals, MarkersOnlyMoveForwardAndUnreadBehindTheRingComesFromTheStore) {
  fill_log(6);
  world_.store.rooms[room_].markers[alice_] = 3;
  auto& alice = live(alice_);
  read(alice, 2);
  EXPECT_EQ(told_, (lines{"3 unread 3"}));
  EXPECT_EQ(world_.store.marker_saves, 0);
}

TEST_F(RoomSignals, WhereAnotherNodeHasMovedAMarkerFurtherItStays) {
  fill_log(9);
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  read(alice, 3);
  world_.store.rooms[room_].markers[alice_] = 7;
  world_.advance(milliseconds(1'000));
  read(alice, 5);
  EXPECT_EQ(told_, (lines{"3 unread 6", "7 unread 2"}));
  EXPECT_EQ(world_.lines(bob), (lines{"read 1 3", "read 1 7"})) << "and never 5";
  world_.services->has_company = true;
  world_.store.rooms[room_].markers[alice_] = 8;
  world_.advance(milliseconds(2'000));
  read(alice, 2);
  EXPECT_EQ(told_.back(), "8 unread 1") << "not 7, which was so some time ago";
}

TEST_F(RoomSignals, WhatWasStoredHereIsBelievedForAMoment) {
  fill_log(3);
  world_.services->has_company = true;
  auto& alice = live(alice_);
  read(alice, 3);
  world_.store.reads_work = false;
  read(alice, 2);
  EXPECT_EQ(told_, (lines{"3 unread 0", "3 unread 0"}));
  world_.advance(milliseconds(1'001));
  read(alice, 2);
  EXPECT_EQ(told_.back(), "unavailable") << "by then another node may have moved it";
}

TEST_F(RoomSignals, WhatOtherNodesTellOfMarkersIsShownForwardOnly) {
  fill_log(9);
  auto& bob = live(bob_, 1);
  const auto hear = [&](sequence seq) {
    caf::anon_send(bob.actor, signal_heard{{room_, read_signal{alice_, seq}}, {}});
    world_.run();
  };
  for (const sequence seq : {5, 3, 5, 6}) hear(seq);
  EXPECT_EQ(world_.lines(bob), (lines{"read 1 5", "read 1 6"}));
}

TEST_F(RoomSignals, MarkersAreStoredAtOnceAndThenOnceASecond) {
  fill_log(9);
  auto& alice = live(alice_);
  read(alice, 1);
  EXPECT_EQ(world_.store.marker_saves, 1);
  for (sequence seq = 2; seq <= 8; ++seq) read(alice, seq);
  EXPECT_EQ(world_.store.marker_saves, 1);
  EXPECT_EQ(told_.size(), 1U);
  world_.advance(milliseconds(1'000));
  EXPECT_EQ(world_.store.marker_saves, 2);
  EXPECT_EQ(told_.size(), 8U);
  EXPECT_EQ(told_.back(), "8 unread 1");
}

TEST_F(RoomSignals, ALargeRoomTellsMarkersToTheReadersDevicesOnly) {
  world_.settings.limits.read_receipt_members = 1;
  fill_log(2);
  auto& alice = live(alice_);
  auto& second_device = live(alice_, 1);
  auto& bob = live(bob_, 1);
  read(alice, 1);
  EXPECT_EQ(world_.lines(second_device), (lines{"read 1 1"}));
  EXPECT_TRUE(world_.lines(bob).empty());
}

TEST_F(RoomSignals, AMarkerThatCannotBeStoredIsUnavailable) {
  fill_log(2);
  auto& alice = live(alice_);
  world_.store.failing_commits = 1;
  read(alice, 1);
  EXPECT_EQ(told_, (lines{"unavailable"}));
  world_.advance(milliseconds(2'000));
  read(alice, 1);
  EXPECT_EQ(told_.back(), "1 unread 1");
}

TEST_F(RoomSignals, ClosingStoresTheMarkersThatWait) {
  fill_log(5);
  auto& alice = live(alice_);
  read(alice, 1);
  read(alice, 4);
  EXPECT_EQ(world_.store.rooms[room_].markers[alice_], 1);
  bool closed = false;
  caf::anon_send(world_.services->directory,
                 close_directory{answer<std::monostate>([&](const auto&) { closed = true; })});
  world_.run();
  EXPECT_TRUE(closed);
  EXPECT_EQ(world_.store.rooms[room_].markers[alice_], 4);
  EXPECT_EQ(told_.back(), "4 unread 1");
  EXPECT_EQ(active_rooms(), 0);
}

TEST_F(RoomSignals, ClosingFinishesTheCommandsUnderWay) {
  auto& alice = live(alice_);
  for (int i = 1; i <= 5; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  bool closed = false;
  caf::anon_send(world_.services->directory,
                 close_directory{answer<std::monostate>([&](const auto&) { closed = true; })});
  world_.run();
  EXPECT_TRUE(closed);
  EXPECT_EQ(world_.lines(alice).back(), "live ack k5 5");
}

TEST_F(RoomSignals, ClosingStoresWhatGatheredForAShardThatNoLongerAnswers) {
  auto& alice = live(alice_);
  world_.say(alice, "k1", "m");
  world_.run_actors();
  world_.say(alice, "k2", "m");
  world_.run_actors();
  ASSERT_EQ(world_.store.commits.size(), 1U);
  bool closed = false;
  caf::anon_send(world_.services->directory,
                 close_directory{answer<std::monostate>([&](const auto&) { closed = true; })});
  world_.run_actors();
  EXPECT_TRUE(closed);
  EXPECT_EQ(world_.store.commits.size(), 2U);
}

}  // namespace
}  // namespace parley::testing
