// Quantiles out of buckets, against those of the values themselves.
#include "report/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <random>

namespace parley::bench {
namespace {

TEST(LatencyHistogram, IsWithinAPercentOfTheValuesThemselves) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(14, 2);  // about a millisecond, with a long tail
  latency_histogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::int64_t>(latency(random)));
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * 20'000));
    const auto exact = static_cast<double>(values[rank - 1]) / 1e6;
    EXPECT_GE(histogram.quantile_ms(share), exact * 0.9999) << share;
    EXPECT_LE(histogram.quantile_ms(share), exact * 1.01) << share;
  }
  EXPECT_EQ(histogram.max_ms(), static_cast<double>(values.back()) / 1e6);
  EXPECT_EQ(histogram.count(), 20'000U);
}

TEST(LatencyHistogram, KeepsEveryValueThereIs) {
  latency_histogram histogram;
  for (const auto value : {std::int64_t{-5}, std::int64_t{0}, std::int64_t{1}, std::int64_t{127}, std::int64_t{128},
                           std::numeric_limits<std::int64_t>::max()}) {
    histogram.add(value);
  }
  EXPECT_EQ(histogram.count(), 6U);
  EXPECT_EQ(histogram.quantile_ms(0.1), 0);
  EXPECT_EQ(histogram.quantile_ms(0.6), 127e-6);
  EXPECT_EQ(histogram.quantile_ms(1), histogram.max_ms());
  EXPECT_EQ(latency_histogram().quantile_ms(0.5), 0);
}

TEST(LatencyHistogram, MergesAndDrawsACurveThatRisesToOne) {
  latency_histogram one, other;
  for (int i = 1; i <= 100; ++i) (i % 2 == 0 ? one : other).add(i * 1'000'000);
  one.merge(other);
  EXPECT_EQ(one.count(), 100U);
  EXPECT_NEAR(one.quantile_ms(0.5), 50, 0.5);
  const auto curve = one.curve();
  EXPECT_EQ(curve.back(), (std::pair<double, double>(100, 1)));
  EXPECT_TRUE(std::is_sorted(curve.begin(), curve.end()));
}

}  // namespace
}  // namespace parley::bench
