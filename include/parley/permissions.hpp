// Who may do what: the one table of operation and role. Every entry asks it, REST and WebSocket alike, and again the
// store when it decides.
#pragma once

#include <cstdint>

#include "parley/account_values.hpp"
#include "parley/commands.hpp"
#include "parley/error.hpp"

namespace parley {

/// Everything that somebody who is logged in may not simply do. A new one needs its line in the table
/// (permissions.cpp).
enum class operation : std::uint8_t {
  // In a room
  read_room,  ///< It, its members, its history and its events.
  signal,     ///< Typing and read markers.
  send_message,
  react,
  edit_message,
  delete_message,
  invite_members,
  leave_room,
  remove_member,
  rename_room,
  restrict_member,  ///< Ban, mute, lift either, see both; somebody of role `user`.
  restrict_staff,
  set_slow_mode,
  skip_slow_mode,
  report_message,
  // On accounts
  list_accounts,
  see_contacts,  ///< Others' email and phone.
  suspend_user,  ///< And restore: an account of role `user`.
  suspend_staff,
  lock_account,  ///< And restore a locked one.
  change_role,
  read_audit,
  decide_reports,  ///< And read them.
};
inline constexpr std::size_t operation_count = static_cast<std::size_t>(operation::decide_reports) + 1;

/// How somebody stands to the room or message that an operation is about. Accounts have outsiders only.
enum class standing : std::uint8_t {
  outsider,  ///< No member: never was, left, or was removed.
  member,
  owner,  ///< A member who is the room's creator or the message's sender.
};

enum class verdict : std::uint8_t {
  allowed,
  forbidden,  ///< `forbidden`: seen, but not to be done.
  hidden,     ///< `not_found`, as if it did not exist.
};

/// For somebody whose account is active; others may do nothing at all.
[[nodiscard]] verdict permission(operation what, role as, standing how);

/// The operation that a durable command of `actor` is.
[[nodiscard]] operation operation_of(const durable_command& command, user_id actor);

/// What staff of role `as` may make of an account; `forbidden` names the field.
[[nodiscard]] result<void> check_account_wish(role as, role subjects_role, account_flag subjects_flag,
                                              const account_wish& wish);

}  // namespace parley
