// Percentiles as a line.
#include "report/percentile_plot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace parley::bench {
namespace {

TEST(PercentilePlot, GivesEachFurtherNineAsMuchRoom) {
  latency_histogram times;
  for (int i = 1; i <= 1000; ++i) times.add(i * 1'000'000);
  const auto line = percentile_line("delivery", "red", times);
  EXPECT_EQ(line.name, "delivery");
  EXPECT_EQ(line.colour, "red");
  const auto x_of = [&](double at_least_ms) {
    for (const auto& [x, ms] : line.points)
      if (ms >= at_least_ms) return x;
    return -1.0;
  };
  EXPECT_NEAR(x_of(900), 1, 0.05);
  EXPECT_NEAR(x_of(990), 2, 0.3);
  EXPECT_EQ(line.points.back(), std::make_pair(5.0, 1000.0)) << "the longest is at the end";
}

TEST(PercentilePlot, HasItsMarksAndNoPointsOfNothing) {
  EXPECT_TRUE(percentile_line("nothing", "red", {}).points.empty());
  const auto picture = to_svg(percentile_plot("Percentiles"));
  EXPECT_THAT(picture, testing::HasSubstr(">99.9 %<"));
  EXPECT_THAT(picture, testing::Not(testing::HasSubstr("nan")));
}

}  // namespace
}  // namespace parley::bench
