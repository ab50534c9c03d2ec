// When frames are refused, and when they are not.
#include "net/overload_guard.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

using std::chrono::milliseconds;

/// A node that answers so many a second while so many a second come, in steps of ten milliseconds.
class loaded_node {
 public:
  explicit loaded_node(milliseconds target) : guard_(target) {}

  void run(milliseconds time, std::uint32_t come_per_second, std::uint32_t answered_per_second) {
    for (auto end = now_ + time; now_ < end; now_ += step) {
      for (std::uint32_t i = 0; i < come_per_second / steps_a_second; ++i) {
        if (guard_.admit(now_, own_)) {
          ++under_way_;
        } else {
          ++refused_;
        }
      }
      if (++steps_ % commit_steps_ != 0) continue;
      const auto answered =
          std::min<std::uint64_t>(under_way_ - stuck_, answered_per_second / steps_a_second * commit_steps_);
      guard_.note_answered(static_cast<std::uint32_t>(answered));
      under_way_ -= answered;
    }
  }
  /// Answers come that far apart, as a commit's do.
  void commit_each(milliseconds time) { commit_steps_ = static_cast<std::uint64_t>(time / step); }
  /// So many wait for their own client, for ever.
  void get_stuck(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) guard_.admit(now_, own_);
    stuck_ += count;
    under_way_ += count;
  }
  /// Whoever sends has nothing else under way.
  void send_one_by_one() { own_ = 0; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t under_way() const { return under_way_; }
  overload_guard& guard() { return guard_; }

 private:
  static constexpr milliseconds step{10};
  static constexpr std::uint32_t steps_a_second = 100;

  overload_guard guard_;
  steady_time now_{std::chrono::hours(1)};
  std::uint32_t own_ = 1;
  std::uint64_t steps_ = 0, commit_steps_ = 1;
  std::uint64_t stuck_ = 0;
  std::uint64_t under_way_ = 0;
  std::uint64_t refused_ = 0;
};

TEST(OverloadGuard, WhatIsHeldIsTaken) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(5'000), 10'000, 10'000);
  EXPECT_EQ(node.refused(), 0U);
}

TEST(OverloadGuard, UnderOverloadThoseTakenWaitNoLongerThanTheTarget) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(3'000), 20'000, 10'000);
  EXPECT_TRUE(node.guard().is_overloaded());
  const auto refused = node.refused();
  node.run(milliseconds(10'000), 20'000, 10'000);
  EXPECT_NEAR(static_cast<double>(node.refused() - refused), 100'000, 10'000) << "as many as are too many";
  EXPECT_NEAR(static_cast<double>(node.under_way()), 1'500, 200) << "150 ms at 10,000 a second";
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
  node.run(milliseconds(2'000), 1'000, 1'000);
  node.run(milliseconds(5'000), 1'000, 0);
  EXPECT_EQ(node.refused(), 0U);
}

TEST(OverloadGuard, SlowCommitsOfFewAreNoOverload) {
  loaded_node node(milliseconds(150));
  // 200 wait for a second each.
  node.run(milliseconds(1'000), 200, 0);
  node.run(milliseconds(5'000), 200, 200);
  EXPECT_EQ(node.refused(), 0U);
}

TEST(OverloadGuard, ConnectionsThatEndTakeTheirFramesAlong) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(3'000), 20'000, 10'000);
  ASSERT_TRUE(node.guard().is_overloaded());
  node.guard().note_gone(static_cast<std::uint32_t>(node.under_way()));
  EXPECT_TRUE(node.guard().admit(steady_time{std::chrono::hours(1) + milliseconds(3'000)}, 1));
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

TEST(OverloadGuard, WhatIsStuckShutsNobodyOut) {
  loaded_node node(milliseconds(150));
  node.run(milliseconds(1'000), 1'000, 1'000);
  node.get_stuck(400);
  node.send_one_by_one();
  node.run(milliseconds(5'000), 1'000, 1'000);
  EXPECT_EQ(node.refused(), 0U);
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

}  // namespace
}  // namespace parley
