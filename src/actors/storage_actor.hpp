// Makes a storage actor: all that waits in its mailbox becomes one transaction.
#pragma once

#include "actors/actor_services.hpp"

namespace parley {

/// Opens its writer on its own thread (`own_thread`; tests let their scheduler run it) and keeps it. Blocks in commits.
/// A failed commit is answered `unavailable` to all in it, and so is everything new until a probe has worked. An
/// exception inside it does the same with a new connection: the actor itself lives until it is sent an exit message.
storage_handle spawn_storage_actor(caf::actor_system& system, const actor_services& services, database& source,
                                   bool own_thread = true);

}  // namespace parley
