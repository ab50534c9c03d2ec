// Every message to a session: who sends it, and when.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "actors/actor_handles.hpp"
#include "parley/client_ports.hpp"
#include "parley/database.hpp"
#include "parley/delivery.hpp"

namespace parley {

/// Sent by the session to itself at its start.
struct session_started {};
/// Sent by the connection for each frame of its client.
struct session_frame {
  std::shared_ptr<client_frame> frame;  ///< The session's own; its command is moved on to the room.
};
/// Sent by a reading actor: the user's rooms and friends, read after the session stood in the directory. The error is
/// `unauthenticated` when the token ended before that, `forbidden` when the user was suspended, `not_found` when the
/// user is no member of the one room.
struct session_bootstrap {
  result<session_basis> basis;
};
/// Sent by a room to a session that asked to hold it: it will not retire before the session releases it.
struct room_held {
  room_id room;
  room_handle actor;
  bool is_member = false;
  std::uint32_t number = 0;  ///< Of the hold_room.
};
/// Sent by a room that is not in the store (and ends).
struct room_unknown {
  room_id room;
  error why;  ///< `not_found`, or `unavailable` when the store could not be read.
};
/// Sent by a room in answer to catch_up. Who sends the replay_end: with `attached` the room has put the rest of the
/// events and, if announce_end, the replay_end (more = false) into the attachment, so that both stand before live
/// events, and `frames` is null. With `limit` the session sends the replay_end (more = true) behind `frames`.
struct catch_up_step {
  enum class kind : std::uint8_t {
    attached,  ///< Live from `position` + 1; replay_end has been sent.
    page,      ///< `frames` hold the events up to `position`; ask again from there, also with events_left 0.
    limit,     ///< `frames` (may be null) hold the events up to `position`; the request's limit is reached with more to
               ///< come.
    read_store,  ///< The ring does not reach back to the connection's place: read a page from the store, whose log
                 ///< reaches to `position` at least.
    not_member,
    beyond_end,  ///< `after` is past the room's end.
  };
  room_id room;
  std::uint64_t replay = 0;  ///< The number that came with catch_up.
  kind what = kind::attached;
  sequence position = 0;
  std::uint32_t events = 0;
  shared_bytes frames;
};
/// Sent by a reading actor in answer to a session's question for a page of the log.
struct store_page {
  room_id room;
  std::uint64_t replay = 0;
  sequence log_end = 0;  ///< At least so far reached the log when the page was asked for.
  result<std::vector<durable_event>> events;
};
/// Sent by the connection's shard when its outbox has room for the next page.
struct outbox_drained {};
/// A room's actor died. Sent by the connection's shard with the position at which the attached connection stood; and by
/// the directory to every session with `unknown_position`, for those that held the room, or asked to, without being
/// attached. The old handle is dead: hold the room again through the directory, then catch up.
struct room_failed {
  static constexpr sequence unknown_position = -1;
  room_id room;
  sequence position = unknown_position;
};
/// Sent by the directory to every session: this user's record died with its watchers; who watches says so again.
struct presence_failed {
  user_id user;
};
/// Sent by the directory to all sessions of one who became a member: they tell `room_added` and go live.
struct user_joined_room {
  room_id room;
};
/// Sent by the directory to all sessions of one who left: `room_removed`, or close 4403 on a one-room connection.
struct user_left_room {
  room_id room;
  leave_reason reason = leave_reason::left;
};
/// Sent by the directory to all sessions of one who now stands to somebody otherwise than before.
struct friend_changed {
  friend_notice what;
};
/// Sent by the directory when the session's token ended, or its user was suspended: close with that code. Nobody is
/// logged out by `restarting`: it is not known whether the token still stands.
struct token_ended {
  close_code code = close_code::token_ended;
  std::shared_ptr<void> handed_on{};  ///< Held until this is done.
};
/// Sent by the directory: the user has another role now.
struct role_granted {
  role granted = role::user;
};
/// Sent by the connection when it is gone: the session releases its rooms and ends.
struct session_ended {};
/// Sent by a reading actor in answer to a session's other questions: run the rest there, where the state is.
struct look_up_done {
  std::function<void()> then;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(session_started)
PARLEY_UNSAFE(session_frame)
PARLEY_UNSAFE(session_bootstrap)
PARLEY_UNSAFE(room_held)
PARLEY_UNSAFE(room_unknown)
PARLEY_UNSAFE(catch_up_step)
PARLEY_UNSAFE(store_page)
PARLEY_UNSAFE(outbox_drained)
PARLEY_UNSAFE(room_failed)
PARLEY_UNSAFE(presence_failed)
PARLEY_UNSAFE(user_joined_room)
PARLEY_UNSAFE(user_left_room)
PARLEY_UNSAFE(friend_changed)
PARLEY_UNSAFE(token_ended)
PARLEY_UNSAFE(role_granted)
PARLEY_UNSAFE(session_ended)
PARLEY_UNSAFE(look_up_done)
#undef PARLEY_UNSAFE
