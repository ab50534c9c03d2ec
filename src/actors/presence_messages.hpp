// Every message to a presence record: who sends it, and when.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <variant>

#include "actors/actor_handles.hpp"
#include "parley/answer.hpp"
#include "parley/database.hpp"
#include "parley/delivery.hpp"

namespace parley {

/// Sent through the directory by a session at its start, or by a log-in (without a connection: on for the grace time).
struct user_came_on {
  user_id user;
  std::optional<connection_ref> connection;
};
/// Stands for "no socket" where a connection is asked for; no shard has that number.
inline constexpr connection_ref no_connection{std::numeric_limits<std::uint32_t>::max(), 0};
/// Sent through the directory by a session at its end, or by a log-out.
struct user_went_off {
  user_id user;
  connection_ref connection;
  bool at_once = false;  ///< Logged out: no grace.
};
/// Sent through the directory by a session that watches somebody; it is told of every change from now on.
struct watch_user {
  user_id user;
  connection_ref watcher;
  answer<std::monostate> watched{};  ///< Told by being dropped, once the record knows its watcher.
};
/// Sent through the directory by a session that has told its client what the store says of somebody whom it watches.
struct watcher_knows {
  user_id user;
  connection_ref watcher;
  presence_record read;
};
struct unwatch_user {
  user_id user;
  connection_ref watcher;
};
/// Sent by a storage actor to the record: its save has come back, so watchers may be told.
struct presence_saved {
  std::uint64_t version = 0;
  presence_record record;
  bool stored = false;
};
/// Sent by the record to itself when the grace time may be over.
struct presence_tick {};
/// Sent by the directory at the stop, or when it has confirmed that nobody needs the record.
struct stop_presence {};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(user_came_on)
PARLEY_UNSAFE(user_went_off)
PARLEY_UNSAFE(watch_user)
PARLEY_UNSAFE(watcher_knows)
PARLEY_UNSAFE(unwatch_user)
PARLEY_UNSAFE(presence_saved)
PARLEY_UNSAFE(presence_tick)
PARLEY_UNSAFE(stop_presence)
#undef PARLEY_UNSAFE
