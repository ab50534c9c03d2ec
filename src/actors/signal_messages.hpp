// The actors of signals between nodes and what they send: what is worth hearing only now, to and from other nodes.
#pragma once

#include <caf/all.hpp>
#include <optional>

#include "actors/queue_bound.hpp"
#include "parley/signal_bus.hpp"

namespace parley {

struct signal_heard;
/// Whoever attends to a subject: a room.
using signal_listener = caf::typed_actor<caf::reacts_to<signal_heard>>;

struct publish_signal;
struct flush_signals;
/// One for each URL of the bus; has a thread, since it waits for the bus.
using signal_publisher_handle = caf::typed_actor<caf::reacts_to<publish_signal>, caf::reacts_to<flush_signals>>;

struct attend_signals;
struct leave_signals;
struct hear_signals;
/// As signal_publisher_handle.
using signal_subscriber_handle =
    caf::typed_actor<caf::reacts_to<attend_signals>, caf::reacts_to<leave_signals>, caf::reacts_to<hear_signals>>;

/// Sent by a room. Without any: a hint is to go out.
struct publish_signal {
  std::optional<ephemeral_signal> what;
  queue_place place;
};
/// Sent by the publisher to itself: publish all that waits.
struct flush_signals {};

/// Sent by a room to which the first connection is attached.
struct attend_signals {
  uuid subject;
  signal_listener to;
};
/// Sent by a room from which the last one is detached, and at its end. Never dropped, as nothing is that steers.
struct leave_signals {
  uuid subject;
};
/// Sent by the subscriber to itself: hear what is new.
struct hear_signals {};

/// Sent by a subscriber to who attends.
struct signal_heard {
  ephemeral_signal what;
  queue_place place;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(publish_signal)
PARLEY_UNSAFE(flush_signals)
PARLEY_UNSAFE(attend_signals)
PARLEY_UNSAFE(leave_signals)
PARLEY_UNSAFE(hear_signals)
PARLEY_UNSAFE(signal_heard)
#undef PARLEY_UNSAFE
