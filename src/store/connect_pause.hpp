// How long to wait after a failure to connect before the next try.
#pragma once

#include <algorithm>
#include <chrono>

#include "parley/ids.hpp"

namespace parley {

/// Twice as long after each failure, and a random part of it, so that a server that is back is not met by all
/// connections of all nodes at one moment.
class connect_pause {
 public:
  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() >= end_; }
  void begin() {
    const auto part = system_ids().next().bytes.back();  // a random byte
    end_ = std::chrono::steady_clock::now() + length_ / 2 + length_ * part / (2 * 255);
    length_ = std::min(length_ * 2, longest);
  }
  void reset() { *this = {}; }

 private:
  static constexpr std::chrono::milliseconds first{50};
  static constexpr std::chrono::milliseconds longest{500};
  std::chrono::milliseconds length_ = first;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace parley
