// The table of errors and closes: name, status and sentence of each.
#include "parley/error.hpp"

#include "parley/values.hpp"

namespace parley {
namespace {

struct code_row {
  error_code code;
  std::string_view name;
  int status;
};

constexpr code_row codes[] = {
    {error_code::bad_request, "bad_request", 400},
    {error_code::unauthenticated, "unauthenticated", 401},
    {error_code::forbidden, "forbidden", 403},
    {error_code::not_found, "not_found", 404},
    {error_code::method_not_allowed, "method_not_allowed", 405},
    {error_code::conflict, "conflict", 409},
    {error_code::too_large, "too_large", 413},
    {error_code::rate_limited, "rate_limited", 429},
    {error_code::busy, "busy", 503},
    {error_code::unavailable, "unavailable", 503},
    {error_code::internal, "internal", 500},
};

const code_row& row(error_code code) {
  for (const auto& candidate : codes)
    if (candidate.code == code) return candidate;
  return codes[std::size(codes) - 1];
}

template <class Value, std::size_t N>
std::optional<Value> find_by_name(const std::pair<Value, std::string_view> (&table)[N], std::string_view text) {
  for (const auto& [value, name] : table)
    if (name == text) return value;
  return std::nullopt;
}

constexpr std::pair<role, std::string_view> roles[] = {
    {role::user, "user"}, {role::moderator, "moderator"}, {role::admin, "admin"}};
constexpr std::pair<account_flag, std::string_view> flags[] = {
    {account_flag::active, "active"}, {account_flag::suspended, "not_active"}, {account_flag::locked, "delete"}};

}  // namespace

std::string_view to_string(error_code code) { return row(code).name; }
int http_status(error_code code) { return row(code).status; }

std::string_view reason(close_code code) {
  switch (code) {
    case close_code::going_away:
      return "going away";
    case close_code::protocol_error:
      return "WebSocket protocol error";
    case close_code::unsupported_data:
      return "only text frames are understood";
    case close_code::invalid_utf8:
      return "text is not valid UTF-8, or its compression is damaged";
    case close_code::too_big:
      return "frame too large";
    case close_code::restarting:
      return "the node is restarting; reconnect";
    case close_code::overloaded:
      return "overloaded; reconnect later";
    case close_code::too_many_bad_frames:
      return "too many bad frames";
    case close_code::token_ended:
      return "token expired or revoked";
    case close_code::not_allowed:
      return "suspended or no longer a member";
    case close_code::too_slow:
      return "reading too slowly; reconnect and resume";
    case close_code::rate_limit_ignored:
      return "rate limit ignored";
  }
  return "closed";
}

std::string_view to_string(role value) { return roles[static_cast<std::size_t>(value)].second; }
std::optional<role> parse_role(std::string_view text) { return find_by_name(roles, text); }
std::string_view to_string(account_flag value) { return flags[static_cast<std::size_t>(value)].second; }
std::optional<account_flag> parse_account_flag(std::string_view text) { return find_by_name(flags, text); }

}  // namespace parley
