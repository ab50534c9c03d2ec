// Which rooms are in use on which node, where every node can read it: for operators. Nobody decides anything by it;
// each node writes its own part every few seconds, and a part that is not written any more goes away. All functions
// block.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "parley/error.hpp"
#include "parley/ids.hpp"

namespace parley {

struct roster_entry {
  room_id room;
  std::uint32_t connections = 0;  ///< On that node.
  sequence seq = 0;               ///< Up to there that node has told them.
  friend bool operator==(const roster_entry&, const roster_entry&) = default;
};

struct node_rooms {
  uuid node;  ///< Its identity.
  std::vector<roster_entry> rooms;
  std::uint64_t left_out = 0;       ///< Rooms beyond most_roster_rooms.
  std::chrono::milliseconds age{};  ///< Since this was written.
};

/// Of one node: those with the most connections.
inline constexpr std::size_t most_roster_rooms = 10'000;
/// For how long what a node wrote stays. It writes several times as often.
inline constexpr std::chrono::milliseconds roster_lifetime{20'000};

/// One connection; belongs to one actor and its thread. Connects by itself, also anew after a failure; every error is
/// `unavailable`.
class room_roster {
 public:
  virtual ~room_roster() = default;
  /// All rooms of this node, at most most_roster_rooms, in any order; what has not changed costs nothing.
  virtual result<void> write(const uuid& node, std::span<const roster_entry> rooms, std::uint64_t left_out) = 0;
  /// This node stops.
  virtual result<void> withdraw() = 0;
  /// Of all nodes, this one too; at most 256.
  virtual result<std::vector<node_rooms>> read() = 0;
};

}  // namespace parley
