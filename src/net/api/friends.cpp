// Friends: asking, answering, blocking.
#include "net/api/routes.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

void handle_list_friends(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  std::optional<friend_status> status;
  if (const auto text = call->target.query_field("status")) {
    status = parse_friend_status(*text);
    if (!status || status == friend_status::none) {
      return call->fail(bad_request("status: pending, accepted or blocked"));
    }
  }
  ask(call, list_friends{call->who, status, *range}, [call](const page<friend_item>& friends) {
    call->answer(200, json::page_text(friends.items, friends.next_cursor));
  });
}

void change(const api_call_ptr& call, user_id other, friend_action action) {
  ask(call, change_friendship{call->who, other, action}, [call](const std::optional<friend_item>& item) {
    if (item) {
      call->answer(200, json::text_of(*item));
    } else {
      call->answer_nothing();
    }
  });
}

void handle_ask(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  const auto other = body->identity("user_id");
  if (!other) body->refuse(bad_request("user_id: is missing"));
  if (body->refusal()) return call->fail(*body->refusal());
  change(call, user_id(*other), friend_action::ask);
}

/// Of the routes that name the other one in their path.
template <friend_action action>
void handle_change(const api_call_ptr& call) {
  if (const auto other = call->identity<user_id>(0, "user_id")) change(call, *other, action);
}

}  // namespace

void add_friend_routes(router& routes) {
  using boost::beast::http::verb;
  using enum friend_action;
  routes.add(verb::get, "/api/v1/friends", access::user, handle_list_friends);
  routes.add(verb::post, "/api/v1/friends", access::user, handle_ask);
  routes.add(verb::post, "/api/v1/friends/{user_id}/accept", access::user, handle_change<accept>);
  routes.add(verb::post, "/api/v1/friends/{user_id}/decline", access::user, handle_change<decline>);
  routes.add(verb::post, "/api/v1/friends/{user_id}/block", access::user, handle_change<block>);
  routes.add(verb::post, "/api/v1/friends/{user_id}/unblock", access::user, handle_change<unblock>);
  routes.add(verb::delete_, "/api/v1/friends/{user_id}", access::user, handle_change<remove>);
}

}  // namespace parley
