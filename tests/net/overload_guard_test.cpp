// When frames are refused, and when they are not.
#include "net/overload_guard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace parley {
namespace {

using std::chrono::milliseconds;

/// A node that answers so many a second, in order, while so many a second come, in steps of ten milliseconds. A commit
/// answers what was there when it began, and the next one begins when it ends.
class loaded_node {
 public:
  explicit loaded_node(milliseconds target) : guard_(target) {}

  void run(milliseconds time, std::uint32_t come_per_second, std::uint32_t answered_per_second) {
    longest_wait_ = shortest_wait_ = {};
    for (auto end = now_ + time; now_ < end; now_ += step) {
      for (std::uint32_t i = 0; i < come_per_second / steps_a_second; ++i) come();
      if (++steps_ % commit_steps_ != 0) continue;
      answer(std::min(in_commit_, answered_per_second / steps_a_second * commit_steps_));
      in_commit_ = under_way_.size();
    }
  }
  /// Answers come that far apart, as a commit's do.
  void commit_each(milliseconds time) { commit_steps_ = static_cast<std::uint64_t>(time / step); }
  /// So many wait for their own client, for ever.
  void get_stuck(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) guard_.admit(now_, own_);
  }
  /// So many were answered that had waited for their own client.
  void come_unstuck(std::uint32_t count, milliseconds wait) {
    for (std::uint32_t i = 0; i < count; ++i) guard_.note_wait(wait);
    guard_.note_answered(count);
  }
  /// Whoever sends has nothing else under way.
  void send_one_by_one() { own_ = 0; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t under_way() const { return under_way_.size(); }
  [[nodiscard]] steady_time now() const { return now_; }
  /// Of those answered in the last run.
  [[nodiscard]] steady_time::duration longest_wait() const { return longest_wait_; }
  [[nodiscard]] steady_time::duration shortest_wait() const { return shortest_wait_; }
  overload_guard& guard() { return guard_; }

 private:
  static constexpr milliseconds step{10};
  static constexpr std::uint32_t steps_a_second = 100;
  static constexpr std::uint32_t looked_at = 7;  ///< One in so many has its wait noted.

  void come() {
    if (guard_.admit(now_, own_)) {
      under_way_.push_back(now_);
    } else {
      ++refused_;
    }
  }
  void answer(std::uint64_t most) {
    const auto count = std::min<std::uint64_t>(under_way_.size(), most);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto wait = now_ + step - under_way_.front();
      under_way_.pop_front();
      longest_wait_ = std::max(longest_wait_, wait);
      shortest_wait_ = shortest_wait_.count() == 0 ? wait : std::min(shortest_wait_, wait);
      if (++answered_ % looked_at == 0) guard_.note_wait(wait);
    }
    guard_.note_answered(static_cast<std::uint32_t>(count));
  }

  overload_guard guard_;
  steady_time now_{std::chrono::hours(1)};
  std::uint32_t own_ = 1;
  std::uint64_t steps_ = 0, commit_steps_ = 1, in_commit_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t refused_ = 0;
  std::deque<steady_time> under_way_;  ///< When they came.
  steady_time::duration longest_wait_{}, shortest_wait_{};
};

TEST(OverloadGuard, WhatIsHeldIsTaken) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(5'000), 10'000, 10'000);
  EXPECT_EQ(node.refused(), 0U);
}

TEST(OverloadGuard, UnderOverloadThoseTakenWaitAboutAsLongAsTheTarget) {
  for (const auto come : {12'000U, 20'000U, 50'000U}) {
    loaded_node node(milliseconds(150));
    node.run(milliseconds(6'000), come, 10'000);
    EXPECT_TRUE(node.guard().is_overloaded());
    const auto refused = node.refused();
    node.run(milliseconds(10'000), come, 10'000);
    const auto too_many = 10.0 * (come - 10'000);
    EXPECT_NEAR(static_cast<double>(node.refused() - refused), too_many, 0.1 * too_many) << "as many as are too many";
    EXPECT_LT(node.longest_wait(), milliseconds(320)) << come;
    EXPECT_GT(node.shortest_wait(), milliseconds(75)) << come << ": the node always has something to do";
  }
}

TEST(OverloadGuard, TheQueueThatBuiltUpBeforeIsGoneInSeconds) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(2'500), 20'000, 10'000);
  node.run(milliseconds(100), 20'000, 10'000);
  EXPECT_LT(node.longest_wait(), milliseconds(300));
}

TEST(OverloadGuard, AFloodIsSeenBeforeItsQueueIsLong) {
  for (const auto& [come, longest] : {std::pair{20'000U, milliseconds(900)}, {50'000U, milliseconds(2'300)}}) {
    loaded_node node(milliseconds(500));
    node.run(milliseconds(2'000), 9'000, 10'000);
    node.run(milliseconds(5'500), come, 10'000);
    EXPECT_LT(node.longest_wait(), longest) << come;
    node.run(milliseconds(1'000), come, 10'000);
    EXPECT_LT(node.longest_wait(), milliseconds(650)) << come << ": and soon gone";
  }
}

TEST(OverloadGuard, HoweverSlowCommitsAreAndHoweverManyAreStuckAsManyAreAnsweredAsCanBe) {
  for (const auto stuck : {0U, 1'000U, 100'000U}) {
    for (const auto commit : {milliseconds(10), milliseconds(50), milliseconds(100), milliseconds(200)}) {
      loaded_node node(milliseconds(500));
      node.commit_each(commit);
      node.run(milliseconds(2'000), 5'000, 10'000);
      node.get_stuck(stuck);
      node.run(milliseconds(8'000), 20'000, 10'000);
      ASSERT_TRUE(node.guard().is_overloaded());
      const auto answered = node.answered();
      node.run(milliseconds(12'000), 20'000, 10'000);
      EXPECT_GT(node.answered() - answered, 12 * 9'500U) << stuck << ", " << commit.count();
      EXPECT_LT(node.longest_wait(), milliseconds(750)) << stuck << ", " << commit.count();
    }
  }
}

TEST(OverloadGuard, OneCommitThatTakesLongIsNoOverload) {
  for (const auto target : {milliseconds(150), milliseconds(500)}) {
    // Longer ones make all wait for more than the target for 0.4 s on end, until they are caught up with.
    for (milliseconds stall{50}; stall * 4 <= target * 5; stall += milliseconds(50)) {
      for (milliseconds phase{10}; phase <= milliseconds(100); phase += milliseconds(10)) {
        loaded_node node(target);
        node.run(milliseconds(1'000) + phase, 7'000, 10'000);
        node.run(stall, 7'000, 0);
        node.run(milliseconds(2'000), 7'000, 10'000);
        EXPECT_EQ(node.refused(), 0U) << target.count() << ", " << stall.count() << ", " << phase.count();
      }
    }
  }
}

TEST(OverloadGuard, AStandstillIsNoFloodEither) {
  for (milliseconds slow{100}; slow <= milliseconds(400); slow += milliseconds(20)) {
    loaded_node node(milliseconds(500));
    node.run(milliseconds(2'000), 3'000, 10'000);
    node.run(slow, 3'000, 500);  // one look may take it for a flood
    node.run(milliseconds(2'000), 3'000, 0);
    node.run(milliseconds(300), 3'000, 30'000);
    EXPECT_EQ(node.refused(), 0U) << slow.count();
  }
}

TEST(OverloadGuard, WhatIsHeldIsTakenHoweverFarApartItsAnswersCome) {
  for (const auto target : {milliseconds(150), milliseconds(500)}) {
    for (milliseconds commit{10}; 2 * commit < target; commit += milliseconds(10)) {
      loaded_node node(target);
      node.commit_each(commit);
      node.run(milliseconds(20'000), 9'000, 10'000);
      EXPECT_EQ(node.refused(), 0U) << target.count() << ", " << commit.count();
    }
  }
}

TEST(OverloadGuard, WhoWentFirstOwesNoMoreThanTheRateAllows) {
  loaded_node node(milliseconds(150));
  node.send_one_by_one();
  node.run(milliseconds(6'000), 20'000, 10'000);
  ASSERT_TRUE(node.guard().is_overloaded());
  node.run(milliseconds(1'000), 20'000, 200);
  const auto refused = node.refused();
  node.run(milliseconds(2'000), 20'000, 200);
  EXPECT_LT(node.refused() - refused, 40'000U - 100) << "some of those who come are let in again";
}

TEST(OverloadGuard, ItIsOverWhenLessComes) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(3'000), 20'000, 10'000);
  node.run(milliseconds(2'000), 5'000, 10'000);
  EXPECT_FALSE(node.guard().is_overloaded());
  const auto refused = node.refused();
  node.run(milliseconds(5'000), 9'000, 10'000);
  EXPECT_EQ(node.refused(), refused);
}

TEST(OverloadGuard, AShortBurstIsTaken) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(2'000), 5'000, 10'000);
  node.run(milliseconds(100), 30'000, 10'000);
  node.run(milliseconds(2'000), 5'000, 10'000);
  EXPECT_EQ(node.refused(), 0U);
}

TEST(OverloadGuard, AStoreThatStandsStillIsNoOverload) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(2'000), 1'000, 10'000);
  node.run(milliseconds(5'000), 1'000, 0);
  EXPECT_EQ(node.refused(), 0U);
  node.run(milliseconds(5'000), 1'000, 20'000);
  EXPECT_EQ(node.refused(), 0U) << "nor is the time in which it catches up";
}

TEST(OverloadGuard, SlowCommitsOfFewAreNoOverload) {
  loaded_node node(milliseconds(150));
  node.commit_each(milliseconds(1'000));
  node.run(milliseconds(10'000), 200, 200);
  EXPECT_EQ(node.refused(), 0U);
}

TEST(OverloadGuard, ConnectionsThatEndTakeTheirFramesAlong) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(3'000), 20'000, 10'000);
  ASSERT_TRUE(node.guard().is_overloaded());
  node.guard().note_gone(static_cast<std::uint32_t>(node.under_way()));
  EXPECT_TRUE(node.guard().admit(node.now(), 1));
}

TEST(OverloadGuard, SeesOverloadBehindSlowCommitsAndItsEnd) {
  for (const auto commit : {milliseconds(100), milliseconds(150), milliseconds(300)}) {
    loaded_node node(milliseconds(150));
    node.commit_each(commit);
    node.run(milliseconds(6'000), 6'000, 3'000);
    EXPECT_TRUE(node.guard().is_overloaded()) << commit.count();
    EXPECT_GT(node.refused(), 3'000U) << commit.count();
    node.run(milliseconds(6'000), 300, 3'000);
    EXPECT_FALSE(node.guard().is_overloaded()) << commit.count() << ": few are under way";
  }
}

TEST(OverloadGuard, WhatIsStuckIsNoOverload) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(1'000), 1'000, 10'000);
  node.get_stuck(100'000);
  node.run(milliseconds(5'000), 1'000, 10'000);
  EXPECT_EQ(node.refused(), 0U);
  for (int i = 0; i < 20; ++i) {
    node.come_unstuck(5, milliseconds(3'000));
    node.run(milliseconds(100), 1'000, 10'000);
  }
  EXPECT_EQ(node.refused(), 0U) << "nor is what comes through late, beside more that does not";
}

TEST(OverloadGuard, WhoHasNothingUnderWayMaySend) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(6'000), 20'000, 10'000);
  ASSERT_TRUE(node.guard().is_overloaded());
  const auto refused = node.refused();
  node.send_one_by_one();
  node.run(milliseconds(1'000), 8'000, 10'000);
  EXPECT_EQ(node.refused(), refused);
}

TEST(OverloadGuard, ManyWhoSendOneByOneAreBoundedToo) {
  loaded_node node(milliseconds(150));
  node.send_one_by_one();
  node.run(milliseconds(6'000), 20'000, 10'000);
  node.run(milliseconds(4'000), 20'000, 10'000);
  EXPECT_LT(node.longest_wait(), milliseconds(600));
}

TEST(OverloadGuard, WhereNothingIsAnsweredAnyMoreItEnds) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(3'000), 20'000, 10'000);
  ASSERT_TRUE(node.guard().is_overloaded());
  node.run(milliseconds(1'000), 1'000, 0);
  EXPECT_FALSE(node.guard().is_overloaded());
}

TEST(OverloadGuard, WithoutATargetNothingIsRefused) {
  loaded_node node(milliseconds(0));
  node.run(milliseconds(3'000), 20'000, 10'000);
  EXPECT_EQ(node.refused(), 0U);
}

TEST(WaitSample, EndsWhenAsManyAreAnsweredAsWereUnderWay) {
  const steady_time then{std::chrono::hours(1)};
  wait_sample sample;
  EXPECT_FALSE(sample.answered(1)) << "none is taken";
  sample.begin(then, 2);
  sample.begin(then + milliseconds(5), 3);
  EXPECT_FALSE(sample.answered(2));
  EXPECT_EQ(sample.answered(4), then) << "the first, with which two were under way";
  sample.begin(then + milliseconds(9), 0);
  EXPECT_EQ(sample.answered(1), then + milliseconds(9));
}

TEST(WaitSample, WhatWasRefusedSaysNothing) {
  const steady_time then{std::chrono::hours(1)};
  wait_sample sample;
  sample.begin(then, 0);
  sample.drop();
  EXPECT_FALSE(sample.answered(1));
}

}  // namespace
}  // namespace parley
