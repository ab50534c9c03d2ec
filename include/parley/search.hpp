// Searching messages: what a hit is, and the port to the index, which follows the rooms' logs.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parley/error.hpp"
#include "parley/events.hpp"

namespace parley {

/// A piece of a message's text: what was looked for, or what stands around it.
struct snippet_part {
  std::string text;
  bool is_hit = false;
};
/// A message as it now stands, and the passage of its first hit.
struct search_hit {
  history_item item;
  std::vector<snippet_part> snippet;
};

/// One connection that keeps the index; belongs to one thread and blocks. The index follows each room's log by a
/// position that stands in the index itself: whatever becomes of it, it is made up for from there, and what it says of
/// a message is only where to look. Several nodes may keep one index.
class search_index {
 public:
  virtual ~search_index() = default;
  /// Takes the next part of these rooms' logs, about `search_step` events of all together. Those of which there is
  /// more.
  virtual result<std::vector<room_id>> advance(std::span<const room_id> rooms) = 0;
  /// Of the rooms after `after` in order of their ids, those that the index does not stand level with; some thousand
  /// rooms at a time.
  struct rooms_behind {
    std::vector<room_id> rooms;
    std::optional<room_id> next;  ///< Null: these were the last.
  };
  virtual result<rooms_behind> find_behind(room_id after) = 0;
};
inline constexpr std::int64_t search_step = 2'000;

}  // namespace parley
