// Makes the account actor: registration, log-in, tokens, and development mode's entry by name.
#pragma once

#include <vector>

#include "actors/account_messages.hpp"
#include "actors/actor_services.hpp"

namespace parley {

/// One a node. `hashers` are the job actors it spreads work over; the caller ends them. `services` outlives it.
account_handle spawn_account_actor(caf::actor_system& system, const actor_services& services,
                                   std::vector<job_handle> hashers);

}  // namespace parley
