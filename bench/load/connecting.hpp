// Everybody connects, some at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "across/wire_loop.hpp"
#include "load/world.hpp"

namespace parley::bench {

struct connecting {
  std::size_t clients = 0;
  std::size_t at_once = 200;  ///< Upgrades under way.
  std::function<void(std::size_t client)> begin;
  std::function<std::size_t()> done;           ///< So many are through.
  std::function<const std::string&()> broken;  ///< How a connection ended; empty: none did.
  std::function<void()> on_step{};             ///< Often; shows how many are through, in place of their count.
};

/// Returns when all are through, and shows how many are. Throws std::runtime_error when one cannot, or it takes longer
/// than two minutes.
void connect_all(wire_loop& loop, const connecting& what);

/// Everybody of that world, whose frames are counted in `ready` and whose ends are told in `broken` by the loop's
/// owner.
void connect_world(wire_loop& loop, const load_world& world, const support::target& node, const std::size_t& ready,
                   const std::string& broken);

}  // namespace parley::bench
