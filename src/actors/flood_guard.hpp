// Who ignores the rate limit: more than ten times the limit for five seconds. Pure; one for each connection.
#pragma once

#include <chrono>
#include <cstdint>

#include "parley/clock.hpp"

namespace parley {

class flood_guard {
 public:
  static constexpr double times_the_limit = 10;
  static constexpr std::chrono::seconds span{5};

  /// `per_second` 0 = no limit.
  explicit flood_guard(double per_second = 0)
      : most_in_span_(per_second * times_the_limit * static_cast<double>(span.count())) {}

  /// Counts an attempt, allowed or not; true when it is one too many for a connection that respects anything.
  bool attempt(steady_time now) {
    if (most_in_span_ <= 0) return false;
    if (now - began_ >= span) {
      began_ = now;
      attempts_ = 0;
    }
    return ++attempts_ > most_in_span_;
  }

 private:
  double most_in_span_;
  steady_time began_{};
  std::uint32_t attempts_ = 0;
};

}  // namespace parley
