// The port from values to the wire: everything the server says over WebSocket, and who turns it into frames.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/error.hpp"
#include "parley/events.hpp"
#include "parley/frame.hpp"
#include "parley/values.hpp"

namespace parley {

// --- What an `ack` may carry; REST answers the same data. ---

struct message_ack {
  room_id room;
  message_id message;
  sequence seq = 0;
  timestamp created_at{};
  std::optional<std::string> client_msg_id;
  bool duplicate = false;
};
struct edit_ack {
  room_id room;
  message_id message;
  sequence seq = 0;
  timestamp edited_at{};
};
struct delete_ack {
  room_id room;
  message_id message;
  sequence seq = 0;
  timestamp deleted_at{};
};
struct reaction_ack {
  room_id room;
  reaction_id reaction;
  sequence seq = 0;
};
struct read_ack {
  room_id room;
  sequence seq = 0;
  std::int64_t unread = 0;
};
struct presence_ack {
  std::vector<presence_record> users;
};
struct empty_ack {};

using ack_data = std::variant<empty_ack, message_ack, edit_ack, delete_ack, reaction_ack, read_ack, presence_ack>;

/// The ack of a stored event, as its sender is told.
ack_data ack_of(const durable_event& event, bool duplicate);

// --- What the server tells unasked, apart from durable events. ---

struct ready_notice {
  session_id session;
  user_profile user;
  timestamp server_time{};
  std::int64_t heartbeat_ms = 0;
  std::vector<room_summary> rooms;
};
struct room_added_notice {
  room_summary room;
};
struct room_removed_notice {
  room_id room;
  leave_reason reason = leave_reason::left;
};
struct typing_notice {
  room_id room;
  user_id user;
  bool is_typing = true;
};
struct read_notice {
  room_id room;
  user_id user;
  sequence seq = 0;
};
struct presence_notice {
  presence_record presence;
};
struct friend_notice {
  user_id user;  ///< The other one.
  friend_status status = friend_status::none;
  user_id by;  ///< Who acted.
};
struct replay_end_notice {
  room_id room;
  sequence seq = 0;  ///< Up to here the client now has everything.
  bool more = false;
};
struct drain_notice {
  std::int64_t reconnect_after_ms = 0;
};

using notice = std::variant<ready_notice, room_added_notice, room_removed_notice, typing_notice, read_notice,
                            presence_notice, friend_notice, replay_end_notice, drain_notice>;

/// Appends complete WebSocket frames to `out`. Stateless and thread-safe; never fails: text from the store is valid
/// UTF-8.
class frame_encoder {
 public:
  virtual ~frame_encoder() = default;
  virtual void append_event(std::string& out, const durable_event& event) const = 0;
  virtual void append_ack(std::string& out, const std::optional<std::string>& id, const ack_data& data) const = 0;
  virtual void append_error(std::string& out, const std::optional<std::string>& id, const error& what) const = 0;
  virtual void append_notice(std::string& out, const notice& what) const = 0;
};

}  // namespace parley
