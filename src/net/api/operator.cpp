// What only the operator may do, by the admin socket: parleyctl's part of the API.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "net/api/registration.hpp"
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"
#include "parley/version.hpp"

namespace parley {
namespace {

void handle_create_user(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto request = read_registration(*body);
  request.by_operator = true;
  if (const auto text = body->text("role")) {
    const auto wanted = parse_role(*text);
    if (!wanted) body->refuse(bad_request("role: admin, moderator or user"));
    request.user_role = wanted.value_or(role::user);
  }
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, std::move(request),
      [call](const own_profile& made) { call->answer(201, json::text_of(json::account(made))); });
}

void handle_end_tokens(const api_call_ptr& call) {
  const auto user = call->identity<user_id>(0, "user_id");
  if (user) ask(call, end_user_tokens{*user}, [call](std::monostate) { call->answer_nothing(); });
}

void handle_reset_password(const api_call_ptr& call) {
  const auto user = call->identity<user_id>(0, "user_id");
  if (!user) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto password = body->required_text("new_password");
  if (!body->refusal()) body->require(check_password("new_password", password));
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, reset_password{*user, std::move(password)}, [call](std::monostate) { call->answer_nothing(); });
}

void handle_node(const api_call_ptr& call) {
  const auto& services = call->services;
  const auto& counts = services.counts;
  const bool is_ready =
      !services.unready && !services.draining && (!services.store_is_ready || services.store_is_ready());
  std::string out;
  json::object_writer(out)
      .field("name", services.settings.node.name)
      .field("version", version())
      .field("is_ready", is_ready)
      .field("is_draining", services.draining.load())
      .field("connections", counts.connections.value())
      .field("websockets", counts.websocket_connections.value())
      .field("rooms_active", counts.rooms_active.value())
      .field("users_online", counts.presence_online.value())
      .field("events_stored", counts.events_stored_total.value())
      .field("storage_queue", counts.storage_queue.value())
      .field("read_queue", counts.read_queue.value());
  call->answer(200, std::move(out));
}

/// Of nodes, for a sentence.
std::string names_of(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

void handle_trace(const api_call_ptr& call) {
  const auto message = call->identity<message_id>(0, "message_id");
  if (!message) return;
  ask(call, trace_message{*message}, [call](const message_life& life) {
    const bool is_known = std::any_of(life.nodes.begin(), life.nodes.end(),
                                      [](const message_life::place& node) { return node.known.has_value(); });
    if (is_known) return call->answer(200, json::text_of(life));
    auto why =
        fmt::format("message_id: not among the last {} messages of any node that answered.", message_trace::capacity);
    if (!life.silent.empty()) why += fmt::format(" No answer came from {}.", names_of(life.silent));
    if (!life.are_nodes_known) why += " The store did not say which nodes there are.";
    call->fail(not_found(std::move(why)));
  });
}

void handle_cluster_rooms(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  ask(call, list_cluster_rooms{range->limit},
      [call](const cluster_rooms& found) { call->answer(200, json::text_of(found)); });
}

void handle_nodes(const api_call_ptr& call) {
  ask(call, list_nodes{},
      [call](const std::vector<node_seen>& nodes) { call->answer(200, json::page_text(nodes, std::nullopt)); });
}

void handle_explain(const api_call_ptr& call) {
  const auto user = call->identity<user_id>(0, "user_id");
  if (!user) return;
  ask(call, explain_presence{*user},
      [call](const presence_explanation& found) { call->answer(200, json::text_of(found)); });
}

template <class Request, class Item>
void handle_list(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  ask(call, Request{*range},
      [call](const page<Item>& found) { call->answer(200, json::page_text(found.items, found.next_cursor)); });
}

}  // namespace

void add_operator_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::post, "/api/v1/admin/users", access::operators, handle_create_user);
  routes.add(verb::post, "/api/v1/admin/users/{user_id}/end-tokens", access::operators, handle_end_tokens);
  routes.add(verb::post, "/api/v1/admin/users/{user_id}/password", access::operators, handle_reset_password);
  routes.add(verb::get, "/api/v1/admin/trace/{message_id}", access::operators, handle_trace);
  routes.add(verb::get, "/api/v1/admin/node", access::operators, handle_node);
  routes.add(verb::get, "/api/v1/admin/nodes", access::operators, handle_nodes);
  routes.add(verb::get, "/api/v1/admin/presence/{user_id}", access::operators, handle_explain);
  routes.add(verb::get, "/api/v1/admin/connections", access::operators, handle_list<list_connections, connected_user>);
  routes.add(verb::get, "/api/v1/admin/rooms/active", access::operators, handle_cluster_rooms);
  routes.add(verb::get, "/api/v1/admin/rooms", access::operators, handle_list<list_active_rooms, active_room>);
}

}  // namespace parley
