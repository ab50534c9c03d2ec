// Bans, mutes, slow mode and reports. Who may what is decided behind the port.
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

constexpr std::size_t max_reason_characters = 512;  ///< Also comments and notes.

/// The room and the one whom the path names.
struct target {
  room_id room;
  user_id user;
};
std::optional<target> target_of(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return std::nullopt;
  const auto user = call->identity<user_id>(1, "user_id");
  if (!user) return std::nullopt;
  return target{*room, *user};
}

/// An optional sentence for other moderators.
std::optional<std::string> sentence(request_body& body, std::string_view field) {
  auto text = body.text(field);
  if (text && character_count(*text) > max_reason_characters) {
    body.refuse(bad_request(std::string(field) + ": at most 512 characters"));
  }
  return text;
}

/// A body may be left out where no field is required.
result<request_body> optional_body(const api_call_ptr& call) {
  return request_body::parse(call->request.body().empty() ? "{}" : std::string_view(call->request.body()));
}

template <class List>
void handle_list(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  ask(call, List{call->who, *room, std::nullopt, *range}, [call](const typename List::reply& found) {
    call->answer(200, json::page_text(found.items, found.next_cursor));
  });
}

/// Changes the room and answers the one item that came of it.
template <class List>
void change_and_show(const api_call_ptr& call, const target& whom, durable_command command) {
  ask(call, change_room{call->who, whom.room, std::move(command)}, [call, whom](const change_room::reply&) {
    ask(call, List{call->who, whom.room, whom.user, {std::nullopt, 1}}, [call](const typename List::reply& found) {
      if (found.items.empty()) return call->fail(not_found("user_id: it was lifted meanwhile."));
      call->answer(200, json::text_of(found.items.front()));
    });
  });
}

void change_in_silence(const api_call_ptr& call, room_id room, durable_command command) {
  ask(call, change_room{call->who, room, std::move(command)},
      [call](const change_room::reply&) { call->answer_nothing(); });
}

void handle_ban(const api_call_ptr& call) {
  const auto whom = target_of(call);
  if (!whom) return;
  auto body = optional_body(call);
  if (!body) return call->fail(body.error());
  auto reason = sentence(*body, "reason");
  const bool remove = body->flag("remove_messages");
  if (body->refusal()) return call->fail(*body->refusal());
  change_and_show<list_bans>(call, *whom, ban_member{whom->user, std::move(reason), remove});
}

void handle_lift_ban(const api_call_ptr& call) {
  if (const auto whom = target_of(call)) change_in_silence(call, whom->room, lift_ban{whom->user});
}

/// A whole number of seconds from `least` on.
std::int64_t seconds_field(request_body& body, std::int64_t least, std::int64_t most) {
  const auto seconds = body.required_position("seconds");
  if (!body.refusal() && (seconds < least || seconds > most)) {
    body.refuse(bad_request("seconds: " + std::to_string(least) + " to " + std::to_string(most)));
  }
  return seconds;
}

void handle_mute(const api_call_ptr& call) {
  const auto whom = target_of(call);
  if (!whom) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto reason = sentence(*body, "reason");
  const auto seconds = seconds_field(*body, 1, longest_mute_seconds);
  if (body->refusal()) return call->fail(*body->refusal());
  change_and_show<list_mutes>(call, *whom, mute_member{whom->user, seconds, std::move(reason)});
}

void handle_unmute(const api_call_ptr& call) {
  if (const auto whom = target_of(call)) change_in_silence(call, whom->room, mute_member{whom->user, 0, std::nullopt});
}

void handle_slow_mode(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  const auto seconds = seconds_field(*body, 0, longest_slow_mode_seconds);
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, change_room{call->who, *room, set_slow_mode{seconds}},
      [call, room = *room, seconds](const change_room::reply&) {
        std::string text;
        json::object_writer(text).field("room_id", room).field("slow_mode_seconds", seconds);
        call->answer(200, std::move(text));
      });
}

void handle_report(const api_call_ptr& call) {
  const auto message = call->identity<message_id>(0, "message_id");
  if (!message) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  const auto reason = parse_report_reason(body->required_text("reason"));
  if (!body->refusal() && !reason) body->refuse(bad_request("reason: spam, abuse, illegal or other"));
  auto comment = sentence(*body, "comment");
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, report_message{call->who, *message, *reason, std::move(comment)},
      [call](const filed_report& filed) { call->answer(filed.duplicate ? 200 : 201, json::text_of(filed)); });
}

void handle_list_reports(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  const auto which = call->target.query_field("status").value_or("open");
  if (which != "open" && which != "decided") return call->fail(bad_request("status: open or decided"));
  ask(call, list_reports{call->who, which == "open", *range},
      [call](const page<report_item>& found) { call->answer(200, json::page_text(found.items, found.next_cursor)); });
}

void handle_decide(const api_call_ptr& call) {
  const auto report = call->identity<report_id>(0, "report_id");
  if (!report) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  const auto status = parse_report_status(body->required_text("status"));
  if (!body->refusal() && (!status || status == report_status::open)) {
    body->refuse(bad_request("status: dismissed or acted"));
  }
  auto note = sentence(*body, "note");
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, decide_report{call->who, *report, *status, std::move(note)},
      [call](const report_item& decided) { call->answer(200, json::text_of(decided)); });
}

}  // namespace

void add_moderation_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::get, "/api/v1/rooms/{room_id}/bans", access::user, handle_list<list_bans>);
  routes.add(verb::put, "/api/v1/rooms/{room_id}/bans/{user_id}", access::user, handle_ban);
  routes.add(verb::delete_, "/api/v1/rooms/{room_id}/bans/{user_id}", access::user, handle_lift_ban);
  routes.add(verb::get, "/api/v1/rooms/{room_id}/mutes", access::user, handle_list<list_mutes>);
  routes.add(verb::put, "/api/v1/rooms/{room_id}/mutes/{user_id}", access::user, handle_mute);
  routes.add(verb::delete_, "/api/v1/rooms/{room_id}/mutes/{user_id}", access::user, handle_unmute);
  routes.add(verb::put, "/api/v1/rooms/{room_id}/slow-mode", access::user, handle_slow_mode);
  routes.add(verb::post, "/api/v1/messages/{message_id}/reports", access::user, handle_report);
  routes.add(verb::get, "/api/v1/admin/reports", access::user, handle_list_reports);
  routes.add(verb::patch, "/api/v1/admin/reports/{report_id}", access::user, handle_decide);
}

}  // namespace parley
