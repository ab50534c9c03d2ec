// Rooms, their store, their bus and one to three nodes in one thread with virtual time, where everything that can fail
// does.
#pragma once

#include <cstdint>
#include <string>

#include "support/checker.hpp"

namespace parley::simulation {

struct report {
  std::string fault;  ///< Empty when every promise was kept.
  std::uint64_t acknowledged = 0, commits = 0, errors = 0, kills = 0, reconnects = 0;
  std::uint64_t heard = 0;         ///< Batches of other nodes, by the bus.
  std::uint64_t behind = 0;        ///< Rooms of which a sweep found that they were behind the store.
  std::uint64_t declared_off = 0;  ///< Users, by some node, in the store.
  std::uint64_t trace = 0;         ///< Of all that all clients read: the same for the same seed.
};

/// Real rooms, storage actors, reading actors, directories, presence, control actors, sweeps and the bus's writers and
/// readers on CAF's deterministic scheduler, over a store that waits for locks, refuses, loses answers and what it has
/// not synced, and a Redis that forgets, is trimmed, breaks connections and goes away; shards and clients are models.
/// Which actor or shard moves next, which fault strikes and when time passes, all follow from the seed.
report simulate(std::uint64_t seed);

}  // namespace parley::simulation
