// Makes the control actor: what ended or changed for a user on one node does so on all, and whoever ended it can wait
// for that.
#pragma once

#include "actors/account_messages.hpp"
#include "actors/actor_services.hpp"
#include "parley/delivery_lease.hpp"

namespace parley {

struct control_parts {
  control_log& log;
  delivery_lease& lease;
  node_identity& identity;
  account_handle accounts;
  /// Told when the log has been read once: from then on nothing is missed.
  answer<std::monostate> began{};
};

/// With a thread of its own. `services`, the log, the lease and the identity outlive it; services.directory stands
/// already.
control_handle spawn_control(caf::actor_system& system, const actor_services& services, control_parts parts);
/// On the scheduler, for tests: the log must not block.
control_handle spawn_control_on_scheduler(caf::actor_system& system, const actor_services& services,
                                          control_parts parts);

}  // namespace parley
