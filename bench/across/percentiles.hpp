// Percentiles of times that were measured one by one, and of a histogram that a server keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::bench {

struct percentiles {
  std::size_t count = 0;
  double p50_ms = 0, p99_ms = 0, p999_ms = 0, max_ms = 0;
};

/// Each is a value that was measured: the smallest that is not below that share of them.
percentiles percentiles_of(std::vector<std::int64_t> values_ns);

/// How many fall into each of as many equal parts of the time from the first to the last.
std::vector<std::size_t> spread_of(const std::vector<std::int64_t>& values_ns, std::size_t parts);

/// A histogram of Prometheus' text format, or what it grew by.
struct histogram_counts {
  std::vector<double> bounds;      ///< Upper ones, in order; the last is infinite.
  std::vector<double> cumulative;  ///< As many: values up to that bound.

  /// Between the bounds of its bucket as if all were spread evenly there; in the last bucket its lower bound.
  [[nodiscard]] double quantile(double share) const;
  [[nodiscard]] double count() const { return cumulative.empty() ? 0 : cumulative.back(); }
};

/// Empty when the text has none of that name.
histogram_counts read_histogram(std::string_view metrics, const std::string& name);
/// What it grew by. Empty when the two do not fit together, as after a restart.
histogram_counts growth(const histogram_counts& before, const histogram_counts& after);

}  // namespace parley::bench
