// Messages, reactions, read markers, history: the frames' operations for bots and servers.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

/// Runs the command and answers its ack's data; 201 for what is new when `makes_something`, else 200.
void change(const api_call_ptr& call, std::optional<room_id> room, durable_command command, bool makes_something) {
  ask(call, change_room{call->who, room, std::move(command)}, [call, makes_something](const change_room::reply& reply) {
    const auto* sent = std::get_if<message_ack>(&reply.ack);
    const bool is_new = makes_something && !(sent != nullptr && sent->duplicate);
    call->answer(is_new ? 201 : 200, json::text_of(reply.ack));
  });
}

/// The Idempotency-Key header, which is the client_msg_id.
std::optional<std::string> idempotency_key(const api_call_ptr& call, request_body& body) {
  const auto header = call->request.find("Idempotency-Key");
  if (header == call->request.end()) return body.text("client_msg_id");
  std::string key(header->value().data(), header->value().size());
  if (!std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7F'; })) {
    body.refuse(bad_request("Idempotency-Key: must be visible ASCII"));
  }
  return key;
}

void handle_send(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  send_message message{body->text("content"), body->text("file_url"), {}, idempotency_key(call, *body)};
  if (const auto reply_to = body->identity("reply_to")) message.reply_to = message_id(*reply_to);
  if (message.file_url) body->require(check_file_url(*message.file_url));
  if (message.content && message.content->empty() && message.file_url) message.content.reset();
  if (message.content) body->require(check_content(*message.content, call->limits()));
  if (!message.content && !message.file_url) body->refuse(bad_request("content: is missing, and there is no file_url"));
  if (message.client_msg_id) body->require(check_key("client_msg_id", *message.client_msg_id));
  if (body->refusal()) return call->fail(*body->refusal());
  change(call, *room, std::move(message), true);
}

void handle_edit(const api_call_ptr& call) {
  const auto message = call->identity<message_id>(0, "message_id");
  if (!message) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto content = body->required_text("content");
  if (!body->refusal()) body->require(check_content(content, call->limits()));
  if (body->refusal()) return call->fail(*body->refusal());
  change(call, std::nullopt, edit_message{*message, std::move(content)}, false);
}

void handle_delete(const api_call_ptr& call) {
  const auto message = call->identity<message_id>(0, "message_id");
  if (message) change(call, std::nullopt, delete_message{*message}, false);
}

void react(const api_call_ptr& call, reaction_action action) {
  const auto message = call->identity<message_id>(0, "message_id");
  if (!message) return;
  const auto& emoji = call->parameters.at(1);
  if (const auto checked = check_emoji(emoji, call->limits()); !checked) return call->fail(checked.error());
  change(call, std::nullopt, change_reaction{*message, emoji, action}, false);
}

void handle_add_reaction(const api_call_ptr& call) { react(call, reaction_action::add); }
void handle_remove_reaction(const api_call_ptr& call) { react(call, reaction_action::remove); }

void handle_read(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  const auto seq = body->required_position("seq");
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, mark_read{call->who, *room, seq},
      [call](const read_ack& ack) { call->answer(200, json::text_of(ack_data(ack))); });
}

/// The room's log is paged by seq, so a cursor is a seq and the direction: "before:41", "after:41".
struct log_position {
  std::optional<sequence> before, after;
};

result<log_position> position_of(const http_target& target) {
  const auto before = position_field(target, "before_seq");
  if (!before) return before.error();
  const auto after = position_field(target, "after_seq");
  if (!after) return after.error();
  if (*before && *after) return bad_request("before_seq, after_seq: at most one of them");
  log_position position{*before, *after};
  const auto cursor = target.query_field("cursor").value_or("");
  if (cursor.empty()) return position;

  const auto colon = cursor.find(':');
  sequence seq = 0;
  const char* const end = cursor.data() + cursor.size();
  const auto parsed = colon == std::string::npos ? std::from_chars_result{end, std::errc::invalid_argument}
                                                 : std::from_chars(cursor.data() + colon + 1, end, seq);
  const auto direction = cursor.substr(0, colon);
  if (parsed.ec != std::errc() || parsed.ptr != end || seq < 0 || (direction != "before" && direction != "after")) {
    return bad_request("cursor: must be a next_cursor of this list");
  }
  return direction == "before" ? log_position{seq, {}} : log_position{{}, seq};
}

template <class Item>
std::optional<std::string> next_cursor(const page<Item>& found, std::string_view direction) {
  if (!found.next_cursor || found.items.empty()) return std::nullopt;
  return fmt::format("{}:{}", direction, found.items.back().seq);
}

void handle_history(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  const auto position = position_of(call->target);
  if (!position) return call->fail(position.error());
  const auto limit = page_limit(call->target);
  if (!limit) return call->fail(limit.error());
  ask(call, get_history{call->who, *room, position->before, position->after, *limit},
      [call, forwards = position->after.has_value()](const page<history_item>& found) {
        call->answer(200, json::page_text(found.items, next_cursor(found, forwards ? "after" : "before")));
      });
}

void handle_events(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  const auto position = position_of(call->target);
  if (!position) return call->fail(position.error());
  if (position->before) return call->fail(bad_request("before_seq: events are read with after_seq"));
  const auto limit = page_limit(call->target);
  if (!limit) return call->fail(limit.error());
  ask(call, get_events{call->who, *room, position->after.value_or(0), *limit},
      [call](const page<durable_event>& found) {
        call->answer(200, json::page_text(found.items, next_cursor(found, "after")));
      });
}

}  // namespace

void add_message_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::get, "/api/v1/rooms/{room_id}/messages", access::user, handle_history);
  routes.add(verb::post, "/api/v1/rooms/{room_id}/messages", access::user, handle_send);
  routes.add(verb::get, "/api/v1/rooms/{room_id}/events", access::user, handle_events);
  routes.add(verb::post, "/api/v1/rooms/{room_id}/read", access::user, handle_read);
  routes.add(verb::patch, "/api/v1/messages/{message_id}", access::user, handle_edit);
  routes.add(verb::delete_, "/api/v1/messages/{message_id}", access::user, handle_delete);
  routes.add(verb::put, "/api/v1/messages/{message_id}/reactions/{emoji}", access::user, handle_add_reaction);
  routes.add(verb::delete_, "/api/v1/messages/{message_id}/reactions/{emoji}", access::user, handle_remove_reaction);
}

}  // namespace parley
