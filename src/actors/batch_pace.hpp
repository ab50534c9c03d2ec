// When a room's next batch goes to the store, once the shards have served their sockets with the last one.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

#include "parley/clock.hpp"

namespace parley {

/// A batch costs each socket of the room a system call, however many messages it holds. Who keeps several messages
/// under way sends the next ones when they are answered, so that these come just behind the serving of the sockets, and
/// the first of them should not go alone. So the room waits until as many are there as may be under way, for an
/// eighth of the time that serving took at most: less is lost by that than by serving all sockets once more.
///
/// How many are under way is learned: as many as the last batch held and as came meanwhile, but no more than were there
/// when a wait ended in vain, until that is tried anew. One message at a time is not waited for, and a room whose
/// sockets are served at once never waits. Belongs to one room; plain state, told the time.
class batch_pace {
 public:
  static constexpr std::chrono::microseconds least_wait{100};
  static constexpr std::chrono::microseconds most_wait{5'000};
  static constexpr int share_of_serving = 8;
  static constexpr int tries_each = 32;  ///< Batches, until what was learned is forgotten.

  /// A batch with so many of this node's events goes to the shards.
  void note_handed_over(steady_time now, std::size_t events);
  /// While they serve it, so many wait.
  void note_gathered(std::size_t waiting) { gathered_ = waiting; }
  /// Whether to wait for more, where `waiting` are there and the shards had served the last batch at `served`.
  [[nodiscard]] bool must_wait(steady_time now, steady_time served, std::size_t waiting);
  /// Until then, where must_wait() said so.
  [[nodiscard]] steady_time waits_until() const { return until_; }

 private:
  [[nodiscard]] std::size_t expected() const;

  steady_time handed_over_{};
  steady_time until_{};
  bool is_waiting_ = false;
  std::size_t last_ = 0;
  std::size_t gathered_ = 0;
  std::size_t most_ = std::numeric_limits<std::size_t>::max();  ///< Learned.
  int batches_ = 0;                                             ///< Since then.
};

}  // namespace parley
