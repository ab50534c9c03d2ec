// When each message is due. The schedule knows nothing of how the ones before fared: a server that stalls does not slow
// those down who would have written meanwhile, and their waiting counts.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace parley::bench {

class send_schedule {
 public:
  /// `rate` messages a second, evenly spaced; the first at `begin_ns`.
  send_schedule(double rate, double warm_up_seconds, double seconds, std::int64_t begin_ns)
      : interval_ns_(1e9 / rate),
        begin_ns_(begin_ns),
        first_measured_(static_cast<std::size_t>(std::llround(rate * warm_up_seconds))),
        size_(first_measured_ + static_cast<std::size_t>(std::llround(rate * seconds))) {}

  /// With the warm-up.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t first_measured() const { return first_measured_; }
  [[nodiscard]] std::int64_t due_ns(std::size_t number) const {
    return begin_ns_ + std::llround(static_cast<double>(number) * interval_ns_);
  }
  [[nodiscard]] std::int64_t measured_from_ns() const { return due_ns(first_measured_); }
  [[nodiscard]] std::int64_t end_ns() const { return due_ns(size_); }

 private:
  double interval_ns_;
  std::int64_t begin_ns_;
  std::size_t first_measured_;
  std::size_t size_;
};

}  // namespace parley::bench
