// One page of what the directory knows, with what the store says of each.
#include "actors/node_view.hpp"

#include <algorithm>
#include <utility>

#include "actors/read_pool.hpp"

namespace parley {
namespace {

constexpr std::size_t most_items = 200;

const uuid& key_of(const room_id& room) { return room; }
const uuid& key_of(const std::pair<user_id, std::uint32_t>& user) { return user.first; }

result<std::optional<active_room>> look_up(database_reader& store, const room_id& room) {
  auto found = store.snapshot(room);
  if (!found) return found.error();
  if (!*found) return std::optional<active_room>();
  auto& snapshot = **found;
  return std::optional(active_room{snapshot.id, std::move(snapshot.name), snapshot.is_group, snapshot.members.size(),
                                   snapshot.last_seq});
}

result<std::optional<connected_user>> look_up(database_reader& store, const std::pair<user_id, std::uint32_t>& user) {
  auto found = store.user(user.first);
  if (!found) return found.error();
  if (!*found) return std::optional<connected_user>();
  return std::optional(connected_user{std::move((*found)->profile), user.second});
}

/// Runs on a reading thread.
template <class Shown, class Item>
result<page<Shown>> page_of(database_reader& store, const std::vector<Item>& all, const page_request& range) {
  uuid after;
  if (range.cursor) {
    const auto parsed = parse_uuid(*range.cursor);
    if (!parsed) return bad_request("cursor: not one of ours.");
    after = *parsed;
  }
  auto next = std::find_if(all.begin(), all.end(), [&](const Item& item) { return after < key_of(item); });
  page<Shown> found;
  for (std::size_t count = 0; next != all.end() && count < std::min<std::size_t>(range.limit, most_items); ++count) {
    auto shown = look_up(store, *next);
    if (!shown) return shown.error();
    if (*shown) found.items.push_back(std::move(**shown));
    after = key_of(*next++);
  }
  if (next != all.end()) found.next_cursor = to_string(after);
  return found;
}

template <class Shown, class Item, class Request>
void show(const actor_services& services, std::vector<Item> node_view::*part, call<Request> ask) {
  caf::anon_send(services.directory,
                 look_at_node{answer<node_view>([reads = services.reads, part, ask](const result<node_view>& view) {
                   if (!view) return ask.reply(view.error());
                   reads->ask<page<Shown>>([all = (*view).*part, range = ask.request.range](
                                               database_reader& store) { return page_of<Shown>(store, all, range); },
                                           ask.reply);
                 })});
}

}  // namespace

void show_node(const actor_services& services, call<list_connections> ask) {
  show<connected_user>(services, &node_view::users, std::move(ask));
}

void show_node(const actor_services& services, call<list_active_rooms> ask) {
  show<active_room>(services, &node_view::rooms, std::move(ask));
}

}  // namespace parley
