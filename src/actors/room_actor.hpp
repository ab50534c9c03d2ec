// Makes a room's actor: the one place through which all of a room's commands, events and attachments pass on this node.
#pragma once

#include "actors/actor_services.hpp"

namespace parley {

/// Spawned by the directory, which monitors it. `after_crash`: the former actor may have left a batch with the store,
/// so that the new one reads the room only when the store has finished what came before. `services` outlives it.
room_handle spawn_room(caf::actor_system& system, const actor_services& services, room_id room, bool after_crash);

}  // namespace parley
