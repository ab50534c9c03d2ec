// Makes the tracer: what all nodes know of a message, for operators.
#pragma once

#include "actors/actor_services.hpp"

namespace parley {

/// `services` outlives it; services.signals and services.identity stand already.
tracer_handle spawn_tracer(caf::actor_system& system, const actor_services& services);

/// What this node knows by itself, which is all there is to know on a node that is alone.
message_life life_here(const actor_services& services, const message_id& message);

}  // namespace parley
