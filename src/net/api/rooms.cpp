// Rooms and who is in them.
#include <algorithm>

#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

void answer_room(const api_call_ptr& call, room_id room, bool after_change) {
  ask(call, get_room{call->who, room, after_change},
      [call](const room_summary& found) { call->answer(200, json::text_of(found)); });
}

void handle_create_room(const api_call_ptr& call) {
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  create_room request{call->who, body->required_flag("is_group"), {}, {}};
  if (request.is_group) {
    request.name = body->required_text("name");
    if (!body->refusal()) body->require(check_name("name", request.name));
    request.members = body->users("members");
  } else {
    const auto other = body->identity("user_id");
    if (!other) body->refuse(bad_request("user_id: is missing"));
    request.members = {user_id(other.value_or(uuid{}))};
  }
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, std::move(request),
      [call](const create_room::reply& reply) { call->answer(reply.created ? 201 : 200, json::text_of(reply.room)); });
}

void handle_list_rooms(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  ask(call, list_rooms{call->who, *range},
      [call](const page<room_summary>& rooms) { call->answer(200, json::page_text(rooms.items, rooms.next_cursor)); });
}

void handle_get_room(const api_call_ptr& call) {
  if (const auto room = call->identity<room_id>(0, "room_id")) answer_room(call, *room, false);
}

void handle_rename_room(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto name = body->required_text("name");
  if (!body->refusal()) body->require(check_name("name", name));
  if (body->refusal()) return call->fail(*body->refusal());
  ask(call, change_room{call->who, *room, rename_room{std::move(name)}},
      [call, room = *room](const change_room::reply&) { answer_room(call, room, true); });
}

void handle_list_members(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  ask(call, list_members{call->who, *room, *range, false}, [call](const page<room_member>& members) {
    call->answer(200, json::page_text(members.items, members.next_cursor));
  });
}

/// Finds those who were invited among the room's members, who come in order of user_id: each reading begins at the next
/// one wanted, so that it takes at most one for each, however many others there are.
struct invited_search {
  room_id room;
  std::vector<user_id> wanted;  ///< Sorted.
  std::size_t next = 0;         ///< The first of them that has not been looked for.
  std::vector<room_member> found{};
};

/// The cursor of the page that begins with that user; none for the least id that there is.
std::optional<std::string> cursor_before(const user_id& user) {
  uuid id = uuid(user);
  for (auto byte = id.bytes.rbegin(); byte != id.bytes.rend(); ++byte) {
    if ((*byte)-- != 0) return to_string(id);
  }
  return std::nullopt;
}

void find_invited(const api_call_ptr& call, std::shared_ptr<invited_search> search) {
  const auto left =
      static_cast<std::uint32_t>(std::min<std::size_t>(search->wanted.size() - search->next, max_page_items));
  ask(call, list_members{call->who, search->room, {cursor_before(search->wanted[search->next]), left}, true},
      [call, search](const page<room_member>& members) {
        auto& next = search->next;
        ++next;  // found below, or gone again
        for (const auto& member : members.items) {
          if (!std::binary_search(search->wanted.begin(), search->wanted.end(), member.profile.id)) continue;
          search->found.push_back(member);
        }
        while (next < search->wanted.size() && !members.items.empty() &&
               search->wanted[next] <= members.items.back().profile.id) {
          ++next;
        }
        if (members.next_cursor && next < search->wanted.size()) return find_invited(call, search);
        std::string body;
        json::object_writer(body).field("items", search->found);
        call->answer(200, std::move(body));
      });
}

void handle_invite(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  auto body = request_body::parse(call->request.body());
  if (!body) return call->fail(body.error());
  auto users = body->users("user_ids");
  if (users.empty()) body->refuse(bad_request("user_ids: at least one"));
  if (body->refusal()) return call->fail(*body->refusal());
  auto search = std::make_shared<invited_search>(invited_search{*room, users, 0});
  std::sort(search->wanted.begin(), search->wanted.end());
  ask(call, change_room{call->who, *room, invite_members{std::move(users)}},
      [call, search](const change_room::reply&) { find_invited(call, search); });
}

void handle_remove_member(const api_call_ptr& call) {
  const auto room = call->identity<room_id>(0, "room_id");
  if (!room) return;
  const auto user =
      call->parameters.at(1) == "me" ? std::optional(call->who.user.id) : call->identity<user_id>(1, "user_id");
  if (!user) return;
  ask(call, change_room{call->who, *room, remove_member{*user}},
      [call](const change_room::reply&) { call->answer_nothing(); });
}

}  // namespace

void add_room_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::post, "/api/v1/rooms", access::user, handle_create_room);
  routes.add(verb::get, "/api/v1/rooms", access::user, handle_list_rooms);
  routes.add(verb::get, "/api/v1/rooms/{room_id}", access::user, handle_get_room);
  routes.add(verb::patch, "/api/v1/rooms/{room_id}", access::user, handle_rename_room);
  routes.add(verb::get, "/api/v1/rooms/{room_id}/members", access::user, handle_list_members);
  routes.add(verb::post, "/api/v1/rooms/{room_id}/members", access::user, handle_invite);
  routes.add(verb::delete_, "/api/v1/rooms/{room_id}/members/{user_id}", access::user, handle_remove_member);
}

}  // namespace parley
