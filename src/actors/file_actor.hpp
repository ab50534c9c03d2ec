// The file actor.
#pragma once

#include "actors/actor_services.hpp"
#include "actors/file_messages.hpp"

namespace parley {

/// One a node. Uses services.shelf, services.storage and services.reads. Ends by an exit message; `services` outlives
/// it.
file_handle spawn_file_actor(caf::actor_system& system, const actor_services& services, bool sweeps = true);

}  // namespace parley
