// Until when this node may deliver events without having heard what ended on other nodes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "parley/clock.hpp"

namespace parley {

/// Extended by the control actor, looked at by the I/O threads. What was handed to the shards before an extension is
/// seen by whoever sees the extension. A node that is alone never has to renew it.
class delivery_lease {
 public:
  /// From here on it has to be renewed, and has not been.
  void expire() { until_.store(0, std::memory_order_release); }
  /// One thread only. True: it had lapsed, or was about to, and a new term begins.
  bool extend(steady_time until, steady_time now) {
    const auto reached = until.time_since_epoch().count();
    const auto before = until_.load(std::memory_order_relaxed);
    if (reached <= before || until <= now) return false;
    // This thread may stand still between the reading of the clock and the end of this.
    const bool is_new = (now + about_to_lapse).time_since_epoch().count() >= before;
    if (is_new) terms_.fetch_add(1, std::memory_order_release);
    until_.store(reached, std::memory_order_release);
    return is_new;
  }
  [[nodiscard]] bool holds(steady_time now) const {
    return now.time_since_epoch().count() < until_.load(std::memory_order_acquire);
  }
  /// How often it has begun anew behind a lapse. Who has seen it hold sees the term, too.
  [[nodiscard]] std::uint64_t term() const { return terms_.load(std::memory_order_acquire); }

 private:
  static constexpr std::chrono::milliseconds about_to_lapse{100};
  std::atomic<steady_time::rep> until_{steady_time::max().time_since_epoch().count()};
  std::atomic<std::uint64_t> terms_{0};
};

}  // namespace parley
