// Makes the sweep: rooms compared with the store, for what no news told.
#pragma once

#include "actors/actor_services.hpp"
#include "actors/stream_messages.hpp"

namespace parley {

/// One a node with a bus; ends when it is told to. `services` outlives it.
sweep_handle spawn_sweep(caf::actor_system& system, const actor_services& services);

}  // namespace parley
