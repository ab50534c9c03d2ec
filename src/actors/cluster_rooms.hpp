// The rooms in use on all nodes, as an operator asks for them.
#pragma once

#include "actors/actor_services.hpp"
#include "parley/client_ports.hpp"

namespace parley {

/// Any thread. `services` outlives the answer.
void show_cluster_rooms(const actor_services& services, call<list_cluster_rooms> ask);

}  // namespace parley
