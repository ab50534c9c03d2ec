// Latencies of a whole run in a few kilobytes, each kept to less than one per cent: buckets whose width grows with the
// value, as in Gil Tene's HdrHistogram (for C++ Debian has none).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace parley::bench {

class latency_histogram {
 public:
  void add(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    ++counts_[bucket_of(value)];
    ++count_;
    max_ns_ = std::max(max_ns_, value);
  }
  void merge(const latency_histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double max_ms() const { return static_cast<double>(max_ns_) / 1e6; }
  /// The smallest value that is not below that share of all, to the end of its bucket. 0 without values.
  [[nodiscard]] double quantile_ms(double share) const {
    const auto wanted =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
    std::uint64_t below = 0;
    for (std::size_t i = 0; count_ > 0 && i < counts_.size(); ++i) {
      below += counts_[i];
      if (below >= wanted) return static_cast<double>(std::min(end_of(i), max_ns_)) / 1e6;
    }
    return 0;
  }
  /// From the least to the greatest: a latency in ms, and the share of all that took no longer.
  [[nodiscard]] std::vector<std::pair<double, double>> curve() const {
    std::vector<std::pair<double, double>> points;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] == 0) continue;
      below += counts_[i];
      points.emplace_back(static_cast<double>(std::min(end_of(i), max_ns_)) / 1e6,
                          static_cast<double>(below) / static_cast<double>(count_));
    }
    return points;
  }

 private:
  /// Values below 2^7 ns have a bucket each, and each doubling above has as many.
  static constexpr unsigned bits = 7;
  static constexpr std::size_t in_doubling = std::size_t{1} << bits;
  static constexpr std::size_t buckets = (64 - bits + 1) * in_doubling;

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < in_doubling) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - bits - 1;
    return static_cast<std::size_t>(shift) * in_doubling + static_cast<std::size_t>(value >> shift);
  }
  /// The greatest value in it.
  static std::uint64_t end_of(std::size_t bucket) {
    if (bucket < 2 * in_doubling) return bucket;
    const auto shift = bucket / in_doubling - 1;
    return ((static_cast<std::uint64_t>(bucket % in_doubling + in_doubling) + 1) << shift) - 1;
  }

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ns_ = 0;
};

}  // namespace parley::bench
