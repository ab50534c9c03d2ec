// Cuts a batch for one connection: which stretches of its events and which answers go there, in which order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parley/delivery.hpp"

namespace parley {

/// What of a batch goes to one connection next: either a stretch of events or an answer.
struct batch_piece {
  const placed_answer* answer = nullptr;  ///< Set: send this; the rest is empty.
  std::uint32_t first_event = 0;          ///< Otherwise events [first_event, end_event), never none.
  std::uint32_t end_event = 0;
  friend bool operator==(const batch_piece&, const batch_piece&) = default;
};

/// Where event `index` begins in the bytes that have these ends; `index` may be one past the last.
inline std::uint32_t event_begin(const std::vector<std::uint32_t>& ends, std::uint32_t index) {
  return index == 0 ? 0 : ends[index - 1];
}

/// Appends the pieces to `out`. Events at or below `position` are left out, and those from `departs_at` on (the place
/// of the connection's own member_left; events.size() when there is none). Answers always go, at their places. `own`
/// are the connection's answers in order of index.
void cut_batch(const encoded_batch& batch, sequence position, std::uint32_t departs_at,
               std::span<const placed_answer* const> own, std::vector<batch_piece>& out);

}  // namespace parley
