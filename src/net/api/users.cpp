// Other people and whether they are online.
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

void handle_find_users(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  auto query = call->target.query_field("q").value_or("");
  if (character_count(query) > max_name_characters) return call->fail(bad_request("q: at most 128 characters"));
  ask(call, find_users{call->who, std::move(query), *range},
      [call](const page<user_profile>& users) { call->answer(200, json::page_text(users.items, users.next_cursor)); });
}

void handle_get_user(const api_call_ptr& call) {
  const auto user = call->identity<user_id>(0, "user_id");
  if (!user) return;
  ask(call, get_user{call->who, *user}, [call](const user_profile& found) { call->answer(200, json::text_of(found)); });
}

void handle_presence(const api_call_ptr& call) {
  auto users = user_list_field(call->target, "user_ids", call->limits().watched_users);
  if (!users) return call->fail(users.error());
  ask(call, get_presence{call->who, *std::move(users)}, [call](const std::vector<presence_record>& records) {
    call->answer(200, json::page_text(records, std::nullopt));
  });
}

}  // namespace

void add_user_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::get, "/api/v1/users", access::user, handle_find_users);
  routes.add(verb::get, "/api/v1/users/{user_id}", access::user, handle_get_user);
  routes.add(verb::get, "/api/v1/presence", access::user, handle_presence);
}

}  // namespace parley
