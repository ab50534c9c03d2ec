// Makes the watch of a pool of actors with connections to the store: a node with nothing to ask still knows whether it
// could.
#pragma once

#include <caf/all.hpp>
#include <vector>

#include "actors/store_messages.hpp"

namespace parley {

/// Sends look_at_store to each of them (which must take it) a second after it is done with the last one.
store_watch_handle spawn_store_watch(caf::actor_system& system, std::vector<caf::actor> watched);

}  // namespace parley
