// Read markers on their way into the store.
#include "actors/read_marker_state.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

using next = read_marker_state::next;
using std::chrono::milliseconds;

class ReadMarkers : public ::testing::Test {
 protected:
  read_marker_state::waiter waiter() {
    return read_marker_state::waiter([](const result<read_ack>&) {});
  }
  /// Brings the user's marker to a known place.
  void know(user_id user, sequence position) {
    ASSERT_EQ(state_.move(user, position, waiter()), next::look_up);
    ASSERT_EQ(state_.known(user, position, now_).size(), 1U);
  }

  void store(const read_marker& marker) { state_.stored(marker, marker.seq); }

  room_id room_ = id_of<room_id>(1);
  user_id alice_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
  read_marker_state state_{room_, milliseconds(1'000)};
  steady_time now_{std::chrono::hours(1)};
};

TEST_F(ReadMarkers, TheFirstMoveOfAUserAsksTheStoreWhereTheMarkerStands) {
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::look_up);
  EXPECT_EQ(state_.move(alice_, 6, waiter()), next::wait);
  EXPECT_TRUE(state_.take_due(now_).empty());
  EXPECT_TRUE(state_.known(alice_, 4, now_).empty());
  const auto due = state_.take_due(now_);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].seq, 6);
  EXPECT_EQ(due[0].room, room_);
  EXPECT_EQ(state_.stored(due[0], due[0].seq).size(), 2U);
  EXPECT_EQ(state_.position(alice_), 6);
  EXPECT_TRUE(state_.idle());
}

TEST_F(ReadMarkers, NeverMovesBack) {
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::look_up);
  EXPECT_EQ(state_.known(alice_, 9, now_).size(), 1U);  // settled: it stood further already
  EXPECT_TRUE(state_.take_due(now_).empty());
  EXPECT_EQ(state_.move(alice_, 9, waiter()), next::settled);
  EXPECT_EQ(state_.move(alice_, 3, waiter()), next::settled);
  EXPECT_EQ(state_.position(alice_), 9);
  EXPECT_TRUE(state_.idle());
}

TEST_F(ReadMarkers, StoresAtOnceAndThenOnceAnInterval) {
  know(alice_, 0);
  EXPECT_EQ(state_.move(alice_, 1, waiter()), next::wait);
  auto due = state_.take_due(now_);
  ASSERT_EQ(due.size(), 1U);
  state_.stored(due[0], due[0].seq);

  EXPECT_EQ(state_.move(alice_, 2, waiter()), next::wait);
  EXPECT_EQ(state_.move(alice_, 4, waiter()), next::wait);
  EXPECT_EQ(state_.move(alice_, 3, waiter()), next::wait);
  EXPECT_TRUE(state_.take_due(now_ + milliseconds(999)).empty());
  EXPECT_EQ(state_.next_due(), now_ + milliseconds(1'000));
  due = state_.take_due(now_ + milliseconds(1'000));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].seq, 4);
  EXPECT_EQ(state_.stored(due[0], due[0].seq).size(), 3U);
}

TEST_F(ReadMarkers, HurryDoesNotWaitForTheInterval) {
  know(alice_, 0);
  EXPECT_EQ(state_.move(alice_, 1, waiter()), next::wait);
  store(state_.take_due(now_)[0]);
  EXPECT_EQ(state_.move(alice_, 2, waiter()), next::wait);
  EXPECT_EQ(state_.take_due(now_, true).size(), 1U);
}

TEST_F(ReadMarkers, WhatIsUnderWayIsNotStoredTwice) {
  know(alice_, 0);
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::wait);
  const auto due = state_.take_due(now_);
  EXPECT_EQ(state_.move(alice_, 4, waiter()), next::wait);
  EXPECT_TRUE(state_.take_due(now_ + milliseconds(5'000)).empty());
  EXPECT_FALSE(state_.next_due());
  EXPECT_EQ(state_.stored(due[0], due[0].seq).size(), 2U);
  EXPECT_TRUE(state_.idle());
}

TEST_F(ReadMarkers, AFailedStoreAnswersThoseInItAndLaterMovesTryAgain) {
  know(alice_, 0);
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::wait);
  const auto due = state_.take_due(now_);
  EXPECT_EQ(state_.move(alice_, 6, waiter()), next::wait);
  EXPECT_EQ(state_.failed(due[0]).size(), 1U);
  EXPECT_EQ(state_.position(alice_), 0);
  EXPECT_EQ(state_.take_due(now_ + milliseconds(1'000)).size(), 1U);
}

TEST_F(ReadMarkers, AFailedLookUpAnswersAllAndForgets) {
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::look_up);
  EXPECT_EQ(state_.move(alice_, 6, waiter()), next::wait);
  EXPECT_EQ(state_.look_up_failed(alice_).size(), 2U);
  EXPECT_TRUE(state_.idle());
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::look_up);
}

TEST_F(ReadMarkers, UsersDoNotWaitForOneAnother) {
  know(alice_, 0);
  know(bob_, 0);
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::wait);
  EXPECT_EQ(state_.take_due(now_).size(), 1U);
  EXPECT_EQ(state_.move(bob_, 5, waiter()), next::wait);
  EXPECT_EQ(state_.take_due(now_).size(), 1U);
}

TEST_F(ReadMarkers, WhoeverWaitsForAForgottenMarkerIsReturned) {
  know(alice_, 0);
  state_.move(alice_, 5, waiter());
  EXPECT_EQ(state_.take_due(now_).size(), 1U);
  state_.move(alice_, 6, waiter());
  EXPECT_EQ(state_.forget(alice_).size(), 2U);
  EXPECT_TRUE(state_.stored({room_, alice_, 5}, 5).empty());
  EXPECT_TRUE(state_.forget(alice_).empty());
  EXPECT_TRUE(state_.idle());
}

TEST_F(ReadMarkers, WhereOthersMovedItThatCounts) {
  know(alice_, 0);
  EXPECT_EQ(state_.move(alice_, 5, waiter()), next::wait);
  const auto due = state_.take_due(now_);
  EXPECT_EQ(state_.stored(due[0], 9).size(), 1U);
  EXPECT_EQ(state_.position(alice_), 9);
  EXPECT_EQ(state_.move(alice_, 8, waiter()), next::settled);
}

TEST_F(ReadMarkers, WhatWasKnownLongAgoIsLookedUpAgainBeforeItIsToldAsSettled) {
  know(alice_, 5);
  const auto later = now_ + milliseconds(1);
  EXPECT_EQ(state_.move(alice_, 3, waiter(), now_), next::settled);
  EXPECT_EQ(state_.move(alice_, 3, waiter(), later), next::look_up);
  EXPECT_EQ(state_.move(alice_, 4, waiter(), later), next::wait) << "one look is enough";
  EXPECT_FALSE(state_.idle());
  EXPECT_TRUE(state_.take_due(later).empty());
  EXPECT_FALSE(state_.next_due());
  EXPECT_EQ(state_.known(alice_, 7, later).size(), 2U);
  EXPECT_EQ(state_.position(alice_), 7);
  EXPECT_TRUE(state_.idle());
  EXPECT_EQ(state_.move(alice_, 8, waiter(), later + milliseconds(5)), next::wait) << "the store will say";
}

/// What counts is when the store was asked, however long the answer took.
TEST_F(ReadMarkers, WhatTheStoreSaidIsAsOldAsTheQuestion) {
  know(alice_, 5);
  EXPECT_EQ(state_.move(alice_, 6, waiter()), next::wait);
  const auto due = state_.take_due(now_ + milliseconds(7));
  EXPECT_EQ(state_.stored(due[0], 6).size(), 1U);
  EXPECT_EQ(state_.move(alice_, 3, waiter(), now_ + milliseconds(7)), next::settled);
  EXPECT_EQ(state_.move(alice_, 3, waiter(), now_ + milliseconds(8)), next::look_up);
}

TEST_F(ReadMarkers, ALookBackNeitherHoldsUpNorEndsAMoveForward) {
  know(alice_, 5);
  const auto later = now_ + milliseconds(1);
  EXPECT_EQ(state_.move(alice_, 3, waiter(), later), next::look_up);
  EXPECT_EQ(state_.move(alice_, 8, waiter(), later), next::wait);
  const auto due = state_.take_due(later);
  ASSERT_EQ(due.size(), 1U) << "meanwhile";
  EXPECT_EQ(state_.look_up_failed(alice_).size(), 1U);
  EXPECT_EQ(state_.stored(due[0], 8).size(), 1U);
  EXPECT_EQ(state_.position(alice_), 8);
}

TEST_F(ReadMarkers, WhatAnotherNodeTellsIsAReasonToAskTheStore) {
  know(alice_, 5);
  EXPECT_EQ(state_.move(alice_, 4, waiter(), now_), next::settled);
  EXPECT_TRUE(state_.shows(alice_, 9));
  EXPECT_EQ(state_.position(alice_), 5) << "it may be wrong";
  EXPECT_EQ(state_.move(alice_, 4, waiter(), now_), next::look_up);
}

TEST_F(ReadMarkers, ShowsAPlaceOnceAndNoneBehindIt) {
  EXPECT_TRUE(state_.shows(alice_, 5));
  EXPECT_FALSE(state_.shows(alice_, 5));
  EXPECT_FALSE(state_.shows(alice_, 4));
  EXPECT_TRUE(state_.shows(bob_, 4));
  EXPECT_TRUE(state_.shows(alice_, 6));
  state_.forget(alice_);
  EXPECT_TRUE(state_.shows(alice_, 1)) << "a member anew";
}

}  // namespace
}  // namespace parley::testing
