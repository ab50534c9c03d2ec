// Users and rooms for a load, made by REST as anybody would; each step is shown on standard error.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "support/client_socket.hpp"

namespace parley::bench {

/// Rooms of which nobody is in two.
struct load_world {
  struct room {
    std::string id;
    std::vector<std::string> tokens;  ///< A member's each.
    std::size_t first = 0;            ///< Its first member among all clients.
  };
  std::vector<room> rooms;
  std::vector<std::size_t> room_of;  ///< By client: rooms' members one after the other.

  [[nodiscard]] std::size_t clients() const { return room_of.size(); }
  [[nodiscard]] const std::string& token_of(std::size_t client) const {
    const auto& in = rooms[room_of[client]];
    return in.tokens[client - in.first];
  }
};

/// One room of each size. Throws std::runtime_error when a call fails.
load_world make_load_world(const support::target& node, const std::vector<std::size_t>& sizes);

/// For the naive server, which takes a token for the room's name.
load_world make_naive_world(const std::vector<std::size_t>& sizes);

/// Users that are in several rooms each.
struct crowd {
  std::vector<std::string> tokens;  ///< By user.
  std::vector<std::string> room_ids;
  std::size_t rooms_each = 1;

  /// User N is in room N modulo the rooms, and in those behind it.
  [[nodiscard]] std::size_t room_of(std::size_t user, std::size_t which = 0) const {
    return (user + which) % room_ids.size();
  }
};

/// Throws std::runtime_error when a call fails.
crowd make_crowd(const support::target& node, std::size_t users, std::size_t rooms, std::size_t rooms_each);

}  // namespace parley::bench
