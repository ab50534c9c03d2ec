// Makes a session's actor: one for each open WebSocket, between its connection and its rooms.
#pragma once

#include "actors/actor_services.hpp"

namespace parley {

/// Ends by itself after `session_ended`. When it dies by an exception its connection is closed (1013) and its rooms,
/// which monitor it, let go of it. `services` outlives it.
session_handle spawn_session(caf::actor_system& system, const actor_services& services, session_request request);

}  // namespace parley
