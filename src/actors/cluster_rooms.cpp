// This node's rooms as they are now, the other nodes' as they last wrote them; and what the store says of those shown.
#include "actors/cluster_rooms.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/read_pool.hpp"

namespace parley {
namespace {

constexpr std::size_t most_items = 200;

/// Nodes that have not said for so long that they are there need not be waited for.
bool is_there(const node_seen& node) { return node.age < control_lease; }

/// The busiest rooms first, each with the nodes on which it is.
cluster_rooms merged(const std::vector<node_rooms>& lists, const std::vector<node_seen>& nodes, const node_rooms& here,
                     const std::string& name_here) {
  cluster_rooms all;
  std::unordered_map<room_id, cluster_room> rooms;
  const auto add = [&](const node_rooms& list, const std::string& name) {
    all.nodes.push_back({list.node, name, list.rooms.size(), list.left_out, list.age});
    for (const auto& each : list.rooms) {
      auto& room = rooms[each.room];
      room.id = each.room;
      room.connections += each.connections;
      room.nodes.push_back({name, each.connections, each.seq});
    }
  };
  add(here, name_here);
  for (const auto& node : nodes) {
    if (node.report.node == here.node) continue;
    const auto list =
        std::find_if(lists.begin(), lists.end(), [&](const node_rooms& each) { return each.node == node.report.node; });
    if (list != lists.end()) {
      add(*list, node.report.name);
    } else if (is_there(node)) {
      all.silent.push_back(node.report.name);
    }
  }
  all.total = rooms.size();
  all.rooms.reserve(rooms.size());
  for (auto& [id, room] : rooms) all.rooms.push_back(std::move(room));
  std::sort(all.rooms.begin(), all.rooms.end(), [](const cluster_room& one, const cluster_room& other) {
    return one.connections != other.connections ? one.connections > other.connections : one.id < other.id;
  });
  return all;
}

/// Runs on a reading thread. Without lists the node is alone.
result<cluster_rooms> described(database_reader& store, const std::optional<std::vector<node_rooms>>& lists,
                                const node_rooms& here, const std::string& name_here, std::size_t limit) {
  std::vector<node_seen> nodes;
  if (lists) {
    auto seen = store.nodes();
    if (!seen) return seen.error();
    nodes = std::move(*seen);
  }
  auto all = merged(lists.value_or(std::vector<node_rooms>()), nodes, here, name_here);
  if (all.rooms.size() > limit) all.rooms.resize(limit);
  std::vector<room_id> ids;
  ids.reserve(all.rooms.size());
  for (const auto& room : all.rooms) ids.push_back(room.id);
  auto headings = store.headings(ids);
  if (!headings) return headings.error();
  std::unordered_map<room_id, room_heading> known;
  for (auto& each : *headings) known.emplace(each.id, std::move(each));
  for (auto& room : all.rooms) {
    const auto found = known.find(room.id);
    if (found == known.end()) continue;
    room.name = std::move(found->second.name);
    room.is_group = found->second.is_group;
    room.last_seq = found->second.last_seq;
  }
  return all;
}

void describe(const actor_services& services, std::optional<std::vector<node_rooms>> lists,
              std::vector<roster_entry> counted, const call<list_cluster_rooms>& ask) {
  node_rooms here;
  if (services.identity != nullptr) here.node = services.identity->get();
  here.rooms = std::move(counted);
  services.reads->ask<cluster_rooms>(
      [lists = std::move(lists), here = std::move(here), name = services.settings.node.name,
       limit = std::min(ask.request.limit, most_items)](database_reader& store) {
        return described(store, lists, here, name, limit);
      },
      ask.reply);
}

}  // namespace

void show_cluster_rooms(const actor_services& services, call<list_cluster_rooms> ask) {
  using counted = std::vector<roster_entry>;
  caf::anon_send(services.directory, count_rooms{answer<counted>([&services, ask](result<counted> here) {
                   if (!here) return ask.reply(here.error());
                   if (!services.roster) return describe(services, std::nullopt, std::move(*here), ask);
                   using read = std::vector<node_rooms>;
                   caf::anon_send(
                       services.roster,
                       read_roster{answer<read>([&services, ask, here = std::move(*here)](result<read> lists) {
                         if (!lists) return ask.reply(lists.error());
                         describe(services, std::move(*lists), here, ask);
                       })});
                 })});
}

}  // namespace parley
