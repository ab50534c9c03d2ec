// The calls.
#include "verify/accounts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>

#include "rest.hpp"
#include "verify/rest_exchange.hpp"

namespace parley::bench {
namespace {

constexpr std::chrono::seconds operator_patience{10};
constexpr int operator_pace_ms = 50;

}  // namespace

std::string run_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return fmt::format("{:x}{:x}", static_cast<std::uint64_t>(now) & 0xFFFF'FFFF'FFFFU, ::getpid());
}

account register_account(const support::target& node, const std::string& username) {
  account made{username, "password of " + username, {}};
  const auto body = fmt::format(R"({{"username":"{}","password":"{}"}})", made.username, made.password);
  made.id = std::string(call_json(node, {"POST", "/api/v1/auth/register", {}, body}).at("user_id").as_string());
  return made;
}

std::string log_in(const support::target& node, const account& who) {
  const auto body = fmt::format(R"({{"username":"{}","password":"{}"}})", who.username, who.password);
  return std::string(call_json(node, {"POST", "/api/v1/auth/login", {}, body}).at("token").as_string());
}

std::string log_in_moderator(const std::string& admin_socket, const support::target& node) {
  const account made{"m" + run_name(), "password of a moderator", {}};
  const auto body =
      fmt::format(R"({{"username":"{}","password":"{}","role":"moderator"}})", made.username, made.password);
  rest_exchange asked(admin_socket, {"POST", "/api/v1/admin/users", {}, body});
  const auto until = std::chrono::steady_clock::now() + operator_patience;
  while (asked.advance() && std::chrono::steady_clock::now() < until) asked.wait(operator_pace_ms);
  const auto& answer = asked.answer();
  if (!answer || answer->status != 201)
    throw std::runtime_error("no moderator could be made: " + (answer ? answer->body : std::string("no answer")));
  return log_in(node, made);
}

std::string make_room(const support::target& node, const std::string& token, const std::string& name,
                      const std::vector<std::string>& member_ids) {
  std::vector<std::string> quoted;
  quoted.reserve(member_ids.size());
  for (const auto& id : member_ids) quoted.push_back('"' + id + '"');
  const auto body = fmt::format(R"({{"name":"{}","is_group":true,"members":[{}]}})", name, fmt::join(quoted, ","));
  return std::string(call_json(node, {"POST", "/api/v1/rooms", token, body}).at("room_id").as_string());
}

}  // namespace parley::bench
