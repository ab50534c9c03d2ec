// The interfaces of sessions, rooms, presence records and the directory, which know one another. Their messages stand
// in session_messages.hpp, room_messages.hpp, presence_messages.hpp and directory_messages.hpp.
//
// All that is bound to CAF's version stands in these and in the spawn functions. Messages never leave the process, so
// none is serialised. Whoever waits for an outcome hands on an `answer`, which is told `unavailable` when its holder
// dies.
#pragma once

#include <caf/all.hpp>

#include "actors/control_messages.hpp"
#include "actors/operator_messages.hpp"
#include "actors/signal_messages.hpp"
#include "actors/stream_messages.hpp"

namespace parley {

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
struct gathering_over;
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
                     caf::reacts_to<hole_read>, caf::reacts_to<shard_ready>, caf::reacts_to<gathering_over>,
                     caf::reacts_to<indexing_began>, caf::reacts_to<relay_typing>, caf::reacts_to<move_read_marker>,
                     caf::reacts_to<room_tick>, caf::reacts_to<retirement_decided>, caf::reacts_to<marker_known>,
                     caf::reacts_to<end_read>, caf::reacts_to<markers_stored>, caf::reacts_to<events_heard>,
                     caf::reacts_to<log_reached>, caf::reacts_to<signal_heard>, caf::reacts_to<close_room>>;

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
struct find_sockets;
struct close_directory;
/// One a node: which room, presence record and sessions are where. It makes and monitors rooms and presence records.
using directory_handle =
    caf::typed_actor<caf::reacts_to<register_session>, caf::reacts_to<unregister_session>, caf::reacts_to<to_room>,
                     caf::reacts_to<membership_changed>, caf::reacts_to<friendship_changed>,
                     caf::reacts_to<end_sockets>, caf::reacts_to<role_changed>, caf::reacts_to<to_presence>,
                     caf::reacts_to<presence_idle>, caf::reacts_to<retire_room>, caf::reacts_to<look_at_node>,
                     caf::reacts_to<events_heard>, caf::reacts_to<list_rooms_in_use>, caf::reacts_to<logs_reached>,
                     caf::reacts_to<end_all_sockets>, caf::reacts_to<presence_heard>,
                     caf::reacts_to<save_presence_again>, caf::reacts_to<count_rooms>, caf::reacts_to<find_sockets>,
                     caf::reacts_to<close_directory>>;

}  // namespace parley
