// Makes the actors whose jobs block: hashing passwords, reading and writing files.
#pragma once

#include "actors/job_messages.hpp"

namespace parley {

/// Runs jobs one after another; whoever sends them bounds what waits. Ends by an exit message.
job_handle spawn_job_actor(caf::actor_system& system, bool own_thread = true);

}  // namespace parley
