// Who ignores limits: counts of a connection's frames over time; plain state, told the time.
#pragma once

#include <cstdint>
#include <vector>

#include "parley/clock.hpp"

namespace parley {

/// Sees a client that sends over ten times the limit for five seconds on end, counted in whole seconds.
class flood_guard {
 public:
  static constexpr std::uint32_t excess = 10;
  static constexpr std::uint32_t seconds = 5;

  /// 0 = no limit, never a flood.
  explicit flood_guard(double per_second) : most_(per_second * excess) {}

  /// Counts some frames; true when the flood has lasted too long.
  bool count(steady_time now, std::uint32_t frames = 1) {
    if (most_ <= 0) return false;
    const auto elapsed = now - second_began_;
    if (elapsed >= std::chrono::seconds(1)) {
      const bool on_end = elapsed < std::chrono::seconds(2);
      flooded_ = on_end && static_cast<double>(in_second_) > most_ ? flooded_ + 1 : 0;
      second_began_ = now;
      in_second_ = 0;
    }
    in_second_ += frames;
    return flooded_ >= seconds;
  }

 private:
  double most_;
  steady_time second_began_{};
  std::uint32_t in_second_ = 0;
  std::uint32_t flooded_ = 0;  ///< Whole seconds above the limit, on end.
};

/// Counts a connection's bad frames in the last minute. Owns memory only once there was one.
class bad_frame_guard {
 public:
  explicit bad_frame_guard(std::uint32_t most_per_minute) : most_(most_per_minute) {}

  /// Counts one; true when there were more than the limit within a minute.
  bool count(steady_time now) {
    std::erase_if(times_, [now](steady_time then) { return now - then >= std::chrono::minutes(1); });
    times_.push_back(now);
    return times_.size() > most_;
  }

 private:
  std::uint32_t most_;
  std::vector<steady_time> times_;
};

}  // namespace parley
