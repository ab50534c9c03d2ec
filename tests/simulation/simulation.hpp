// Rooms, their store and one or two nodes in one thread with virtual time, where everything that can fail does.
#pragma once

#include <cstdint>
#include <string>

#include "support/checker.hpp"

namespace parley::simulation {

struct report {
  std::string fault;  ///< Empty when every promise was kept.
  std::uint64_t acknowledged = 0, commits = 0, errors = 0, kills = 0, reconnects = 0;
  std::uint64_t trace = 0;  ///< Of all that all clients read: the same for the same seed.
};

/// Real rooms, storage actors, reading actors and directories on CAF's deterministic scheduler over a store that waits
/// for locks, refuses, loses answers and what it has not synced; shards and clients are models. Which actor or shard
/// moves next, which fault strikes and when time passes, all follow from the seed.
report simulate(std::uint64_t seed);

}  // namespace parley::simulation
