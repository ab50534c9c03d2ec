// What the operator sees of a running node: the directory says who and what is there, the store their names.
#pragma once

#include "actors/actor_services.hpp"
#include "parley/client_ports.hpp"

namespace parley {

// Any thread. `services` outlives the answer.

void show_node(const actor_services& services, call<list_connections> ask);
void show_node(const actor_services& services, call<list_active_rooms> ask);

}  // namespace parley
