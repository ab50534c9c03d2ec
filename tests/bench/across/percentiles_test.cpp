// Shares of measured times and of a server's buckets.
#include "across/percentiles.hpp"

#include <gtest/gtest.h>

namespace parley::bench::percentiles_test {
namespace {

TEST(across_percentiles, are_measured_values_and_not_below_their_share) {
  std::vector<std::int64_t> values;
  for (std::int64_t ms = 1000; ms >= 1; --ms) values.push_back(ms * 1'000'000);
  const auto p = percentiles_of(values);
  EXPECT_EQ(p.count, 1000U);
  EXPECT_DOUBLE_EQ(p.p50_ms, 500);
  EXPECT_DOUBLE_EQ(p.p99_ms, 990);
  EXPECT_DOUBLE_EQ(p.p999_ms, 999);
  EXPECT_DOUBLE_EQ(p.max_ms, 1000);
}

TEST(across_percentiles, of_few_values_are_the_largest_and_of_none_are_zero) {
  const auto two = percentiles_of({3'000'000, 1'000'000});
  EXPECT_DOUBLE_EQ(two.p50_ms, 1);
  EXPECT_DOUBLE_EQ(two.p99_ms, 3);
  EXPECT_EQ(percentiles_of({}).count, 0U);
}

constexpr const char* metrics = R"(# HELP parley_commit_seconds Duration
# TYPE parley_commit_seconds histogram
parley_commit_seconds_count 100
parley_commit_seconds_sum 1.5
parley_commit_seconds_bucket{le="0.001"} 50
parley_commit_seconds_bucket{le="0.002"} 90
parley_commit_seconds_bucket{le="+Inf"} 100
parley_commits_total 100
)";

TEST(across_histogram, is_read_from_the_metrics_text) {
  const auto h = read_histogram(metrics, "parley_commit_seconds");
  ASSERT_EQ(h.bounds.size(), 3U);
  EXPECT_DOUBLE_EQ(h.bounds[1], 0.002);
  EXPECT_DOUBLE_EQ(h.count(), 100);
  EXPECT_DOUBLE_EQ(h.quantile(0.25), 0.0005);
  EXPECT_DOUBLE_EQ(h.quantile(0.7), 0.0015);
  EXPECT_DOUBLE_EQ(h.quantile(0.99), 0.002) << "beyond the last bound nothing is known but that bound";
  EXPECT_DOUBLE_EQ(read_histogram(metrics, "parley_other").count(), 0);
  EXPECT_DOUBLE_EQ(read_histogram(metrics, "parley_other").quantile(0.5), 0);
}

TEST(across_histogram, grows_by_what_came_between_two_readings) {
  const auto before = read_histogram(metrics, "parley_commit_seconds");
  auto after = before;
  after.cumulative = {50, 90, 110};
  const auto grown = growth(before, after);
  EXPECT_DOUBLE_EQ(grown.count(), 10);
  EXPECT_DOUBLE_EQ(grown.quantile(0.5), 0.002);
  EXPECT_DOUBLE_EQ(growth(after, before).count(), 0) << "a restart";
  EXPECT_DOUBLE_EQ(growth({}, after).count(), 0);
}

TEST(spread, counts_each_part_of_the_time_from_the_first_to_the_last) {
  EXPECT_EQ(spread_of({10, 11, 12, 19, 20}, 2), (std::vector<std::size_t>{3, 2}));
  EXPECT_EQ(spread_of({20, 10}, 4), (std::vector<std::size_t>{1, 0, 0, 1}));
  EXPECT_EQ(spread_of({7, 7}, 3), (std::vector<std::size_t>{2, 0, 0}));
  EXPECT_EQ(spread_of({}, 2), (std::vector<std::size_t>{0, 0}));
}

}  // namespace
}  // namespace parley::bench::percentiles_test
