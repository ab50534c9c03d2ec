// The commands that look at nodes.
#include "parleyctl_nodes.hpp"

#include <fmt/format.h>

#include <iostream>

namespace parley::ctl {

namespace json = boost::json;

namespace {

/// What an answer lacks must not be taken for what is not there.
void warn_of_silent_nodes(const json::object& answer, const char* what) {
  for (const auto& name : answer.at("silent").as_array()) {
    std::cerr << "parleyctl: " << printable({name.as_string().data(), name.as_string().size()}) << ": " << what << '\n';
  }
}

json::string took(std::int64_t microseconds) {
  return json::string(fmt::format("{:.3f} ms", static_cast<double>(microseconds) / 1e3));
}

/// What the node knows that accepted it.
void show_acceptance(const command_line& args, const json::object& found) {
  const auto at = [&](const char* field) { return found.at(field).to_number<std::int64_t>(); };
  json::object shown{{"message", found.at("message_id")}, {"room", found.at("room_id")}, {"seq", found.at("seq")}};
  if (found.at("accepted_by").is_null()) {
    shown["accepted by"] = "(a node that does not know it any more, or did not answer)";
    return print(args, shown);
  }
  shown["accepted by"] = found.at("accepted_by");
  shown["accepted at"] = found.at("accepted_at");
  shown["waited for its batch"] = took(at("to_store_us"));
  shown["stored in"] = took(at("committed_us") - at("to_store_us"));
  shown["commands in its batch"] = found.at("batch_commands");
  if (!found.at("delivered_us").is_null()) {
    shown["delivered in"] = took(at("delivered_us") - at("committed_us"));
    shown["in all"] = took(at("delivered_us"));
  }
  shown["connections there"] = found.at("connections");
  print(args, shown);
}

}  // namespace

void show_connections(const command_line& args, session& node) {
  print_list(args, node.ask_all("/api/v1/admin/connections", args.limit),
             {{"USERNAME", "username"},
              {"CONNECTIONS", "connections"},
              {"DISPLAY NAME", "display_name"},
              {"USER ID", "user_id"}});
}

void show_rooms(const command_line& args, session& node) {
  print_list(args, node.ask_all("/api/v1/admin/rooms", args.limit),
             {{"ROOM ID", "room_id"},
              {"GROUP", "is_group"},
              {"MEMBERS", "members"},
              {"LAST SEQ", "last_seq"},
              {"NAME", "name"}});
}

void show_cluster(const command_line& args, session& node) {
  const auto answer = node.ask("GET", "/api/v1/admin/nodes");
  const auto& nodes = answer.at("items").as_array();
  if (nodes.empty() && !args.as_json) {
    std::cout << "No nodes are written down: only those that share a PostgreSQL are.\n";
    return;
  }
  print_list(args, nodes,
             {{"NAME", "name"},
              {"VERSION", "version"},
              {"ALIVE", "is_alive"},
              {"SILENT MS", "silent_ms"},
              {"CONNECTIONS", "connections"},
              {"ROOMS", "rooms"},
              {"BACKLOG BYTES", "stream_backlog_bytes"},
              {"LAG MS", "stream_lag_ms"},
              {"LAST RESYNC", "resynced_at"},
              {"STARTED AT", "started_at"}});
}

void explain_presence(const command_line& args, session& node) {
  const auto why = node.ask("GET", "/api/v1/admin/presence/" + node.id_of(args.username));
  const auto& found = why.as_object();
  // A node of an older version says nothing of devices.
  const auto* devices = found.if_contains("devices");
  if (devices == nullptr) {
    std::cerr << "parleyctl: the node is of a version that does not know devices\n";
  } else {
    warn_of_silent_nodes(found, "the devices on it are not known");
  }
  if (args.as_json) return print(args, why);
  auto shown = found;
  for (const auto* part : {"nodes", "devices", "silent"}) shown.erase(part);
  print(args, shown);
  print_list(args, found.at("nodes").as_array(),
             {{"ON NODE", "name"}, {"SINCE", "since"}, {"NODE IS KNOWN", "is_known"}, {"NODE SILENT MS", "silent_ms"}});
  if (devices == nullptr) return;
  print_list(
      args, devices->as_array(),
      {{"ON NODE", "node"}, {"SOCKETS", "sockets"}, {"LOGGED IN AT", "logged_in_at"}, {"USER AGENT", "user_agent"}});
}

void show_active_rooms(const command_line& args, session& node) {
  const auto found =
      node.ask("GET", "/api/v1/admin/rooms/active?limit=" + std::to_string(args.rooms_limit)).as_object();
  warn_of_silent_nodes(found, "its rooms are not known");
  if (args.as_json) return print(args, found);
  auto rooms = found.at("items").as_array();
  for (auto& room : rooms) {
    std::string on;
    for (const auto& place : room.at("nodes").as_array()) {
      const auto& name = place.at("node").as_string();
      on += fmt::format("{}{} {} @{}", on.empty() ? "" : ", ", std::string_view(name.data(), name.size()),
                        place.at("connections").to_number<std::int64_t>(), place.at("seq").to_number<std::int64_t>());
    }
    room.as_object()["on"] = on;
  }
  print_list(args, rooms,
             {{"ROOM ID", "room_id"},
              {"CONNECTIONS", "connections"},
              {"LAST SEQ", "last_seq"},
              {"ON NODES", "on"},
              {"NAME", "name"}});
  const auto total = found.at("total").to_number<std::size_t>();
  if (total > rooms.size()) std::cerr << "parleyctl: and " << total - rooms.size() << " more; see --limit\n";
  for (const auto& each : found.at("nodes").as_array()) {
    const auto left_out = each.at("left_out").to_number<std::size_t>();
    if (left_out == 0) continue;
    std::cerr << "parleyctl: and " << left_out << " on "
              << printable({each.at("name").as_string().data(), each.at("name").as_string().size()})
              << " with fewer connections than those listed\n";
  }
}

void show_trace(const command_line& args, session& node) {
  const auto found = node.ask("GET", "/api/v1/admin/trace/" + session::encoded(args.message)).as_object();
  warn_of_silent_nodes(found, "did not answer");
  if (!found.at("are_nodes_known").as_bool()) {
    std::cerr << "parleyctl: the store did not say which nodes there are; others may know more\n";
  }
  if (args.as_json) return print(args, found);
  show_acceptance(args, found);
  auto others = found.at("others").as_array();
  if (others.empty()) return;
  for (auto& each : others) {
    auto& other = each.as_object();
    if (other["heard_from"].is_null()) other["heard_from"] = "(not heard: not in use there, or long ago)";
    const auto* delivered = other.if_contains("delivered_us");
    if (delivered != nullptr && !delivered->is_null()) other["delivered"] = took(delivered->to_number<std::int64_t>());
  }
  print_list(args, others,
             {{"OTHER NODE", "name"},
              {"HEARD FROM", "heard_from"},
              {"HEARD AT", "heard_at"},
              {"DELIVERED IN", "delivered"},
              {"CONNECTIONS", "connections"}});
}

}  // namespace parley::ctl
