// Makes a room's actor: the one place through which all of a room's commands, events and attachments pass on this node.
#pragma once

#include <memory>

#include "actors/actor_services.hpp"
#include "actors/room_figures.hpp"

namespace parley {

/// Spawned by the directory, which monitors it. `after_crash`: the former actor may have left a batch with the store,
/// so that the new one reads the room only when the store has finished what came before. It writes its figures into
/// `figures`. `services` outlives it.
room_handle spawn_room(caf::actor_system& system, const actor_services& services, room_id room, bool after_crash,
                       std::shared_ptr<room_figures> figures);

}  // namespace parley
