// Rate limits by the generic cell rate algorithm (ITU-T I.371): a token bucket whose whole state is one time stamp.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "parley/clock.hpp"

namespace parley {

struct rate {
  double per_second = 0;  ///< 0 = no limit.
  double burst = 1;       ///< 0 = no limit.
};

/// Thread-safe without a lock, because one log-in may hold several sockets and make REST calls at once: the state is
/// a single atomic, advanced by compare-and-swap.
class rate_limiter {
 public:
  explicit rate_limiter(rate limit) : limit_(limit) {}

  /// Milliseconds to wait before one more would be allowed; 0 when it was allowed (and has been counted).
  std::int64_t try_take(steady_time now);
  /// Whether a new one would allow as much.
  [[nodiscard]] bool is_full(steady_time now) const;
  [[nodiscard]] bool unlimited() const { return limit_.per_second <= 0 || limit_.burst <= 0; }

 private:
  rate limit_;
  std::atomic<std::int64_t> theoretical_arrival_ns_{0};
};

}  // namespace parley
