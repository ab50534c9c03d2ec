// Durable events: what a room's log holds, each with its seq; and the one list of everything the server tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/clock.hpp"
#include "parley/ids.hpp"
#include "parley/values.hpp"

namespace parley {

struct message_posted {
  message_id message;
  user_id sender;
  std::string display_name;
  std::optional<std::string> content;  ///< Null with a file only, or once deleted.
  std::optional<std::string> file_url;
  std::optional<message_id> reply_to;
  std::optional<std::string> client_msg_id;
  timestamp created_at{};
};

struct message_edited {
  message_id message;
  user_id by;
  std::optional<std::string> content;  ///< Null once the message was deleted.
  timestamp edited_at{};
};

struct message_deleted {
  message_id message;
  user_id by;
  timestamp deleted_at{};
};

enum class reaction_action : std::uint8_t { add, remove };

struct reaction_changed {
  message_id message;
  reaction_id reaction;
  user_id by;
  std::string emoji;
  reaction_action action = reaction_action::add;
  timestamp created_at{};
};

enum class join_reason : std::uint8_t { created, invited };
enum class leave_reason : std::uint8_t { left, removed };

struct member_joined {
  user_id user;
  user_id by;
  join_reason reason = join_reason::invited;
};

struct member_left {
  user_id user;
  user_id by;
  leave_reason reason = leave_reason::left;
};

struct room_renamed {
  std::string name;
  user_id by;
};

struct member_muted {
  user_id user;
  user_id by;
  std::optional<timestamp> until;  ///< Null: no longer.
};

struct slow_mode_changed {
  std::int64_t seconds = 0;  ///< Between two messages of one member; 0: none.
  user_id by;
};

using event_body = std::variant<message_posted, message_edited, message_deleted, reaction_changed, member_joined,
                                member_left, room_renamed, member_muted, slow_mode_changed>;

struct durable_event {
  room_id room;
  sequence seq = 0;
  event_body body;
};

/// A message as history shows it: as it now stands.
struct reaction_summary {
  std::string emoji;
  std::int64_t count = 0;
  std::vector<user_id> users;  ///< The first 100.
};

struct history_item {
  room_id room;
  sequence seq = 0;
  message_posted message;
  std::optional<timestamp> edited_at;
  std::optional<timestamp> deleted_at;
  std::vector<reaction_summary> reactions;
};

}  // namespace parley
