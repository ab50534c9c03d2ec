// The interfaces of sessions, rooms, presence records and the directory, and every message between them, one struct a
// message: who sends it to whom, and when. store_messages.hpp and account_messages.hpp have the others.
//
// All that is bound to CAF's version stands here and in the spawn functions. Messages never leave the process, so none
// is serialised. Whoever waits for an outcome hands on an `answer`, which is told `unavailable` when its holder dies.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "actors/control_messages.hpp"
#include "actors/operator_messages.hpp"
#include "actors/signal_messages.hpp"
#include "actors/store_messages.hpp"
#include "actors/stream_messages.hpp"
#include "parley/answer.hpp"
#include "parley/client_ports.hpp"
#include "parley/database.hpp"
#include "parley/delivery.hpp"

namespace parley {

// --- Sessions, rooms, presence and the directory, which know one another ---

struct session_started;
struct session_frame;
struct session_bootstrap;
struct room_held;
struct room_unknown;
struct catch_up_step;
struct store_page;
struct outbox_drained;
struct room_failed;
struct presence_failed;
struct user_joined_room;
struct user_left_room;
struct friend_changed;
struct token_ended;
struct role_granted;
struct session_ended;
struct look_up_done;
/// One for each open WebSocket.
using session_handle =
    caf::typed_actor<caf::reacts_to<session_started>, caf::reacts_to<session_frame>, caf::reacts_to<session_bootstrap>,
                     caf::reacts_to<room_held>, caf::reacts_to<room_unknown>, caf::reacts_to<catch_up_step>,
                     caf::reacts_to<store_page>, caf::reacts_to<outbox_drained>, caf::reacts_to<room_failed>,
                     caf::reacts_to<presence_failed>, caf::reacts_to<user_joined_room>, caf::reacts_to<user_left_room>,
                     caf::reacts_to<friend_changed>, caf::reacts_to<token_ended>, caf::reacts_to<role_granted>,
                     caf::reacts_to<session_ended>, caf::reacts_to<look_up_done>>;

struct room_loaded;
struct hold_room;
struct release_room;
struct post_to_room;
struct catch_up;
struct batch_stored;
struct hole_read;
struct shard_ready;
struct indexing_began;
struct relay_typing;
struct move_read_marker;
struct room_tick;
struct retirement_decided;
struct marker_known;
struct end_read;
struct markers_stored;
struct close_room;
/// One for each room in use on this node.
using room_handle =
    caf::typed_actor<caf::reacts_to<room_loaded>, caf::reacts_to<hold_room>, caf::reacts_to<release_room>,
                     caf::reacts_to<post_to_room>, caf::reacts_to<catch_up>, caf::reacts_to<batch_stored>,
                     caf::reacts_to<hole_read>, caf::reacts_to<shard_ready>, caf::reacts_to<indexing_began>,
                     caf::reacts_to<relay_typing>, caf::reacts_to<move_read_marker>, caf::reacts_to<room_tick>,
                     caf::reacts_to<retirement_decided>, caf::reacts_to<marker_known>, caf::reacts_to<end_read>,
                     caf::reacts_to<markers_stored>, caf::reacts_to<events_heard>, caf::reacts_to<log_reached>,
                     caf::reacts_to<signal_heard>, caf::reacts_to<close_room>>;

struct user_came_on;
struct user_went_off;
struct watch_user;
struct watcher_knows;
struct unwatch_user;
struct presence_saved;
struct presence_tick;
struct stop_presence;
/// One for each user who is connected here, has just logged in, or is watched.
using presence_handle =
    caf::typed_actor<caf::reacts_to<user_came_on>, caf::reacts_to<user_went_off>, caf::reacts_to<watch_user>,
                     caf::reacts_to<watcher_knows>, caf::reacts_to<unwatch_user>, caf::reacts_to<presence_saved>,
                     caf::reacts_to<presence_heard>, caf::reacts_to<save_presence_again>, caf::reacts_to<presence_tick>,
                     caf::reacts_to<stop_presence>>;

struct register_session;
struct unregister_session;
struct to_room;
struct membership_changed;
struct friendship_changed;
struct end_sockets;
struct role_changed;
struct to_presence;
struct presence_idle;
struct retire_room;
struct look_at_node;
struct close_directory;
/// One a node: which room, presence record and sessions are where. It makes and monitors rooms and presence records.
using directory_handle =
    caf::typed_actor<caf::reacts_to<register_session>, caf::reacts_to<unregister_session>, caf::reacts_to<to_room>,
                     caf::reacts_to<membership_changed>, caf::reacts_to<friendship_changed>,
                     caf::reacts_to<end_sockets>, caf::reacts_to<role_changed>, caf::reacts_to<to_presence>,
                     caf::reacts_to<presence_idle>, caf::reacts_to<retire_room>, caf::reacts_to<look_at_node>,
                     caf::reacts_to<events_heard>, caf::reacts_to<list_rooms_in_use>, caf::reacts_to<logs_reached>,
                     caf::reacts_to<end_all_sockets>, caf::reacts_to<presence_heard>,
                     caf::reacts_to<save_presence_again>, caf::reacts_to<count_rooms>, caf::reacts_to<close_directory>>;

// --- Messages to a session ---

/// Sent by the session to itself at its start.
struct session_started {};
/// Sent by the connection for each frame of its client.
struct session_frame {
  std::shared_ptr<client_frame> frame;  ///< The session's own; its command is moved on to the room.
};
/// Sent by a reading actor: the user's rooms and friends, read after the session stood in the directory. The error is
/// `unauthenticated` when the token ended before that, `not_found` when the user is no member of the one room.
struct session_bootstrap {
  result<std::vector<room_summary>> rooms;
  std::vector<user_id> friends{};
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
/// Sent by the directory when the session's token ended, or its user was suspended: close with that code.
struct token_ended {
  close_code code = close_code::token_ended;
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

// --- Messages to a room ---

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
  result<std::monostate> outcome;
};
/// Sent by the directory at the stop: finish what is under way, store the read markers, end.
struct close_room {};

// --- Messages to a presence record ---

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

// --- Messages to the directory ---

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
/// Sent at the stop: rooms flush their markers and end, then the directory.
struct close_directory {
  answer<std::monostate> done;
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
PARLEY_UNSAFE(friendship_changed)
PARLEY_UNSAFE(token_ended)
PARLEY_UNSAFE(role_granted)
PARLEY_UNSAFE(session_ended)
PARLEY_UNSAFE(look_up_done)
PARLEY_UNSAFE(room_loaded)
PARLEY_UNSAFE(hold_room)
PARLEY_UNSAFE(release_room)
PARLEY_UNSAFE(post_to_room)
PARLEY_UNSAFE(catch_up)
PARLEY_UNSAFE(batch_stored)
PARLEY_UNSAFE(hole_read)
PARLEY_UNSAFE(shard_ready)
PARLEY_UNSAFE(indexing_began)
PARLEY_UNSAFE(relay_typing)
PARLEY_UNSAFE(move_read_marker)
PARLEY_UNSAFE(room_tick)
PARLEY_UNSAFE(retirement_decided)
PARLEY_UNSAFE(marker_known)
PARLEY_UNSAFE(end_read)
PARLEY_UNSAFE(markers_stored)
PARLEY_UNSAFE(close_room)
PARLEY_UNSAFE(user_came_on)
PARLEY_UNSAFE(user_went_off)
PARLEY_UNSAFE(watch_user)
PARLEY_UNSAFE(watcher_knows)
PARLEY_UNSAFE(unwatch_user)
PARLEY_UNSAFE(presence_saved)
PARLEY_UNSAFE(presence_tick)
PARLEY_UNSAFE(stop_presence)
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
PARLEY_UNSAFE(close_directory)
#undef PARLEY_UNSAFE
