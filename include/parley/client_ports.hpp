// The port from clients to actors: what src/net asks of the broker, one struct a request, the same for REST and
// WebSocket.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/account_requests.hpp"
#include "parley/answer.hpp"
#include "parley/codec.hpp"
#include "parley/commands.hpp"
#include "parley/control_log.hpp"
#include "parley/delivery.hpp"
#include "parley/file_requests.hpp"
#include "parley/message_trace.hpp"
#include "parley/moderation_requests.hpp"
#include "parley/search.hpp"
#include "parley/values.hpp"

namespace parley {

// --- Requests of a user: `who` is the caller ---

struct find_users {
  using reply = page<user_profile>;
  principal who;
  std::string query;  ///< Prefix of username or part of display name; empty lists all.
  page_request range;
};
struct get_user {
  using reply = user_profile;
  principal who;
  user_id user;
};
struct get_presence {
  using reply = std::vector<presence_record>;
  principal who;
  std::vector<user_id> users;
};
struct list_friends {
  using reply = page<friend_item>;
  principal who;
  std::optional<friend_status> status;  ///< Null: all.
  page_request range;
};
struct change_friendship {
  using reply = std::optional<friend_item>;  ///< As the caller now sees the other; null for `none`.
  principal who;
  user_id other;
  friend_action action = friend_action::ask;
};
struct create_room {
  struct reply {
    room_summary room;
    bool created = true;  ///< False: the pair's existing private room.
  };
  principal who;
  bool is_group = true;
  std::string name;              ///< Groups.
  std::vector<user_id> members;  ///< Groups: first members besides the creator. Private: exactly the other one.
};
struct list_rooms {
  using reply = page<room_summary>;
  principal who;
  page_request range;
};
struct get_room {
  using reply = room_summary;
  principal who;
  room_id room;
  /// A change of theirs was just stored: they hear what became of it, though they may have been removed since.
  bool after_change = false;
};
/// In order of user_id; a page's cursor is the user_id after which it begins.
struct list_members {
  using reply = page<room_member>;
  principal who;
  room_id room;
  page_request range;
  bool after_change = false;  ///< As in get_room.
};
/// Every durable command by REST. Without a room it is looked up by the message.
struct change_room {
  struct reply {
    ack_data ack;                       ///< For send, edit, delete, react.
    std::vector<durable_event> events;  ///< What was stored; empty for a duplicate.
    bool is_duplicate = false;          ///< Nothing had to be stored.
  };
  principal who;
  std::optional<room_id> room;
  durable_command command;
};
struct mark_read {
  using reply = read_ack;
  principal who;
  room_id room;
  sequence seq = 0;
};
struct get_history {
  using reply = page<history_item>;
  principal who;
  room_id room;
  std::optional<sequence> before_seq, after_seq;  ///< At most one of them.
  std::uint32_t limit = 50;
};
struct get_events {
  using reply = page<durable_event>;
  principal who;
  room_id room;
  sequence after_seq = 0;
  std::uint32_t limit = 50;
};

/// In the user's rooms, or in one of them, which they must be in.
struct search_messages {
  using reply = page<search_hit>;
  principal who;
  std::string text;
  std::optional<room_id> room;
  page_request range;
};

// --- Requests of the operator about this node ---

struct connected_user {
  user_profile user;
  std::uint32_t connections = 0;
};
/// In order of user_id, which is the cursor.
struct list_connections {
  using reply = page<connected_user>;
  page_request range;
};
struct active_room {
  room_id id;
  std::optional<std::string> name;
  bool is_group = true;
  std::size_t members = 0;
  sequence last_seq = 0;
};
/// Rooms in memory, in order of room_id, which is the cursor.
struct list_active_rooms {
  using reply = page<active_room>;
  page_request range;
};

/// Of the whole cluster.
struct list_nodes {
  using reply = std::vector<node_seen>;
};

/// A room that is in use on some node.
struct cluster_room {
  struct place {
    std::string node;  ///< Its name.
    std::uint32_t connections = 0;
    sequence seq = 0;  ///< Up to there that node has told them.
  };
  room_id id;
  std::optional<std::string> name;
  bool is_group = true;
  sequence last_seq = 0;          ///< In the store.
  std::uint64_t connections = 0;  ///< On all nodes.
  std::vector<place> nodes;
};
/// A node, as far as its rooms are known.
struct roster_node {
  uuid node;
  std::string name;
  std::size_t rooms = 0;
  std::uint64_t left_out = 0;       ///< Rooms that it has besides, with few connections or none.
  std::chrono::milliseconds age{};  ///< Of what is known.
};
struct cluster_rooms {
  std::vector<cluster_room> rooms;  ///< Those with the most connections first.
  std::size_t total = 0;            ///< How many there are, these and more.
  std::vector<roster_node> nodes;
  std::vector<std::string> silent;  ///< Nodes whose rooms are not known.
};
/// `unavailable` when the bus, which knows of the other nodes' rooms, does not answer.
struct list_cluster_rooms {
  using reply = cluster_rooms;
  std::size_t limit = 100;
};

/// What the nodes know of a message.
struct message_life {
  struct place {
    uuid node;
    std::string name;
    std::optional<traced_message> known;  ///< Null: it is not among that node's last messages.
  };
  std::vector<place> nodes;         ///< Those that answered, this one first.
  std::vector<std::string> silent;  ///< Those that did not, in time.
  bool are_nodes_known = true;      ///< False: the store did not say which there are.
};
struct trace_message {
  using reply = message_life;
  message_id message;
};

/// One log-in's open sockets on one node.
struct connected_device {
  std::string node;  ///< Its name.
  std::uint32_t sockets = 0;
  std::optional<std::string> user_agent;
  std::optional<timestamp> logged_in_at;  ///< Null: that log-in has ended meanwhile.
};
/// Why somebody counts as online, or does not. `not_found` for an unknown user.
struct presence_explanation {
  presence_record now;
  std::vector<presence_place> places;
  std::size_t log_ins = 0;                ///< That have not ended.
  std::vector<connected_device> devices;  ///< On a place without any there is the grace time only.
  std::vector<std::string> silent;        ///< Nodes that did not say in time which devices they have.
  std::chrono::milliseconds lease{};      ///< A node that is silent for so long counts as dead, and nobody as on there.
};
struct explain_presence {
  using reply = presence_explanation;
  user_id user;
};

/// A request and the one who waits for its reply.
template <class Request>
struct call {
  Request request;
  answer<typename Request::reply> reply;
};

using any_call =
    std::variant<call<register_user>, call<log_in>, call<authenticate>, call<enter_by_name>, call<log_out>,
                 call<get_me>, call<change_me>, call<change_own_password>, call<list_own_tokens>, call<end_own_token>,
                 call<list_accounts>, call<change_user>, call<end_user_tokens>, call<reset_password>, call<list_audit>,
                 call<list_connections>, call<list_active_rooms>, call<list_nodes>, call<list_cluster_rooms>,
                 call<trace_message>, call<explain_presence>, call<find_users>, call<get_user>, call<get_presence>,
                 call<list_friends>, call<change_friendship>, call<create_room>, call<list_rooms>, call<get_room>,
                 call<list_members>, call<change_room>, call<mark_read>, call<get_history>, call<get_events>,
                 call<search_messages>, call<begin_upload>, call<put_file_block>, call<finish_upload>, call<open_file>,
                 call<read_file_block>, call<sign_file>, call<list_own_files>, call<delete_own_file>, call<list_bans>,
                 call<list_mutes>, call<report_message>, call<list_reports>, call<decide_report>>;

enum class replay_mode : std::uint8_t { unread, none };

struct session_request {
  principal who;
  connection_ref connection;
  replay_mode replay = replay_mode::unread;
  std::optional<room_id> only_room;  ///< /ws/{room_id}/{user_id}
};

/// An open WebSocket's actor, as its connection holds it. Destroying it says that the connection is gone.
class client_session {
 public:
  virtual ~client_session() = default;
  /// Any I/O thread. Exactly one answer comes back through `delivery` when frame.wants_answer().
  virtual void submit(client_frame frame) = 0;
  /// The room's actor died and this connection was detached at that position; the session attaches it anew.
  virtual void room_failed(room_id room, sequence position) = 0;
};

/// Implemented by src/actors. Any thread may call; nothing blocks. Replies run on an actor's thread.
class broker {
 public:
  virtual ~broker() = default;
  virtual void submit(any_call what) = 0;
  /// The user's membership of only_room was checked by the caller (get_room) before the upgrade.
  virtual std::unique_ptr<client_session> open_session(session_request request) = 0;

  template <class Request, class Callback>
  void ask(Request request, Callback on_reply) {
    submit(call<Request>{std::move(request), answer<typename Request::reply>(std::move(on_reply))});
  }
};

}  // namespace parley
