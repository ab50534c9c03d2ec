// What operators see of nodes, rooms, messages and presence; for them alone, so not in docs/openapi.yaml.
#include "net/json_writer.hpp"

namespace parley::json {

void append_object(std::string& out, const message_life::place& other) {
  object_writer object(out);
  object.field("node_id", other.node).field("name", other.name);
  if (!other.known) {
    object.begin("heard_from") += "null";
    return;
  }
  object.field("heard_from", to_string(other.known->origin))
      .field("heard_at", other.known->known_at)
      .field("delivered_us", other.known->delivered_us)
      .field("connections", other.known->connections);
}

/// The node that accepted it first, and beside it what the others know.
void append_object(std::string& out, const message_life& life) {
  const message_life::place* accepted = nullptr;
  const traced_message* any = nullptr;
  std::vector<message_life::place> others;
  for (const auto& node : life.nodes) {
    if (node.known) any = &*node.known;
    if (node.known && node.known->origin == message_origin::accepted) {
      accepted = &node;
    } else {
      others.push_back(node);
    }
  }
  object_writer object(out);
  if (any != nullptr) object.field("message_id", any->message).field("room_id", any->room).field("seq", any->seq);
  if (accepted != nullptr) {
    object.field("accepted_by", accepted->name)
        .field("accepted_at", accepted->known->known_at)
        .field("to_store_us", accepted->known->to_store_us)
        .field("committed_us", accepted->known->committed_us)
        .field("delivered_us", accepted->known->delivered_us)
        .field("batch_commands", accepted->known->batch_commands)
        .field("connections", accepted->known->connections);
  } else {
    object.begin("accepted_by") += "null";
  }
  object.field("others", others).field("silent", life.silent).field("are_nodes_known", life.are_nodes_known);
}

void append_object(std::string& out, const cluster_room::place& place) {
  object_writer(out).field("node", place.node).field("connections", place.connections).field("seq", place.seq);
}

void append_object(std::string& out, const cluster_room& room) {
  object_writer(out)
      .field("room_id", room.id)
      .field("name", room.name)
      .field("is_group", room.is_group)
      .field("last_seq", room.last_seq)
      .field("connections", room.connections)
      .field("nodes", room.nodes);
}

void append_object(std::string& out, const roster_node& node) {
  object_writer(out)
      .field("node_id", node.node)
      .field("name", node.name)
      .field("rooms", node.rooms)
      .field("left_out", node.left_out)
      .field("age_ms", static_cast<std::int64_t>(node.age.count()));
}

void append_object(std::string& out, const cluster_rooms& rooms) {
  object_writer(out)
      .field("items", rooms.rooms)
      .field("total", rooms.total)
      .field("nodes", rooms.nodes)
      .field("silent", rooms.silent);
}

void append_object(std::string& out, const active_room& room) {
  object_writer(out)
      .field("room_id", room.id)
      .field("name", room.name)
      .field("is_group", room.is_group)
      .field("members", room.members)
      .field("last_seq", room.last_seq);
}

void append_object(std::string& out, const node_seen& node) {
  const auto& says = node.report;
  object_writer(out)
      .field("node_id", says.node)
      .field("name", says.name)
      .field("version", says.version)
      .field("started_at", says.started_at)
      .field("is_alive", node.age < control_lease)
      .field("silent_ms", static_cast<std::int64_t>(node.age.count()))
      .field("connections", says.connections)
      .field("rooms", says.rooms)
      .field("stream_backlog_bytes", says.stream_backlog_bytes)
      .field("stream_lag_ms", says.stream_lag_ms)
      .field("resynced_at", says.resynced_at);
}

void append_object(std::string& out, const presence_place& place) {
  object_writer(out)
      .field("node_id", place.node)
      .field("name", place.name)
      .field("since", place.since)
      .field("is_known", place.is_known)
      .field("silent_ms", static_cast<std::int64_t>(place.silent.count()));
}
void append_object(std::string& out, const connected_device& device) {
  object_writer(out)
      .field("node", device.node)
      .field("sockets", device.sockets)
      .field("user_agent", device.user_agent)
      .field("logged_in_at", device.logged_in_at);
}
void append_object(std::string& out, const presence_explanation& why) {
  object_writer(out)
      .field("user_id", why.now.user)
      .field("is_online", why.now.is_online)
      .field("last_seen", why.now.last_seen)
      .field("log_ins", why.log_ins)
      .field("nodes", why.places)
      .field("devices", why.devices)
      .field("silent", why.silent)
      .field("lease_ms", static_cast<std::int64_t>(why.lease.count()));
}

}  // namespace parley::json
