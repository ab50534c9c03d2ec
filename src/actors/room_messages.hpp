// Every message to a room, and the command on its way through one: who sends it, and when.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/actor_handles.hpp"
#include "parley/answer.hpp"
#include "parley/client_ports.hpp"
#include "parley/database.hpp"
#include "parley/delivery.hpp"

namespace parley {

/// One command on its way through a room, from whichever entry, answered once.
struct pending_command {
  user_id user;
  durable_command command;
  uuid new_id;
  std::vector<uuid> membership_ids;

  /// WebSocket: where the ack goes, in its place in the room's order.
  struct from_connection {
    connection_ref connection;
    std::optional<std::string> frame_id;
    bool wants_answer = true;
  };
  /// Set for a WebSocket command; `reply` is for REST and also carries a WebSocket command's failure when dropped.
  std::optional<from_connection> connection;
  answer<change_room::reply> reply;
  steady_time accepted{};  ///< Set by the room.
};

/// Sent by a reading actor: what the room must know to begin. Everything else waits for it.
struct room_loaded {
  result<std::optional<room_snapshot>> snapshot;
};
/// Sent by the directory for a session that wants to be able to speak to the room; answered by room_held.
struct hold_room {
  room_id room;
  user_id user;
  connection_ref connection;
  session_handle session;
  /// Tells the session's holds apart: it may leave and come back while one is on its way.
  std::uint32_t number = 0;
};
/// Sent by a session: it is no longer a member. Its last message to this room. A session that ends need not send it,
/// since the room monitors who holds it.
struct release_room {
  connection_ref connection;
};
/// Sent by a session that holds the room, or by the directory for REST.
struct post_to_room {
  std::shared_ptr<pending_command> command;
};
/// Sent by a session that holds the room: bring this connection from `after` to live. Detaches it first if attached.
struct catch_up {
  connection_ref connection;
  user_id user;
  std::uint64_t replay = 0;  ///< Numbers the session's replays, so that late steps of a cancelled one are ignored.
  sequence after = 0;
  std::uint32_t events_left = 0;  ///< Of the request's limit.
  bool announce_end = true;       ///< False: attach without replay_end (replay=none, room_added).
};
/// Sent to the room when the store has answered its batch (or died).
struct batch_stored {
  std::uint64_t batch = 0;
  result<std::vector<append_outcome>> outcomes;
};
/// A part of a room's log as the store has it, and where the log ended just before that was read.
struct log_page {
  sequence end = 0;
  std::vector<durable_event> events;
};
/// Sent by a reading actor: the events of a hole in the room's order, or of an in-doubt batch.
struct hole_read {
  sequence after = 0;
  result<log_page> page;
};
/// Sent by a shard that has tried its sockets with a batch, when the room waits for that: it may have the next one.
struct shard_ready {
  std::uint32_t shard = 0;
};
/// Sent by a room to itself when it has waited long enough for commands that may be under way.
struct gathering_over {};
/// Sent by the search actor before it reads the room's log: what is written from now on is to be told again.
struct indexing_began {};
/// Sent by a session that holds the room.
struct relay_typing {
  user_id user;
  bool is_typing = true;
  answer<std::monostate> reply;  ///< not_found when not a member.
};
/// Sent by a session, or by the directory for REST. Answered when the marker is in the store.
struct move_read_marker {
  user_id user;
  sequence seq = 0;
  answer<read_ack> reply;
};
/// Sent by the room to itself: read markers to store, idleness.
struct room_tick {};
/// Sent by the directory in answer to retire_room: granted means that nobody can reach the room any more.
struct retirement_decided {
  bool granted = false;
};
/// Sent by a reading actor: where a user's read marker stands; null when no member.
struct marker_known {
  user_id user;
  steady_time asked_at;
  result<std::optional<room_summary>> room;
};
/// Sent by a reading actor: where the room's log ends, for moves beyond what the room has released.
struct end_read {
  std::vector<move_read_marker> moves;
  result<sequence> end;
};
/// Sent by a storage actor: these read markers are stored, or not.
struct markers_stored {
  std::vector<read_marker> markers;
  std::shared_ptr<const std::vector<sequence>> stands;  ///< Where the store has each of them, if it was stored.
  result<std::monostate> outcome;
};
/// Sent by the directory at the stop: finish what is under way, store the read markers, end.
struct close_room {};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(room_loaded)
PARLEY_UNSAFE(hold_room)
PARLEY_UNSAFE(release_room)
PARLEY_UNSAFE(post_to_room)
PARLEY_UNSAFE(catch_up)
PARLEY_UNSAFE(batch_stored)
PARLEY_UNSAFE(hole_read)
PARLEY_UNSAFE(shard_ready)
PARLEY_UNSAFE(gathering_over)
PARLEY_UNSAFE(indexing_began)
PARLEY_UNSAFE(relay_typing)
PARLEY_UNSAFE(move_read_marker)
PARLEY_UNSAFE(room_tick)
PARLEY_UNSAFE(retirement_decided)
PARLEY_UNSAFE(marker_known)
PARLEY_UNSAFE(end_read)
PARLEY_UNSAFE(markers_stored)
PARLEY_UNSAFE(close_room)
#undef PARLEY_UNSAFE
