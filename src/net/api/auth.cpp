// Registering, logging in and out.
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

void handle_register(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  register_user request{body->required_text("username"),
                        body->required_text("password"),
                        body->text("email"),
                        body->text("phone"),
                        body->text("display_name"),
                        body->text("img_url")};
  if (!body->refusal()) {
    body->require(check_username(request.username));
    body->require(check_password("password", request.password));
    if (request.email) body->require(check_email(*request.email));
    if (request.phone) body->require(check_phone(*request.phone));
    if (request.display_name) body->require(check_name("display_name", *request.display_name));
    if (request.img_url) body->require(check_image_url(*request.img_url));
  }
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, std::move(request), [call](const own_profile& user) { call->answer(201, json::text_of(user)); });
}

// A name or password that breaks the rules of registering gets the same 401 as any wrong pair.
void handle_login(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  log_in request{body->required_text("username"), body->required_text("password"), call->remote_address};
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

void handle_me(const api_call_ptr& call) {
  ask(call, get_me{call->who}, [call](const own_profile& user) { call->answer(200, json::text_of(user)); });
}

}  // namespace

void add_auth_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::post, "/api/v1/auth/register", access::open, handle_register);
  routes.add(verb::post, "/api/v1/auth/login", access::open, handle_login);
  routes.add(verb::post, "/api/v1/auth/logout", access::user, handle_logout);
  routes.add(verb::post, "/api/v1/auth/logout-all", access::user, handle_logout_all);
  routes.add(verb::get, "/api/v1/me", access::user, handle_me);
}

}  // namespace parley
