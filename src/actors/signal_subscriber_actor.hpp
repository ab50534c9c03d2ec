// Makes a signal subscriber: other nodes' signals, to those here who attend to them.
#pragma once

#include <functional>
#include <memory>

#include "actors/actor_services.hpp"
#include "actors/signal_messages.hpp"

namespace parley {

/// With a thread of its own, on which it listens until it is ended; whoever sends to it wakes `subscriber` then.
/// `services` outlives it.
signal_subscriber_handle spawn_signal_subscriber(caf::actor_system& system, const actor_services& services,
                                                 std::unique_ptr<signal_subscriber> subscriber);
/// On the scheduler, for tests: the bus must not block, and each hear_signals listens once.
signal_subscriber_handle spawn_signal_subscriber_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                              std::unique_ptr<signal_subscriber> subscriber);

}  // namespace parley
