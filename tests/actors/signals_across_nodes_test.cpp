// Typing and read markers of a room on two nodes: who is told, who is not, and what a bus that is full or down costs.
#include <gmock/gmock.h>

#include "actor_world.hpp"
#include "support/memory_signal_bus.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SignalsAcrossNodes : public ::testing::Test {
 protected:
  SignalsAcrossNodes() {
    bus_.set_waits(false);
    store().rooms[room_].members = {ann_, bob_, cid_};
    store().rooms[other_room_].members = {ann_, bob_};
    for (sequence seq = 1; seq <= 5; ++seq) {
      store().rooms[room_].events.push_back(
          posted(room_, seq, "old", id_of<message_id>(static_cast<std::uint8_t>(seq)), ann_));
    }
    here_.ids.set_source(1);
    there_.ids.set_source(2);
  }
  void join() {
    here_.services->on_hint = [this] { ++hints_here_; };
    there_.services->on_hint = [this] { ++hints_there_; };
    here_.join(*here_end_);
    there_.join(*there_end_);
    hear_all();
    hints_here_ = hints_there_ = 0;
  }
  void hear_all() {
    here_.run();
    there_.run();
    here_.listen();
    there_.listen();
  }
  fake_database& store() { return here_.store; }
  client& live(actor_world& on, user_id user, room_id room) {
    auto& made = on.connect(user);
    made.after = static_cast<sequence>(store().rooms[room].events.size());
    on.hold(made, room, true);
    on.run();
    EXPECT_TRUE(made.attached);
    on.out.connections[made.connection].lines.clear();
    on.listen();
    return made;
  }
  client& live(actor_world& on, user_id user) { return live(on, user, room_); }
  static void type(actor_world& on, client& who, bool is_typing = true) {
    caf::anon_send(who.actor, relay_typing{who.user, is_typing, answer<std::monostate>([](const auto&) {})});
    on.run();
  }
  static void read(actor_world& on, client& who, sequence seq) {
    caf::anon_send(who.actor, move_read_marker{who.user, seq, answer<read_ack>([](const auto&) {})});
    on.run();
  }

  support::memory_signal_bus bus_;
  std::unique_ptr<signal_bus> here_end_ = bus_.open_node(), there_end_ = bus_.open_node();
  actor_world here_, there_{2, &here_.store};
  room_id room_ = id_of<room_id>(1), other_room_ = id_of<room_id>(2);
  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2), cid_ = id_of<user_id>(3);
  int hints_here_ = 0, hints_there_ = 0;
};

TEST_F(SignalsAcrossNodes, TypingReachesEverybodyElseOnTheOtherNode) {
  join();
  auto& ann = live(here_, ann_);
  auto& ann_there = live(there_, ann_);
  auto& bob = live(there_, bob_);
  type(here_, ann);
  type(here_, ann, false);
  hear_all();
  EXPECT_THAT(there_.lines(bob), ElementsAre("typing 1", "typed 1"));
  EXPECT_THAT(there_.lines(ann_there), IsEmpty()) << "not on the own devices";
  EXPECT_THAT(here_.lines(ann), IsEmpty());
  EXPECT_EQ(there_.counts.signals_heard_total.value(), 2U);
  EXPECT_EQ(here_.counts.signals_published_total.value(), 2U);
  EXPECT_EQ(there_.counts.signal_queue.value(), 0);
}

TEST_F(SignalsAcrossNodes, ReadMarkersReachEverybodyOnTheOtherNode) {
  join();
  auto& ann = live(here_, ann_);
  auto& ann_there = live(there_, ann_);
  auto& bob = live(there_, bob_);
  read(here_, ann, 3);
  hear_all();
  EXPECT_THAT(there_.lines(bob), ElementsAre("read 1 3"));
  EXPECT_THAT(there_.lines(ann_there), ElementsAre("read 1 3"));
  EXPECT_THAT(here_.lines(ann), ElementsAre("read 1 3"));
}

TEST_F(SignalsAcrossNodes, InALargeRoomTheReadersDevicesAloneAreTold) {
  here_.settings.limits.read_receipt_members = there_.settings.limits.read_receipt_members = 2;
  join();
  auto& ann = live(here_, ann_);
  auto& ann_there = live(there_, ann_);
  auto& bob = live(there_, bob_);
  read(here_, ann, 3);
  hear_all();
  EXPECT_THAT(there_.lines(ann_there), ElementsAre("read 1 3"));
  EXPECT_THAT(there_.lines(bob), IsEmpty());
}

TEST_F(SignalsAcrossNodes, WhatIsHeardIsNotPublishedAgain) {
  join();
  auto& ann = live(here_, ann_);
  live(here_, cid_);
  live(there_, bob_);
  type(here_, ann);
  read(here_, ann, 2);
  for (int i = 0; i < 3; ++i) hear_all();
  EXPECT_EQ(bus_.published(), 2U);
  EXPECT_EQ(here_.counts.signals_heard_total.value(), 0U);
}

TEST_F(SignalsAcrossNodes, WhatTheThrottleDropsIsNotPublishedEither) {
  join();
  auto& ann = live(here_, ann_);
  auto& bob = live(there_, bob_);
  for (int i = 0; i < 5; ++i) type(here_, ann);
  hear_all();
  EXPECT_EQ(bus_.published(), 1U);
  EXPECT_THAT(there_.lines(bob), SizeIs(1));
}

TEST_F(SignalsAcrossNodes, ARoomIsAttendedToWhileSomebodyIsAttached) {
  join();
  EXPECT_EQ(bus_.listeners(room_), 0U);
  auto& bob = live(there_, bob_);
  auto& ann = live(there_, ann_);
  EXPECT_EQ(bus_.listeners(room_), 1U);
  EXPECT_EQ(there_.counts.signal_rooms.value(), 1);
  there_.disconnect(ann);
  hear_all();
  EXPECT_EQ(bus_.listeners(room_), 1U);
  there_.disconnect(bob);
  hear_all();
  EXPECT_EQ(bus_.listeners(room_), 0U);
  EXPECT_EQ(there_.counts.signal_rooms.value(), 0);
  EXPECT_EQ(there_.counts.rooms_active.value(), 1) << "the room itself is still in memory";
  live(there_, bob_);
  EXPECT_EQ(bus_.listeners(room_), 1U);
}

TEST_F(SignalsAcrossNodes, WhoOnlyHoldsARoomDoesNotMakeTheNodeAttend) {
  join();
  auto& bob = there_.connect(bob_);
  there_.hold(bob, room_, false);
  hear_all();
  EXPECT_EQ(bus_.listeners(room_), 0U);
}

TEST_F(SignalsAcrossNodes, ARoomWhoseLastPersonWasRemovedIsLeft) {
  join();
  live(there_, bob_);
  there_.post_by_rest(room_, bob_, "leave", remove_member{bob_});
  there_.run();
  there_.listen();
  EXPECT_EQ(bus_.listeners(room_), 0U);
}

TEST_F(SignalsAcrossNodes, CatchingUpAnewKeepsTheRoom) {
  join();
  auto& bob = live(there_, bob_);
  there_.ask_catch_up(bob, 2);
  there_.run();
  there_.listen();
  ASSERT_TRUE(bob.attached);
  EXPECT_EQ(bus_.listeners(room_), 1U);
}

TEST_F(SignalsAcrossNodes, ARoomActorThatDiesIsLeftAndItsSuccessorHears) {
  join();
  auto& ann = live(here_, ann_);
  auto& bob = live(there_, bob_);
  caf::anon_send_exit(bob.actor, caf::exit_reason::unhandled_exception);
  there_.run();
  there_.listen();
  ASSERT_TRUE(bob.attached) << "its session came back by itself";
  EXPECT_EQ(bus_.listeners(room_), 2U);
  there_.out.connections[bob.connection].lines.clear();
  type(here_, ann);
  hear_all();
  EXPECT_THAT(there_.lines(bob), ElementsAre("typing 1"));
  caf::anon_send_exit(bob.actor, caf::exit_reason::kill);
  there_.disconnect(bob);
  there_.run();
  there_.listen();
  EXPECT_EQ(bus_.listeners(room_), 1U) << "of the one node that is left";
}

TEST_F(SignalsAcrossNodes, WhatDoesNotFitOnItsWayOutIsDropped) {
  here_.settings.bus.signal_queue = 3;
  join();
  for (int i = 0; i < 10; ++i) here_.services->signals->publish({room_, typing_signal{ann_, true}});
  EXPECT_EQ(here_.counts.signals_dropped_total.value(), 7U);
  EXPECT_EQ(here_.counts.signal_queue.value(), 3);
  here_.run();
  EXPECT_EQ(bus_.published(), 3U);
  EXPECT_EQ(here_.counts.signal_queue.value(), 0);
}

TEST_F(SignalsAcrossNodes, WhatDoesNotFitOnItsWayInIsDropped) {
  there_.settings.bus.signal_queue = 3;
  join();
  auto& bob = live(there_, bob_);
  for (int i = 0; i < 10; ++i) here_.services->signals->publish({room_, typing_signal{ann_, true}});
  hear_all();
  EXPECT_THAT(there_.lines(bob), SizeIs(3));
  EXPECT_EQ(there_.counts.signals_dropped_total.value(), 7U);
  EXPECT_EQ(there_.counts.signal_queue.value(), 0);
}

TEST_F(SignalsAcrossNodes, WhileTheBusIsDownSignalsAreDroppedAndLocalOnesGoOn) {
  join();
  auto& ann = live(here_, ann_);
  auto& cid = live(here_, cid_);
  auto& bob = live(there_, bob_);
  EXPECT_EQ(there_.counts.signal_buses_up.value(), 1);
  bus_.set_up(false);
  type(here_, ann);
  type(here_, ann, false);
  hear_all();
  EXPECT_THAT(here_.lines(cid), ElementsAre("typing 1", "typed 1"));
  EXPECT_EQ(here_.counts.signals_dropped_total.value(), 2U);
  EXPECT_EQ(here_.counts.signal_queue.value(), 0) << "nothing is kept";
  EXPECT_EQ(there_.counts.signal_buses_up.value(), 0);
  EXPECT_EQ(there_.counts.signal_rooms.value(), 0);
  bus_.set_up(true);
  hear_all();
  EXPECT_EQ(there_.counts.signal_buses_up.value(), 1);
  here_.advance(milliseconds(4'000));
  type(here_, ann);
  hear_all();
  EXPECT_THAT(there_.lines(bob), ElementsAre("typing 1"));
}

/// To find out costs a thread up to the time for a connection and an answer.
TEST_F(SignalsAcrossNodes, ABusThatIsDownIsNotTriedForEachSignal) {
  join();
  bus_.set_up(false);
  here_.services->signals->publish({room_, typing_signal{ann_, true}});
  here_.run();
  bus_.set_up(true);
  here_.services->signals->publish({room_, typing_signal{ann_, true}});
  here_.run();
  EXPECT_EQ(bus_.published(), 0U);
  EXPECT_EQ(here_.counts.signals_dropped_total.value(), 2U);
  here_.advance(milliseconds(201));
  here_.services->signals->publish({room_, typing_signal{ann_, true}});
  here_.run();
  EXPECT_EQ(bus_.published(), 1U);
}

TEST_F(SignalsAcrossNodes, AHintWakesTheOtherNodesAndOnlyThem) {
  join();
  for (int i = 0; i < 5; ++i) here_.services->signals->publish_hint();
  hear_all();
  EXPECT_EQ(hints_there_, 1) << "many are as good as one";
  EXPECT_EQ(hints_here_, 0);
  here_.services->signals->publish_hint();
  hear_all();
  EXPECT_EQ(hints_there_, 2);
  there_.services->on_hint = nullptr;
  here_.services->signals->publish_hint();
  hear_all();
  EXPECT_EQ(there_.counts.hints_heard_total.value(), 4U) << "one for the connection itself";
}

TEST_F(SignalsAcrossNodes, AHintThatCannotGoOutIsTriedUntilItCan) {
  join();
  bus_.set_up(false);
  here_.services->signals->publish_hint();
  here_.run();
  here_.advance(milliseconds(201));
  bus_.set_up(true);
  there_.listen();
  EXPECT_EQ(hints_there_, 1) << "who was not connected may have missed one";
  here_.advance(milliseconds(201));
  there_.listen();
  EXPECT_EQ(hints_there_, 2);
  here_.advance(milliseconds(1'000));
  there_.listen();
  EXPECT_EQ(hints_there_, 2) << "once";
}

TEST_F(SignalsAcrossNodes, BeyondTheMostRoomsOthersMoveUp) {
  there_.settings.bus.signal_rooms = 1;
  join();
  auto& bob = live(there_, bob_);
  auto& ann = live(there_, ann_, other_room_);
  EXPECT_EQ(bus_.listeners(room_) + bus_.listeners(other_room_), 1U);
  EXPECT_EQ(bus_.listeners(room_), 1U);
  there_.disconnect(bob);
  hear_all();
  EXPECT_EQ(bus_.listeners(other_room_), 1U);
  there_.disconnect(ann);
  hear_all();
  EXPECT_EQ(bus_.listeners(room_) + bus_.listeners(other_room_), 0U);
}

TEST_F(SignalsAcrossNodes, WhatNobodyUnderstandsIsCounted) {
  join();
  live(there_, bob_);
  bus_.add_unreadable(room_);
  hear_all();
  EXPECT_EQ(there_.counts.signals_unreadable_total.value(), 1U);
}

}  // namespace
}  // namespace parley::testing
