// Makes a presence record: one for each user who is connected here, has just logged in, or is watched.
#pragma once

#include "actors/actor_services.hpp"

namespace parley {

/// Spawned by the directory (services.make_presence), which sends everything through; ends after `stop_presence`, which
/// the directory sends when the record said that nobody needs it, and at the node's stop. `services` outlives it.
presence_handle spawn_presence(caf::actor_system& system, const actor_services& services, user_id user);

}  // namespace parley
