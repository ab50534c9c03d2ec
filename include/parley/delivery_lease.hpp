// Until when this node may deliver events without having heard what ended on other nodes.
#pragma once

#include <atomic>
#include <chrono>

#include "parley/clock.hpp"

namespace parley {

/// Extended by the control actor, looked at by the I/O threads. What was handed to the shards before an extension is
/// seen by whoever sees the extension. A node that is alone never has to renew it.
class delivery_lease {
 public:
  /// From here on it has to be renewed, and has not been.
  void expire() { until_.store(0, std::memory_order_release); }
  /// One thread only.
  void extend(steady_time until) {
    const auto reached = until.time_since_epoch().count();
    if (reached > until_.load(std::memory_order_relaxed)) until_.store(reached, std::memory_order_release);
  }
  [[nodiscard]] bool holds(steady_time now) const {
    return now.time_since_epoch().count() < until_.load(std::memory_order_acquire);
  }

 private:
  std::atomic<steady_time::rep> until_{steady_time::max().time_since_epoch().count()};
};

}  // namespace parley
