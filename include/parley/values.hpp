// People, rooms and memberships as Parley hands them about; plain values without behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/clock.hpp"
#include "parley/friendship.hpp"
#include "parley/ids.hpp"

namespace parley {

enum class role : std::uint8_t { user, moderator, admin };
std::string_view to_string(role value);
std::optional<role> parse_role(std::string_view text);

/// tb_users.flagDelete: `active`, `not_active` (suspended for a time), `delete` (locked).
enum class account_flag : std::uint8_t { active, suspended, locked };
std::string_view to_string(account_flag value);
std::optional<account_flag> parse_account_flag(std::string_view text);

/// What everybody may see of a user. display_name is the username until its owner chooses another.
struct user_profile {
  user_id id;
  std::string username;
  std::string display_name;
  std::optional<std::string> img_url;
  role user_role = role::user;
};

/// What only its owner (and an admin) sees.
struct own_profile {
  user_profile profile;
  std::optional<std::string> email;
  std::optional<std::string> phone;
  account_flag flag = account_flag::active;
  timestamp created_at{};
};

/// A room as one of its members sees it: the `ready` frame's and REST's form.
struct room_summary {
  room_id id;
  std::optional<std::string> name;  ///< Groups only.
  bool is_group = true;
  std::optional<user_profile> peer;  ///< Private rooms only: the other one.
  sequence last_seq = 0;
  sequence last_read_seq = 0;
  std::int64_t unread = 0;                 ///< Exact up to 1,000, then 1,000.
  std::int64_t slow_mode_seconds = 0;      ///< Between two messages of one member; 0: none.
  std::optional<timestamp> muted_until{};  ///< When this member may write again; null: now.
};

struct room_member {
  user_profile profile;
  timestamp joined_at{};
};

struct presence_record {
  user_id user;
  bool is_online = false;
  std::optional<timestamp> last_seen;
  std::int64_t version = 0;  ///< Grows with each change that the store made; 0 where there are no other nodes.
};

/// Somebody to whom a user stands in some relation.
struct friend_item {
  user_profile profile;
  friend_status status = friend_status::pending;
  user_id by;  ///< Who acted last: asked, accepted or blocked.
  timestamp created_at{};
};

/// A page of a list and where the next one begins; no cursor when this was the last.
template <class T>
struct page {
  std::vector<T> items;
  std::optional<std::string> next_cursor;
};

struct page_request {
  std::optional<std::string> cursor;
  std::uint32_t limit = 50;
};

}  // namespace parley
