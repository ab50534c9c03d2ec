// When a probe measures next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "across/background.hpp"

namespace parley::bench {

/// Waits between half and one and a half of the mean interval.
class random_pace {
 public:
  explicit random_pace(double per_second) : interval_ns_(1e9 / per_second), next_ns_(steady_ns()) {}

  void wait() {
    const auto interval = std::uniform_real_distribution<double>(0.5, 1.5)(random_) * interval_ns_;
    // What was missed while a server took long is not made up for.
    next_ns_ = std::max(next_ns_ + static_cast<std::int64_t>(interval), steady_ns());
    sleep_until_ns(next_ns_);
  }

 private:
  double interval_ns_;
  std::int64_t next_ns_;
  std::mt19937_64 random_{1};
};

}  // namespace parley::bench
