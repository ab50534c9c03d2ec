// The reorder buffer of a room.
#include "actors/room_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "fakes.hpp"

namespace parley::testing {
namespace {

const auto in_room = id_of<room_id>(1);

order_item event_item(sequence seq) { return {posted(in_room, seq, "x"), std::nullopt, {}}; }

connection_answer reply(std::uint64_t connection) {
  return {{0, connection}, std::make_shared<const std::string>("a"), {}};
}
order_item acked(sequence seq, std::uint64_t connection) { return {posted(in_room, seq, "x"), reply(connection), {}}; }
order_item bare(std::uint64_t connection) { return {std::nullopt, reply(connection), {}}; }

/// `11 12`, and answers as `[connection@index]`, with a star when it replaces the event.
std::string text(const released_run& run) {
  std::string out;
  for (const auto& event : run.events) out += std::to_string(event.seq) + " ";
  for (const auto& each : run.answers) {
    out += "[" + std::to_string(each.reply.to.number) + "@" + std::to_string(each.index) +
           (each.replaces_event ? "*]" : "]");
  }
  return out;
}

TEST(RoomOrder, HearsOthersInAnyOrderAndAgain) {
  room_order order(10);
  order.hear({posted(in_room, 13, "x"), posted(in_room, 9, "x"), posted(in_room, 11, "x")});
  EXPECT_EQ(text(order.release()), "11 ");
  order.push({acked(14, 1)});
  order.hear({posted(in_room, 14, "x"), posted(in_room, 12, "x"), posted(in_room, 12, "x")});
  EXPECT_EQ(text(order.release()), "12 13 14 [1@2*]");
}

TEST(RoomOrder, WhatItHearsBehindAHoleIsBounded) {
  room_order order(0);
  for (sequence seq = 2; seq <= 3'000; ++seq) order.hear({posted(in_room, seq, "x")});
  EXPECT_TRUE(order.release().empty());
  order.hear({posted(in_room, 1, "x")});
  EXPECT_EQ(order.release().events.size(), 1'001U) << "what fills the hole has a place";
}

TEST(RoomOrder, KnowsWhetherWhatWaitsNextWasHeard) {
  room_order order(0);
  EXPECT_FALSE(order.was_next_heard());
  order.hear({posted(in_room, 3, "x")});
  EXPECT_TRUE(order.was_next_heard());
  order.push({acked(3, 1)});
  EXPECT_FALSE(order.was_next_heard());
}

TEST(RoomOrder, ForgetsOnlyWhatWasHeard) {
  room_order order(0);
  order.hear({posted(in_room, 2, "x"), posted(in_room, 3, "x"), posted(in_room, 5, "x")});
  order.push({acked(4, 1)});
  order.forget_heard_behind(2);
  order.fill_all({posted(in_room, 1, "x"), posted(in_room, 3, "x")});
  EXPECT_EQ(text(order.release()), "1 2 3 4 [1@3*]");
  EXPECT_FALSE(order.has_hole()) << "5 is forgotten";
}

TEST(RoomOrder, APageFillsEveryHoleWhenNoBatchIsUnderWay) {
  room_order order(0);
  order.hear({posted(in_room, 2, "x"), posted(in_room, 4, "x")});
  order.fill_all({posted(in_room, 1, "x"), posted(in_room, 2, "x"), posted(in_room, 3, "x"), posted(in_room, 4, "x")});
  EXPECT_EQ(text(order.release()), "1 2 3 4 ");
}

TEST(RoomOrder, ReleasesWhatFollowsAtOnce) {
  room_order order(10);
  order.push({acked(11, 1), event_item(12)});
  EXPECT_EQ(text(order.release()), "11 12 [1@0*]");
  EXPECT_EQ(order.released(), 12);
  EXPECT_TRUE(order.release().empty());
}

TEST(RoomOrder, KeepsAnswersWithoutEventsAtTheirPlaces) {
  room_order order(0);
  order.push({bare(1), acked(1, 2), bare(3), acked(2, 4), bare(5)});
  EXPECT_EQ(text(order.release()), "1 2 [1@0][2@0*][3@1][4@1*][5@2]");
}

TEST(RoomOrder, ReleasesABatchOfAnswersAlone) {
  room_order order(5);
  order.push({bare(1), bare(2)});
  EXPECT_EQ(text(order.release()), "[1@0][2@0]");
  EXPECT_EQ(order.released(), 5);
}

TEST(RoomOrder, HoldsEverythingBackBehindAHole) {
  room_order order(10);
  order.push({bare(1), acked(13, 2), bare(3)});
  EXPECT_TRUE(order.has_hole());
  EXPECT_TRUE(order.release().empty());
  order.push({bare(4)});  // decided later, so it stays behind
  EXPECT_TRUE(order.release().empty());
  order.fill({posted(in_room, 11, "a"), posted(in_room, 12, "b"), posted(in_room, 13, "c"), posted(in_room, 14, "d")});
  EXPECT_FALSE(order.has_hole());
  EXPECT_EQ(text(order.release()), "11 12 13 [1@2][2@2*][3@3][4@3]");
}

TEST(RoomOrder, TakesFromTheStoreOnlyWhatLiesInTheHole) {
  room_order order(10);
  order.push({acked(12, 1)});
  order.fill({posted(in_room, 10, "old"), posted(in_room, 11, "a"), posted(in_room, 12, "not this one"),
              posted(in_room, 13, "nor this")});
  const auto run = order.release();
  EXPECT_EQ(text(run), "11 12 [1@1*]");
  EXPECT_EQ(std::get<message_posted>(run.events[1].body).content, "x");
}

TEST(RoomOrder, TakesEverythingFromTheStoreWhenNothingWaits) {
  room_order order(10);
  order.fill({posted(in_room, 11, "a"), posted(in_room, 12, "b")});
  EXPECT_EQ(text(order.release()), "11 12 ");
}

TEST(RoomOrder, AnEventThatIsOutAlreadyLeavesOnlyItsAnswer) {
  room_order order(12);
  order.push({acked(12, 1), acked(13, 2)});
  EXPECT_EQ(text(order.release()), "13 [1@0][2@0*]");
}

TEST(RoomOrder, NeverReleasesOutOfOrderWhateverTheOrderOfArrival) {
  std::vector<int> arrival{1, 2, 3, 4, 5, 6};
  do {
    room_order order(0);
    std::vector<sequence> released;
    for (const auto seq : arrival) {
      order.push({event_item(seq)});
      for (const auto& event : order.release().events) released.push_back(event.seq);
    }
    ASSERT_EQ(released, (std::vector<sequence>{1, 2, 3, 4, 5, 6}));
  } while (std::next_permutation(arrival.begin(), arrival.end()));
}

TEST(RoomOrder, RunsItsCallbacksNoEarlierThanTheEvent) {
  room_order order(0);
  int called = 0;
  auto item = event_item(2);
  item.on_released = [&] { ++called; };
  order.push({std::move(item)});
  EXPECT_TRUE(order.release().on_released.empty());
  order.fill({posted(in_room, 1, "a")});
  auto run = order.release();
  ASSERT_EQ(run.on_released.size(), 1U);
  run.on_released[0]();
  EXPECT_EQ(called, 1);
}

}  // namespace
}  // namespace parley::testing
