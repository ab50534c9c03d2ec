// The audit trail: what was done to accounts, and to others' messages and memberships. Rows are only ever added.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/values.hpp"

namespace parley {

/// tb_audit.action has the same words.
enum class audit_action : std::uint8_t {
  user_created,  ///< By the operator.
  user_suspended,
  user_locked,
  user_restored,
  role_changed,
  password_changed,
  tokens_ended,     ///< By the operator.
  message_deleted,  ///< Somebody else's.
  member_removed,
  room_renamed,  ///< By somebody other than its creator.
  member_banned,
  ban_lifted,
  member_muted,
  mute_lifted,
  slow_mode_changed,
  report_decided,
};
std::string_view to_string(audit_action value);
std::optional<audit_action> parse_audit_action(std::string_view text);

struct audit_record {
  uuid id;
  timestamp at{};
  std::optional<user_id> actor;  ///< Null: the operator, by parleyctl.
  audit_action action{};
  std::optional<user_id> user;  ///< To whom, or whose.
  std::optional<room_id> room;
  std::optional<message_id> message;
  std::optional<std::string> detail;  ///< Such as "user -> admin"; never a message's content or a stated reason.
};

/// As it is read: with the people.
struct audit_entry {
  audit_record record;
  std::optional<user_profile> actor, user;
};

}  // namespace parley
