// Every message to the directory: who sends it, and when.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "actors/actor_handles.hpp"
#include "actors/presence_messages.hpp"
#include "actors/room_messages.hpp"
#include "parley/answer.hpp"
#include "parley/delivery.hpp"

namespace parley {

/// Sent by a session before it reads its rooms, so that no join or revocation falls between.
struct register_session {
  user_id user;
  token_hash token;
  connection_ref connection;
  session_handle session;
};
struct unregister_session {
  user_id user;
  connection_ref connection;
};
/// Sent by sessions and the broker: makes the room's actor if need be and hands the message on.
struct to_room {
  room_id room;
  std::variant<hold_room, post_to_room, move_read_marker> message;
};
/// Sent by a room after it released a membership event, and by the broker after a room was made.
struct membership_changed {
  room_id room;
  user_id user;
  std::optional<leave_reason> left;  ///< Null: joined.
};
/// Sent by the broker, or the control actor, when a change is stored: all sessions of `user` are told.
struct friendship_changed {
  user_id user;
  friend_notice what;
};
/// Sent by the account actor: the sessions that it is about end.
struct end_sockets {
  revocation what;
  std::shared_ptr<void> handed_on{};  ///< Held until each of them takes no more frames.
};
/// Sent by the account actor, or the control actor: all sessions of `user` are told.
struct role_changed {
  user_id user;
  role granted = role::user;
};
/// Sent by sessions and accounts: makes the user's presence record if need be and hands the message on.
struct to_presence {
  std::variant<user_came_on, user_went_off, watch_user, watcher_knows, unwatch_user> message;
};
/// Sent by a presence record that nobody needs; granted (stop_presence) if it has received all that was sent to it.
struct presence_idle {
  user_id user;
  std::uint64_t received = 0;
};
/// Sent by an idle room: `received` counts the messages the directory handed to it, so that the directory sees
/// whether another one is on its way.
struct retire_room {
  room_id room;
  std::uint64_t received = 0;
};
/// Who is connected and which rooms are in memory, each in order of id.
struct node_view {
  std::vector<std::pair<user_id, std::uint32_t>> users;  ///< With the count of their connections.
  std::vector<room_id> rooms;
};
/// Sent by the broker for the operator.
struct look_at_node {
  answer<node_view> reply;
};
/// Sent for the operator: the user's log-ins with sockets here, those with the most sockets first; most_told_log_ins at
/// most.
struct find_sockets {
  user_id user;
  answer<std::vector<open_sockets>> reply;
};
/// Sent at the stop: rooms flush their markers and end, then the directory.
struct close_directory {
  answer<std::monostate> done;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(friendship_changed)
PARLEY_UNSAFE(register_session)
PARLEY_UNSAFE(unregister_session)
PARLEY_UNSAFE(to_room)
PARLEY_UNSAFE(membership_changed)
PARLEY_UNSAFE(end_sockets)
PARLEY_UNSAFE(role_changed)
PARLEY_UNSAFE(to_presence)
PARLEY_UNSAFE(presence_idle)
PARLEY_UNSAFE(retire_room)
PARLEY_UNSAFE(look_at_node)
PARLEY_UNSAFE(find_sockets)
PARLEY_UNSAFE(close_directory)
#undef PARLEY_UNSAFE
