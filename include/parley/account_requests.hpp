// What clients ask about accounts: registering, logging in and out, one's own profile, and what staff does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/account_values.hpp"
#include "parley/audit.hpp"
#include "parley/rate_limit.hpp"
#include "parley/values.hpp"

namespace parley {

/// Whom a token speaks for. Connections and REST calls of one token share its allowances.
struct principal {
  user_profile user;
  token_hash token;
  timestamp expires_at{};
  std::shared_ptr<rate_limiter> send_allowance;
  std::shared_ptr<rate_limiter> change_allowance;  ///< For what others are told of and that takes no seat in a log.
};

// --- Requests without a user ---

struct register_user {
  using reply = own_profile;
  std::string username;
  std::string password;
  std::optional<std::string> email, phone, display_name, img_url;
  role user_role = role::user;   ///< Others only by the operator.
  bool by_operator = false;      ///< Then it stands in the audit trail.
  std::string remote_address{};  ///< For throttling only.
};
struct log_in {
  struct reply {
    std::string token;
    timestamp expires_at{};
    own_profile user;
  };
  std::string username;
  std::string password;
  std::string remote_address;  ///< For throttling only.
  std::optional<std::string> user_agent;
};
/// Answers `unauthenticated` for a token that is malformed, unknown, expired, or whose user is not active.
struct authenticate {
  using reply = principal;
  std::string token;
};
/// Development mode only: makes the user and the room if missing, joins them. UUIDs are taken as ids, else names.
struct enter_by_name {
  struct reply {
    principal who;
    room_id room;
  };
  std::string room;
  std::string user;
};

// --- Requests of a user: `who` is the caller ---

struct log_out {
  using reply = std::monostate;
  principal who;
  bool everywhere = false;
};
struct get_me {
  using reply = own_profile;
  principal who;
};
struct change_me {
  using reply = own_profile;
  principal who;
  profile_change change;
};
/// `forbidden` for a wrong current one. All other tokens end.
struct change_own_password {
  using reply = std::monostate;
  principal who;
  std::string current_password;
  std::string new_password;
  std::string remote_address;  ///< For throttling only.
};
/// The newest first.
struct list_own_tokens {
  using reply = std::vector<token_item>;
  principal who;
};
struct end_own_token {
  using reply = std::monostate;
  principal who;
  uuid token;  ///< See token_id_of.
};

// --- Requests of staff: nobody as `who` is the operator of the machine ---

struct list_accounts {
  using reply = page<own_profile>;  ///< Without email and phone for whoever may not see them.
  std::optional<principal> who;
  account_filter which;
  page_request range;
};
/// Answered when the sockets of whoever was suspended or locked have got their last byte.
struct change_user {
  using reply = own_profile;
  std::optional<principal> who;
  user_id user;
  account_wish wish;
};
/// By the operator: all of the user's tokens. Answered when their sockets have got their last byte.
struct end_user_tokens {
  using reply = std::monostate;
  user_id user;
};
/// By the operator, without the current one. All tokens end.
struct reset_password {
  using reply = std::monostate;
  user_id user;
  std::string new_password;
};
struct list_audit {
  using reply = page<audit_entry>;
  std::optional<principal> who;
  page_request range;
};

}  // namespace parley
