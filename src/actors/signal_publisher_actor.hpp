// Makes a signal publisher: this node's signals, to the nodes that have somebody to tell.
#pragma once

#include <atomic>
#include <memory>

#include "actors/actor_services.hpp"
#include "actors/signal_messages.hpp"

namespace parley {

/// What a publisher shares with those who send to it: how much may wait, and whether a hint is owed, of which one is as
/// good as many.
struct signal_backlog {
  std::shared_ptr<queue_bound> bound;  ///< In signals.
  std::atomic<bool> owes_hint{false};
};

/// With a thread of its own. `services` outlives it.
signal_publisher_handle spawn_signal_publisher(caf::actor_system& system, const actor_services& services,
                                               signal_bus& bus, std::shared_ptr<signal_backlog> backlog);
/// On the scheduler, for tests: the bus must not block.
signal_publisher_handle spawn_signal_publisher_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                            signal_bus& bus, std::shared_ptr<signal_backlog> backlog);

}  // namespace parley
