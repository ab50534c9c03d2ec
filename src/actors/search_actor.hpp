// The search actor.
#pragma once

#include "actors/actor_services.hpp"
#include "actors/job_messages.hpp"
#include "actors/search_messages.hpp"

namespace parley {

/// One a node. The index is opened and used on `thread` alone, which the caller ends; `source` and `services` outlive
/// both.
search_handle spawn_search_actor(caf::actor_system& system, const actor_services& services, database& source,
                                 job_handle thread);

}  // namespace parley
