// Searching messages.
#include "net/api/routes.hpp"
#include "net/field_rules.hpp"
#include "net/json_writer.hpp"
#include "net/router.hpp"

namespace parley {
namespace {

constexpr std::size_t longest_search = 128;

void handle_search(const api_call_ptr& call) {
  const auto range = page_of(call->target);
  if (!range) return call->fail(range.error());
  search_messages request{call->who, call->target.query_field("q").value_or(""), {}, *range};
  const auto characters = character_count(request.text);
  if (characters == 0 || characters > longest_search) {
    return call->fail(bad_request("q: between 1 and 128 characters"));
  }
  if (const auto room = call->target.query_field("room_id"); room && !room->empty()) {
    request.room = room_id::parse(*room);
    if (!request.room) return call->fail(bad_request("room_id: must be a UUID"));
  }
  ask(call, std::move(request),
      [call](const page<search_hit>& hits) { call->answer(200, json::page_text(hits.items, hits.next_cursor)); });
}

}  // namespace

void add_search_routes(router& routes) {
  using boost::beast::http::verb;
  routes.add(verb::get, "/api/v1/search", access::user, handle_search);
}

}  // namespace parley
