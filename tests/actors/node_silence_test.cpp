#include "actors/node_silence.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using state = node_silence::state;

constexpr milliseconds step{250};

class NodeSilence : public ::testing::Test {
 protected:
  /// One reading, in which `said` is the node's word; none: it is not among the nodes.
  std::optional<timestamp> read(std::optional<timestamp> said) {
    now_ += step;
    std::vector<node_seen> nodes;
    if (said) {
      seen_ = silence_.note(node_, *said, now_, now_);
      nodes.emplace_back();
      nodes.back().report.node = node_;
    }
    return silence_.end_reading(nodes, now_);
  }
  bool is_over(milliseconds patience) { return silence_.is_over(node_, patience, now_, seconds(1)); }

  node_silence silence_;
  uuid node_ = id_of<user_id>(7);
  steady_time now_ = steady_time(seconds(100));
  timestamp word_ = timestamp(seconds(5));
  state seen_ = state::silent;
};

TEST_F(NodeSilence, ANodeThatSpeaksIsAliveAndOneThatDoesNotFallsSilentOnce) {
  for (int i = 0; i < 20; ++i) {
    read(word_ + seconds(i));
    EXPECT_EQ(seen_, state::alive);
  }
  int fell_silent = 0;
  for (auto since = milliseconds(0); since < control_lease + seconds(1); since += step) {
    read(word_);
    fell_silent += seen_ == state::fell_silent ? 1 : 0;
  }
  EXPECT_EQ(seen_, state::silent);
  EXPECT_EQ(fell_silent, 1);
  read(word_ + seconds(99));
  EXPECT_EQ(seen_, state::alive);
}

TEST_F(NodeSilence, AWordMayBeAsYoungAsTheEndOfTheReadingThatFoundIt) {
  const auto took = milliseconds(400);
  EXPECT_EQ(silence_.note(node_, word_, now_, now_ + took), state::alive);
  const auto lease_may_end = now_ + took + control_lease;
  EXPECT_EQ(silence_.note(node_, word_, lease_may_end - milliseconds(1), lease_may_end - milliseconds(1)),
            state::alive);
  EXPECT_EQ(silence_.note(node_, word_, lease_may_end, lease_may_end), state::fell_silent);
}

TEST_F(NodeSilence, OnlySilenceThatCouldHaveBeenBrokenCounts) {
  read(word_);
  EXPECT_FALSE(is_over(2 * step));
  now_ += seconds(60);  // nothing could be read
  read(word_);
  EXPECT_FALSE(is_over(2 * step));
  read(word_);
  read(word_);
  EXPECT_TRUE(is_over(2 * step));
  EXPECT_FALSE(is_over(2 * step)) << "not again at once";
  now_ += seconds(1);
  EXPECT_TRUE(is_over(2 * step));
}

TEST_F(NodeSilence, WhoIsGoneIsToldWithItsLastWordOnce) {
  EXPECT_EQ(read(word_), std::nullopt);
  EXPECT_EQ(read(word_ + seconds(1)), std::nullopt);
  EXPECT_EQ(read(std::nullopt), word_ + seconds(1));
  EXPECT_EQ(read(std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace parley::testing
