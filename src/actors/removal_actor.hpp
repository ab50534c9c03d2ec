// The removal actor.
#pragma once

#include "actors/actor_services.hpp"
#include "actors/removal_messages.hpp"

namespace parley {

/// One a node; ends when it is told to. `services` outlives it.
removal_handle spawn_removal_actor(caf::actor_system& system, const actor_services& services);

}  // namespace parley
