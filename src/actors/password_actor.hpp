// Makes the actors that hash and verify passwords: tens of milliseconds each, so on threads of their own.
#pragma once

#include "actors/account_messages.hpp"
#include "actors/actor_services.hpp"

namespace parley {

/// Runs jobs one after another. The account actor bounds what waits. Ends by an exit message.
password_handle spawn_password_actor(caf::actor_system& system, bool own_thread = true);

}  // namespace parley
