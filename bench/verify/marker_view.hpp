// What is known of a user's read marker in a room: it only moves forward, whichever node one asks.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace parley::bench {

class marker_view {
 public:
  /// An ack or a `ready` of one of the user's devices says so, at that second of the run.
  void told(double at, std::int64_t seq);
  /// As far it must stand for whoever asks `settling` seconds after that it was told.
  [[nodiscard]] std::int64_t at_least(double asked_at, double settling) const;

 private:
  std::deque<std::pair<double, std::int64_t>> told_;  ///< Ever further.
};

}  // namespace parley::bench
