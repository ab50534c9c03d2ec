// Registering, logging in and out, and where one is logged in.
#include <algorithm>

#include "net/api/registration.hpp"
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"
#include "net/trusted_proxies.hpp"

namespace parley {
namespace {

void handle_register(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto request = read_registration(*body);
  if (body->refusal()) return call->fail(*body->refusal());
  request.remote_address = counted_address(call->remote_address);
  ask(call, std::move(request), [call](const own_profile& user) { call->answer(201, json::text_of(user)); });
}

/// What a client says of itself, for people who look where they are logged in.
std::optional<std::string> user_agent_of(const http_request& request) {
  constexpr std::size_t most_bytes = 256;
  const auto value = request[boost::beast::http::field::user_agent];
  std::string text(value.data(), std::min(value.size(), most_bytes));
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7F'; });
  return text.empty() || !is_plain ? std::nullopt : std::optional(std::move(text));
}

// A name or password that breaks the rules of registering gets the same 401 as any wrong pair.
void handle_login(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  log_in request{body->required_text("username"), body->required_text("password"),
                 counted_address(call->remote_address), user_agent_of(call->request)};
  constexpr std::size_t most_bytes = 1'024;
  for (const auto* value : {&request.username, &request.password}) {
    if (value->size() > most_bytes) body->refuse(bad_request("username, password: at most 1024 bytes"));
  }
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, std::move(request), [call](const log_in::reply& reply) { call->answer(200, json::text_of(reply)); });
}

void log_out_with(const api_call_ptr& call, bool everywhere) {
  ask(call, log_out{call->who, everywhere}, [call](std::monostate) { call->answer_nothing(); });
}

void handle_logout(const api_call_ptr& call) { log_out_with(call, false); }
void handle_logout_all(const api_call_ptr& call) { log_out_with(call, true); }

void handle_tokens(const api_call_ptr& call) {
  ask(call, list_own_tokens{call->who}, [call](const std::vector<token_item>& tokens) {
    std::string items = "[";
    for (const auto& token : tokens) {
      if (items.size() > 1) items += ',';
      json::append_token(items, token, token.hash == call->who.token);
    }
    call->answer(200, R"({"items":)" + items + R"(],"next_cursor":null})");
  });
}

void handle_end_token(const api_call_ptr& call) {
  const auto token = call->identity<id<struct token_tag>>(0, "token_id");
  if (token) ask(call, end_own_token{call->who, *token}, [call](std::monostate) { call->answer_nothing(); });
}

}  // namespace

void add_auth_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::post, "/api/v1/auth/register", access::open, handle_register);
  routes.add(verb::post, "/api/v1/auth/login", access::open, handle_login);
  routes.add(verb::post, "/api/v1/auth/logout", access::user, handle_logout);
  routes.add(verb::post, "/api/v1/auth/logout-all", access::user, handle_logout_all);
  routes.add(verb::get, "/api/v1/me/tokens", access::user, handle_tokens);
  routes.add(verb::delete_, "/api/v1/me/tokens/{token_id}", access::user, handle_end_token);
}

}  // namespace parley
