// What a client asks of a room, and the frames of a WebSocket client once text has ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "parley/events.hpp"
#include "parley/ids.hpp"

namespace parley {

// --- Durable commands: each that is accepted becomes one or more durable events. ---

struct send_message {
  std::optional<std::string> content;
  std::optional<std::string> file_url;
  std::optional<message_id> reply_to;
  std::optional<std::string> client_msg_id;
};

struct edit_message {
  message_id message;
  std::string content;
};

struct delete_message {
  message_id message;
  struct removal {
    user_id user;
    removal_id id;
  };
  /// One of those that this user's ban removes: allowed and audited with that ban, for as long as it stands.
  std::optional<removal> with_ban{};
};

struct change_reaction {
  message_id message;
  std::string emoji;
  reaction_action action = reaction_action::add;
};

struct invite_members {
  std::vector<user_id> users;
};

/// Leaving is removing oneself.
struct remove_member {
  user_id user;
};

struct rename_room {
  std::string name;
};

/// Out of the room if they are in it, and never in again until it is lifted. Makes an event for members only.
struct ban_member {
  user_id user;
  std::optional<std::string> reason;
  bool remove_messages = false;  ///< All of theirs in this room, afterwards and bit by bit.
};

struct lift_ban {
  user_id user;
};

/// Makes an event for members only.
struct mute_member {
  user_id user;
  std::int64_t seconds = 0;  ///< From now on, whatever was before; 0: no longer.
  std::optional<std::string> reason;
};

struct set_slow_mode {
  std::int64_t seconds = 0;  ///< Between two messages of one member; 0: none.
};

using durable_command = std::variant<send_message, edit_message, delete_message, change_reaction, invite_members,
                                     remove_member, rename_room, ban_member, lift_ban, mute_member, set_slow_mode>;

/// The message that a command is about, if it is about one that exists.
inline std::optional<message_id> message_of(const durable_command& command) {
  if (const auto* edit = std::get_if<edit_message>(&command)) return edit->message;
  if (const auto* gone = std::get_if<delete_message>(&command)) return gone->message;
  if (const auto* reaction = std::get_if<change_reaction>(&command)) return reaction->message;
  return std::nullopt;
}

// --- A WebSocket client's frames. A room left out is the connection's own (/ws/{room}/{user}) or is looked up. ---

struct durable_frame {
  std::optional<room_id> room;
  durable_command command;  ///< send_message, edit_message, delete_message or change_reaction.
};

struct typing_frame {
  std::optional<room_id> room;
  bool is_typing = true;
};

struct read_frame {
  std::optional<room_id> room;
  sequence seq = 0;
};

/// `rooms` empty and `unread` true: every room from its read marker.
struct resume_frame {
  bool unread = false;
  std::vector<std::pair<room_id, sequence>> rooms;
};

struct watch_presence_frame {
  std::vector<user_id> users;  ///< At most 500; replaces the former set.
};

struct ping_frame {};

using client_request =
    std::variant<durable_frame, typing_frame, read_frame, resume_frame, watch_presence_frame, ping_frame>;

struct client_frame {
  std::optional<std::string> id;  ///< The client's own, at most 64 bytes.
  client_request request;

  /// A frame that bears an id gets exactly one answer; send_message always does.
  [[nodiscard]] bool wants_answer() const {
    if (id) return true;
    const auto* durable = std::get_if<durable_frame>(&request);
    return durable != nullptr && std::holds_alternative<send_message>(durable->command);
  }
  /// Counts among a connection's unanswered frames until it has been dealt with, answered or not.
  [[nodiscard]] bool takes_credit() const { return wants_answer() || std::holds_alternative<durable_frame>(request); }
};

}  // namespace parley
