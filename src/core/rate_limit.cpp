// The generic cell rate algorithm over one atomic time stamp.
#include "parley/rate_limit.hpp"

#include <algorithm>

namespace parley {
namespace {

std::int64_t nanoseconds_of(steady_time now) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
}

}  // namespace

bool rate_limiter::is_full(steady_time now) const {
  return theoretical_arrival_ns_.load(std::memory_order_relaxed) <= nanoseconds_of(now);
}

std::int64_t rate_limiter::try_take(steady_time now) {
  if (unlimited()) return 0;
  const auto now_ns = nanoseconds_of(now);
  const auto interval_ns = static_cast<std::int64_t>(1e9 / limit_.per_second);
  const auto tolerance_ns =
      static_cast<std::int64_t>(static_cast<double>(interval_ns) * (std::max(limit_.burst, 1.0) - 1));
  auto expected = theoretical_arrival_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const auto arrival_ns = std::max(expected, now_ns);
    if (arrival_ns - now_ns > tolerance_ns) return (arrival_ns - now_ns - tolerance_ns) / 1'000'000 + 1;
    if (theoretical_arrival_ns_.compare_exchange_weak(expected, arrival_ns + interval_ns, std::memory_order_relaxed))
      return 0;
  }
}

}  // namespace parley
