// Promise 3 as one connection sees it: a room's durable events by seq, with no hole and no repeat. The same rules as
// tests/support/positions.mjs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "verify/history.hpp"

namespace parley::bench {

/// Seqs as ranges: one range, as long as nothing is missing.
class seq_set {
 public:
  /// Everything up to and including `seq` counts as there.
  explicit seq_set(std::int64_t seq = 0) { ranges_[0] = seq; }

  /// False when it was there before.
  bool add(std::int64_t seq);
  [[nodiscard]] bool contains(std::int64_t seq) const;
  /// The last seq before the first that is missing.
  [[nodiscard]] std::int64_t contiguous() const { return ranges_.begin()->second; }
  /// How many up to and including `end` are missing.
  [[nodiscard]] std::int64_t missing(std::int64_t end) const;

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  ///< First to last.
};

/// What a frame told about a room's order.
struct order_step {
  bool is_event = false;  ///< The event of that seq has come with it: an ack may stand for one, or not.
  std::optional<broken> wrong;
  std::string text;
};

/// What an ack is of. A reaction or a deletion that is there already answers the first's values at once and makes no
/// event; the first's event comes to this connection like any other, also behind that ack.
enum class ack_of { message, edit, what_may_be_there };

class room_position {
 public:
  room_position() = default;
  /// As `ready` says: live after that seq, or about to be replayed from there.
  room_position(std::int64_t seq, bool is_live) : last_(seq), is_live_(is_live) {}

  [[nodiscard]] bool is_live() const { return is_live_; }
  [[nodiscard]] std::int64_t last() const { return last_; }

  /// A resume was acknowledged: strictly from after + 1 on.
  void resumed(std::int64_t after);
  order_step event(std::int64_t seq);
  /// An ack that is no duplicate's.
  order_step acknowledged(std::int64_t seq, ack_of what);
  order_step replay_ended(std::int64_t seq, bool more);

 private:
  std::int64_t last_ = 0;
  std::int64_t perhaps_ = 0;  ///< The last ack's seq, while its event may still come.
  bool is_live_ = false;
  seq_set seen_;  ///< Since the position was last set.
};

}  // namespace parley::bench
