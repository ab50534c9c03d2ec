// One's own profile and password.
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"
#include "net/trusted_proxies.hpp"

namespace parley {
namespace {

void handle_me(const api_call_ptr& call) {
  ask(call, get_me{call->who}, [call](const own_profile& user) { call->answer(200, json::text_of(user)); });
}

/// Absent: nothing is to change. Null: the field is to be empty.
profile_change::field field_of(request_body& body, std::string_view name) {
  if (!body.has(name)) return std::nullopt;
  return body.text(name);
}

template <class Check>
void check_field(request_body& body, const profile_change::field& field, Check check) {
  if (field && *field) body.require(check(**field));
}

void handle_change_me(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  profile_change change{field_of(*body, "display_name"), field_of(*body, "email"), field_of(*body, "phone"),
                        field_of(*body, "img_url")};
  if (!body->refusal()) {
    check_field(*body, change.display_name, [](const auto& value) { return check_name("display_name", value); });
    check_field(*body, change.email, check_email);
    check_field(*body, change.phone, check_phone);
    check_field(*body, change.img_url, check_image_url);
  }
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, change_me{call->who, std::move(change)},
      [call](const own_profile& user) { call->answer(200, json::text_of(user)); });
}

void handle_change_password(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  change_own_password request{call->who, body->required_text("current_password"), body->required_text("new_password"),
                              counted_address(call->remote_address)};
  if (!body->refusal()) body->require(check_password("new_password", request.new_password));
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, std::move(request), [call](std::monostate) { call->answer_nothing(); });
}

}  // namespace

void add_me_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::get, "/api/v1/me", access::user, handle_me);
  routes.add(verb::patch, "/api/v1/me", access::user, handle_change_me);
  routes.add(verb::post, "/api/v1/me/password", access::user, handle_change_password);
}

}  // namespace parley
