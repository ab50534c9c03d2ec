// Medians, and ratios within turns.
#include "peers/ratios.hpp"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(Spread, HasTheMiddleOrTheMeanOfBoth) {
  const auto odd = spread_of(std::vector<double>{5, 1, 3});
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->least, 1);
  EXPECT_EQ(odd->median, 3);
  EXPECT_EQ(odd->greatest, 5);
  EXPECT_EQ(spread_of(std::vector<double>{4, 1, 2, 8})->median, 3);
  EXPECT_FALSE(spread_of(std::vector<double>{}));
}

TEST(Ratio, IsTakenWithinATurn) {
  // Of the medians it would be 30 / 10.
  const auto ratio = ratio_of(turn_values{10, 30, 80}, turn_values{10, 60, 10});
  ASSERT_TRUE(ratio);
  EXPECT_EQ(ratio->least, 0.5);
  EXPECT_EQ(ratio->median, 1);
  EXPECT_EQ(ratio->greatest, 8);
}

TEST(Ratio, LeavesOutTurnsInWhichEitherFailed) {
  const auto ratio = ratio_of(turn_values{10, std::nullopt, 30}, turn_values{std::nullopt, 5, 10});
  ASSERT_TRUE(ratio);
  EXPECT_EQ(ratio->least, 3);
  EXPECT_EQ(ratio->greatest, 3);
  EXPECT_FALSE(ratio_of(turn_values{10, std::nullopt}, turn_values{std::nullopt, 5}));
  EXPECT_FALSE(ratio_of(turn_values{10}, turn_values{0.0}));
}

}  // namespace
}  // namespace parley::bench
