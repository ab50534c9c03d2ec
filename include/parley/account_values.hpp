// What is known and asked of accounts beyond their profiles; plain values.
#pragma once

#include <optional>
#include <string>

#include "parley/credentials.hpp"
#include "parley/values.hpp"

namespace parley {

/// Null: as it is. Null within: none (display_name: the username).
struct profile_change {
  using field = std::optional<std::optional<std::string>>;
  field display_name, email, phone, img_url;
};
/// What is asked of an account by somebody else; null: as it is.
struct account_wish {
  std::optional<account_flag> flag;
  std::optional<role> user_role;
};

/// Where a user is logged in.
struct token_item {
  token_hash hash;
  timestamp created_at{};
  timestamp last_used_at{};
  timestamp expires_at{};
  std::optional<std::string> user_agent;
};
struct account_filter {
  std::string query;  ///< As in find_users.
  std::optional<account_flag> flag;
  std::optional<role> user_role;
};

}  // namespace parley
