// Makes the actor that tells the other nodes, for operators, which rooms are in use here, and reads what they tell.
#pragma once

#include <memory>

#include "actors/actor_services.hpp"
#include "parley/room_roster.hpp"

namespace parley {

/// With a thread of its own. `services` outlives it; services.directory and services.identity stand already.
roster_handle spawn_roster(caf::actor_system& system, const actor_services& services, room_roster& roster);
/// On the scheduler, for tests: the roster must not block.
roster_handle spawn_roster_on_scheduler(caf::actor_system& system, const actor_services& services, room_roster& roster);

}  // namespace parley
