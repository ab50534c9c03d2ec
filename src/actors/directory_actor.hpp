// Makes the node's directory: which room, presence record and sessions are where.
#pragma once

#include "actors/actor_services.hpp"

namespace parley {

/// Spawned once by the runtime, which then stores the handle in services.directory before anybody else is spawned.
/// It makes rooms (spawn_room) and presence records (services.make_presence) on first use and monitors them and the
/// sessions. `services` outlives it.
directory_handle spawn_directory(caf::actor_system& system, const actor_services& services);

}  // namespace parley
