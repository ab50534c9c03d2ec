// The order in which a connection's rooms come to live.
#include "actors/catch_up_plan.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

const auto first_room = id_of<room_id>(1);
const auto second_room = id_of<room_id>(2);
const auto any_room = [](const room_id&) { return true; };

class CatchUpPlan : public ::testing::Test {
 protected:
  catch_up_plan plan;
};

TEST_F(CatchUpPlan, AsksOneRoomAfterAnother) {
  plan.add({first_room, 3, 200, true});
  plan.add({second_room, 5, 200, true});
  const auto ask = plan.next(any_room);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->what.room, first_room);
  EXPECT_EQ(ask->what.after, 3);
  EXPECT_FALSE(plan.next(any_room)) << "the first is under way";
  plan.finish();
  const auto other = plan.next(any_room);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->what.room, second_room);
  EXPECT_NE(other->number, ask->number);
  plan.finish();
  EXPECT_TRUE(plan.empty());
}

TEST_F(CatchUpPlan, PassesOverRoomsThatAreNotHeldYet) {
  plan.add({first_room, 0, 200, true});
  plan.add({second_room, 0, 200, true});
  const auto ask = plan.next([](const room_id& room) { return room == second_room; });
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->what.room, second_room);
  plan.finish();
  EXPECT_FALSE(plan.next([](const room_id&) { return false; }));
  EXPECT_TRUE(plan.has(first_room));
}

TEST_F(CatchUpPlan, WaitsForTheOutboxBetweenPagesAndCountsTheLimitDown) {
  plan.add({first_room, 0, 200, true});
  const auto ask = plan.next(any_room);
  plan.page_sent(64, 64);
  EXPECT_FALSE(plan.next(any_room));
  plan.outbox_drained();
  const auto again = plan.next(any_room);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->number, ask->number);
  EXPECT_EQ(again->what.after, 64);
  EXPECT_EQ(again->what.events_left, 136U);
  plan.page_sent(300, 236);
  plan.outbox_drained();
  EXPECT_EQ(plan.next(any_room)->what.events_left, 0U);
}

TEST_F(CatchUpPlan, ARequestWithoutLimitStaysWithoutOne) {
  plan.add({first_room, 0, catch_up_plan::no_limit, false});
  (void)plan.next(any_room);
  plan.page_sent(100, 100);
  plan.outbox_drained();
  EXPECT_EQ(plan.next(any_room)->what.events_left, catch_up_plan::no_limit);
}

TEST_F(CatchUpPlan, AnswersToACancelledReplayDoNotMatch) {
  plan.add({first_room, 0, 200, true});
  const auto ask = plan.next(any_room);
  EXPECT_TRUE(plan.matches(first_room, ask->number));
  EXPECT_TRUE(plan.is_asking(first_room));
  plan.add({first_room, 7, 200, true});
  EXPECT_FALSE(plan.matches(first_room, ask->number));
  EXPECT_FALSE(plan.is_asking(first_room));
  const auto again = plan.next(any_room);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->what.after, 7);
  EXPECT_FALSE(plan.matches(second_room, again->number));
}

TEST_F(CatchUpPlan, ACancelledReplayStillWaitsForWhatItSent) {
  plan.add({first_room, 0, 200, true});
  (void)plan.next(any_room);
  plan.page_sent(10, 10);
  plan.cancel(first_room);
  plan.add({second_room, 0, 200, true});
  EXPECT_FALSE(plan.next(any_room));
  plan.outbox_drained();
  EXPECT_TRUE(plan.next(any_room));
}

TEST_F(CatchUpPlan, ReadingTheStoreIsNotAsking) {
  plan.add({first_room, 4, 200, true});
  const auto ask = plan.next(any_room);
  EXPECT_EQ(plan.reading_store().after, 4);
  EXPECT_EQ(plan.current_number(), ask->number);
  EXPECT_FALSE(plan.is_asking(first_room));
  EXPECT_TRUE(plan.matches(first_room, ask->number));
  EXPECT_FALSE(plan.next(any_room));
}

TEST_F(CatchUpPlan, ASuspendedRoomLetsOthersGoFirstUntilItIsRevived) {
  plan.add({first_room, 4, 200, true});
  plan.add({second_room, 0, 200, true});
  (void)plan.next(any_room);
  plan.suspend();
  EXPECT_EQ(plan.next(any_room)->what.room, second_room);
  plan.finish();
  EXPECT_FALSE(plan.next(any_room));
  EXPECT_TRUE(plan.has(first_room));
  EXPECT_TRUE(plan.revive(first_room));
  EXPECT_FALSE(plan.revive(first_room));
  EXPECT_EQ(plan.next(any_room)->what.after, 4);
}

TEST_F(CatchUpPlan, ARestartedRoomGoesFirstFromWhereItStood) {
  plan.add({first_room, 4, 200, true});
  plan.add({second_room, 0, 200, true});
  const auto ask = plan.next(any_room);
  plan.page_sent(9, 5);
  plan.outbox_drained();
  plan.restart();
  const auto again = plan.next(any_room);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->what.room, first_room);
  EXPECT_EQ(again->what.after, 9);
  EXPECT_EQ(again->what.events_left, 195U);
  EXPECT_NE(again->number, ask->number);
}

TEST_F(CatchUpPlan, CancelReachesEveryPlace) {
  plan.add({first_room, 0, 200, true});
  plan.cancel(first_room);
  EXPECT_TRUE(plan.empty());
  plan.add({first_room, 0, 200, true});
  (void)plan.next(any_room);
  plan.suspend();
  plan.cancel(first_room);
  EXPECT_TRUE(plan.empty());
  EXPECT_FALSE(plan.has(first_room));
}

}  // namespace
}  // namespace parley::testing
