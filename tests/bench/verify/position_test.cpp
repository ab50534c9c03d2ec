// One connection's order: what is sound passes, and each way of breaking it is told by its name.
#include "verify/position.hpp"

#include <gtest/gtest.h>

namespace parley::bench::position_test {
namespace {

TEST(verify_position, takes_events_and_acks_in_order) {
  room_position p(4, true);
  EXPECT_FALSE(p.event(5).wrong);
  const auto ack = p.acknowledged(6, ack_of::message);
  EXPECT_FALSE(ack.wrong);
  EXPECT_TRUE(ack.is_event);
  EXPECT_FALSE(p.event(7).wrong);
  EXPECT_EQ(p.last(), 7);
}

TEST(verify_position, takes_a_replay_that_ends_where_it_stopped_and_then_live_events) {
  room_position p(9, true);
  p.resumed(3);
  for (int seq = 4; seq <= 6; ++seq) EXPECT_FALSE(p.event(seq).wrong);
  EXPECT_FALSE(p.acknowledged(12, ack_of::message).is_event) << "the replay has it too";
  EXPECT_FALSE(p.replay_ended(6, true).wrong);
  EXPECT_FALSE(p.is_live());
  p.resumed(6);
  EXPECT_FALSE(p.replay_ended(6, false).wrong);
  EXPECT_TRUE(p.is_live());
  EXPECT_FALSE(p.event(7).wrong);
}

TEST(verify_position, sees_a_hole_between_events) {
  room_position p(4, true);
  EXPECT_EQ(p.event(6).wrong, broken::hole);
}

TEST(verify_position, sees_a_hole_before_an_ack) {
  room_position p(4, true);
  EXPECT_EQ(p.acknowledged(6, ack_of::message).wrong, broken::hole);
}

TEST(verify_position, sees_a_hole_at_the_end_of_a_replay) {
  room_position p(4, false);
  EXPECT_EQ(p.replay_ended(5, false).wrong, broken::hole);
}

TEST(verify_position, sees_an_event_that_comes_again) {
  room_position p(4, true);
  p.event(5);
  EXPECT_EQ(p.event(5).wrong, broken::duplicated);
}

TEST(verify_position, sees_the_event_that_an_ack_stood_for) {
  room_position p(4, true);
  p.acknowledged(5, ack_of::message);
  EXPECT_EQ(p.event(5).wrong, broken::duplicated);
}

TEST(verify_position, sees_an_event_that_comes_late) {
  room_position p(4, true);
  p.event(6);
  EXPECT_EQ(p.event(5).wrong, broken::reordered);
}

TEST(verify_position, sees_a_new_message_with_an_old_seq_but_allows_it_to_a_reaction) {
  room_position p(4, true);
  p.event(5);
  EXPECT_FALSE(p.acknowledged(2, ack_of::what_may_be_there).wrong);
  EXPECT_TRUE(p.acknowledged(3, ack_of::message).wrong);
}

TEST(verify_position, sees_a_replay_end_of_a_live_room) {
  room_position p(4, true);
  EXPECT_TRUE(p.replay_ended(4, false).wrong);
}

TEST(verify_seq_set, counts_what_is_missing_up_to_an_end) {
  seq_set set(2);
  EXPECT_TRUE(set.add(3));
  EXPECT_FALSE(set.add(3));
  EXPECT_TRUE(set.add(6));
  EXPECT_EQ(set.contiguous(), 3);
  EXPECT_EQ(set.missing(8), 4);  // 4, 5, 7, 8
  EXPECT_TRUE(set.add(5));
  EXPECT_TRUE(set.add(4));
  EXPECT_EQ(set.contiguous(), 6);
  EXPECT_EQ(set.missing(6), 0);
}

TEST(verify_position, the_event_of_what_was_there_may_come_behind_its_ack) {
  room_position p(4, true);
  EXPECT_TRUE(p.acknowledged(5, ack_of::what_may_be_there).is_event);
  const auto event = p.event(5);
  EXPECT_FALSE(event.wrong) << event.text;
  EXPECT_FALSE(event.is_event) << "it is known already";
  EXPECT_EQ(p.event(5).wrong, broken::duplicated) << "but only once";
  EXPECT_FALSE(p.event(6).wrong);
  EXPECT_FALSE(p.acknowledged(8, ack_of::what_may_be_there).wrong)
      << "somebody else's, of which the event is on its way";
  EXPECT_FALSE(p.event(7).wrong);
  EXPECT_FALSE(p.event(8).wrong);
  p.acknowledged(9, ack_of::what_may_be_there);
  EXPECT_FALSE(p.event(10).wrong) << "one's own, in place of the event";
  EXPECT_EQ(p.event(9).wrong, broken::duplicated) << "too late";
  p.acknowledged(11, ack_of::edit);
  EXPECT_EQ(p.event(11).wrong, broken::duplicated) << "an edit is always new";
}

}  // namespace
}  // namespace parley::bench::position_test
