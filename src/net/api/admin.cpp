// What admins and moderators do: accounts and the audit trail. Who may what is decided behind the port.
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

error unknown_flag() { return bad_request("flagDelete: active, not_active or delete"); }
error unknown_role() { return bad_request("role: admin, moderator or user"); }

void handle_list_accounts(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  account_filter which;
  which.query = call->target.query_field("q").value_or("");
  if (character_count(which.query) > max_name_characters) return call->fail(bad_request("q: at most 128 characters"));
  if (const auto text = call->target.query_field("flagDelete")) {
    which.flag = parse_account_flag(*text);
    if (!which.flag) return call->fail(unknown_flag());
  }
  if (const auto text = call->target.query_field("role")) {
    which.user_role = parse_role(*text);
    if (!which.user_role) return call->fail(unknown_role());
  }
  ask(call, list_accounts{call->staff(), std::move(which), *range}, [call](const page<own_profile>& found) {
    std::vector<json::account> accounts(found.items.begin(), found.items.end());
    call->answer(200, json::page_text(accounts, found.next_cursor));
  });
}

void handle_change_user(const api_call_ptr& call) {
  const auto user = call->identity<user_id>(0, "user_id");
  if (!user) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  account_wish wish;
  if (const auto text = body->text("flagDelete")) {
    wish.flag = parse_account_flag(*text);
    if (!wish.flag) body->refuse(unknown_flag());
  }
  if (const auto text = body->text("role")) {
    wish.user_role = parse_role(*text);
    if (!wish.user_role) body->refuse(unknown_role());
  }
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, change_user{call->staff(), *user, wish},
      [call](const own_profile& changed) { call->answer(200, json::text_of(json::account(changed))); });
}

void handle_audit(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  ask(call, list_audit{call->staff(), *range},
      [call](const page<audit_entry>& trail) { call->answer(200, json::page_text(trail.items, trail.next_cursor)); });
}

}  // namespace

void add_admin_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::get, "/api/v1/admin/users", access::staff, handle_list_accounts);
  routes.add(verb::patch, "/api/v1/admin/users/{user_id}", access::staff, handle_change_user);
  routes.add(verb::get, "/api/v1/admin/audit", access::staff, handle_audit);
}

}  // namespace parley
