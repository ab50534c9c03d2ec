// Makes a reading actor: runs questions to the store one after another on its own thread.
#pragma once

#include "actors/actor_services.hpp"

namespace parley {

/// Opens its reader on its own thread (`own_thread`; tests let their scheduler run it), again after a question threw.
reading_handle spawn_reading_actor(caf::actor_system& system, const actor_services& services, database& source,
                                   bool own_thread = true);

}  // namespace parley
