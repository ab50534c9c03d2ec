// A room's state: release, membership, replay planning; and its throttle for typing.
#include "actors/room_state.hpp"

#include <gtest/gtest.h>

#include "actors/typing_throttle.hpp"
#include "fakes.hpp"

namespace parley::testing {
namespace {

using step_kind = replay_step::kind;

class RoomState : public ::testing::Test {
 protected:
  void make(sequence last, std::uint32_t ring_events = 256) {
    room_snapshot snapshot;
    snapshot.id = room_;
    snapshot.name = "before";
    snapshot.last_seq = last;
    snapshot.members = {alice_, bob_};
    replay_config limits;
    limits.ring_events = ring_events;
    limits.ring_bytes = 10'000'000;
    state_ = std::make_unique<room_state>(snapshot, limits, encoder_, ring_bytes_);
  }
  std::optional<room_release> push(event_body body) {
    state_->push({{durable_event{room_, state_->released() + 1, std::move(body)}, std::nullopt, {}}});
    return state_->release();
  }
  void say(std::size_t count, std::size_t bytes = 4) {
    for (std::size_t i = 0; i < count; ++i) {
      message_posted body;
      body.sender = alice_;
      body.content = std::string(bytes, 'x');
      push(body);
    }
  }

  room_id room_ = id_of<room_id>(9);
  user_id alice_ = id_of<user_id>(1), bob_ = id_of<user_id>(2), carol_ = id_of<user_id>(3);
  line_encoder encoder_;
  gauge ring_bytes_;
  std::unique_ptr<room_state> state_;
};

TEST_F(RoomState, EncodesARunOnceAndMarksWhereEachEventEnds) {
  make(4);
  state_->push({{posted(room_, 5, "a"), std::nullopt, {}}, {posted(room_, 6, "bb"), std::nullopt, {}}});
  const auto release = state_->release();
  ASSERT_TRUE(release);
  EXPECT_EQ(release->batch->first_seq, 5);
  EXPECT_EQ(release->batch->bytes, "event 5 a\nevent 6 bb\n");
  EXPECT_EQ(release->batch->ends, (std::vector<std::uint32_t>{10, 21}));
  EXPECT_EQ(encoder_.events_encoded, 2);
  EXPECT_EQ(state_->plan_replay(alice_, 4, 200).frames, release->batch->bytes);
  EXPECT_EQ(encoder_.events_encoded, 2);
  EXPECT_FALSE(state_->release());
}

TEST_F(RoomState, MembershipFollowsTheEvents) {
  make(4);
  auto joined = push(member_joined{carol_, alice_, join_reason::invited});
  ASSERT_EQ(joined->memberships.size(), 1U);
  EXPECT_FALSE(joined->memberships[0].left);
  EXPECT_TRUE(state_->is_member(carol_));
  EXPECT_EQ(state_->member_count(), 3U);

  auto left = push(member_left{carol_, alice_, leave_reason::removed});
  EXPECT_EQ(left->memberships[0].left, leave_reason::removed);
  ASSERT_EQ(left->batch->departures.size(), 1U);
  EXPECT_EQ(left->batch->departures[0].user, carol_);
  EXPECT_EQ(left->batch->departures[0].index, 0U);
  EXPECT_FALSE(state_->is_member(carol_));
}

TEST_F(RoomState, DeparturesStandAtTheirIndex) {
  make(0);
  state_->push({{posted(room_, 1, "a"), std::nullopt, {}},
                {durable_event{room_, 2, member_left{bob_, bob_, leave_reason::left}}, std::nullopt, {}},
                {posted(room_, 3, "b"), std::nullopt, {}}});
  const auto release = state_->release();
  ASSERT_EQ(release->batch->departures.size(), 1U);
  EXPECT_EQ(release->batch->departures[0].index, 1U);
}

TEST_F(RoomState, ARenameChangesTheName) {
  make(0);
  push(room_renamed{"after", alice_});
  EXPECT_EQ(state_->name(), "after");
}

TEST_F(RoomState, OnlyMembersMayFollow) {
  make(4);
  EXPECT_EQ(state_->plan_replay(carol_, 4, 200).what, step_kind::not_member);
}

TEST_F(RoomState, NobodyStandsBeyondTheEnd) {
  make(4);
  EXPECT_EQ(state_->plan_replay(alice_, 5, 200).what, step_kind::beyond_end);
  EXPECT_EQ(state_->plan_replay(alice_, 4, 200).what, step_kind::attach);
}

TEST_F(RoomState, AttachesWithTheRestWhenItIsSmallEnough) {
  make(4);
  say(64);
  const auto step = state_->plan_replay(alice_, 4, 200);
  EXPECT_EQ(step.what, step_kind::attach);
  EXPECT_EQ(step.position, 68);
  EXPECT_EQ(step.events, 64U);
}

TEST_F(RoomState, PagesWhileTooManyEventsAreMissing) {
  make(4);
  say(65);
  auto step = state_->plan_replay(alice_, 4, 200);
  EXPECT_EQ(step.what, step_kind::page);
  EXPECT_EQ(step.position, 68);
  step = state_->plan_replay(alice_, step.position, 200 - step.events);
  EXPECT_EQ(step.what, step_kind::attach);
  EXPECT_EQ(step.position, 69);
}

TEST_F(RoomState, PagesWhileTooManyBytesAreMissing) {
  make(0);
  say(3, 40'000);
  auto step = state_->plan_replay(alice_, 0, 200);
  EXPECT_EQ(step.what, step_kind::page);
  EXPECT_EQ(step.position, 1);
}

TEST_F(RoomState, AnEventLargerThanAPageIsAPageAndThenLiveBegins) {
  make(0);
  say(1, 70'000);
  auto step = state_->plan_replay(alice_, 0, 1);
  EXPECT_EQ(step.what, step_kind::page);
  step = state_->plan_replay(alice_, step.position, 0);
  EXPECT_EQ(step.what, step_kind::attach);
}

TEST_F(RoomState, StopsAtTheRequestsLimit) {
  make(0);
  say(70);
  auto step = state_->plan_replay(alice_, 0, 64);
  EXPECT_EQ(step.what, step_kind::limit);
  EXPECT_EQ(step.position, 64);
  step = state_->plan_replay(alice_, 64, 6);
  EXPECT_EQ(step.what, step_kind::attach);
  EXPECT_EQ(state_->plan_replay(alice_, 64, 5).what, step_kind::limit);
  EXPECT_EQ(state_->plan_replay(alice_, 64, 0).what, step_kind::limit);
  EXPECT_EQ(state_->plan_replay(alice_, 70, 0).what, step_kind::attach);
}

TEST_F(RoomState, EveryWayToLiveGivesEachEventOnce) {
  for (const std::uint32_t limit : {1U, 7U, 63U, 64U, 65U, 200U}) {
    make(0);
    say(150);
    sequence position = 0;
    std::uint32_t left = limit, given = 0;
    for (;;) {
      const auto step = state_->plan_replay(alice_, position, left);
      ASSERT_EQ(step.position, position + step.events);
      position = step.position;
      given += step.events;
      left -= step.events;
      if (step.what == step_kind::attach) break;
      if (step.what == step_kind::limit) left = limit;  // the client resumes
    }
    EXPECT_EQ(position, 150);
    EXPECT_EQ(given, 150U);
  }
}

TEST_F(RoomState, SendsToTheStoreWhoeverIsBehindTheRing) {
  make(4, 10);
  EXPECT_EQ(state_->plan_replay(alice_, 3, 200).what, step_kind::read_store);
  say(12);
  EXPECT_EQ(state_->plan_replay(alice_, 5, 200).what, step_kind::read_store);
  EXPECT_EQ(state_->plan_replay(alice_, 5, 0).what, step_kind::limit);
  EXPECT_EQ(state_->plan_replay(alice_, 6, 200).what, step_kind::attach);
}

TEST(TypingThrottle, TheEndOfWhatWasPassedOnAlwaysGoes) {
  using std::chrono::milliseconds;
  typing_throttle throttle(milliseconds(3'000));
  const auto user = id_of<user_id>(1);
  const steady_time start{};
  EXPECT_TRUE(throttle.pass_on(user, true, start));
  EXPECT_TRUE(throttle.pass_on(user, false, start + milliseconds(1'000)));
  EXPECT_TRUE(throttle.pass_on(user, true, start + milliseconds(3'150)));
  EXPECT_TRUE(throttle.pass_on(user, false, start + milliseconds(3'500)));
  EXPECT_FALSE(throttle.pass_on(user, false, start + milliseconds(3'600)));
}

TEST(TypingThrottle, PassesEachValueOnceAnInterval) {
  using std::chrono::milliseconds;
  typing_throttle throttle(milliseconds(3'000));
  const auto user = id_of<user_id>(1), other = id_of<user_id>(2);
  const steady_time start{};
  EXPECT_TRUE(throttle.pass_on(user, true, start));
  EXPECT_FALSE(throttle.pass_on(user, true, start + milliseconds(2'999)));
  EXPECT_TRUE(throttle.pass_on(user, false, start + milliseconds(10)));
  EXPECT_FALSE(throttle.pass_on(user, false, start + milliseconds(20)));
  EXPECT_TRUE(throttle.pass_on(other, true, start + milliseconds(20)));
  EXPECT_TRUE(throttle.pass_on(user, true, start + milliseconds(3'000)));
  throttle.tidy(start + milliseconds(3'500));
  EXPECT_EQ(throttle.size(), 1U);
  throttle.tidy(start + milliseconds(6'000));
  EXPECT_EQ(throttle.size(), 0U);
}

}  // namespace
}  // namespace parley::testing
