// Attachments with links both ways, so that each end is found from the other without a search.
#include "net/room_table.hpp"

#include <algorithm>

namespace parley {

namespace {
auto find_place(attachable& connection, const attached_room* room) {
  return std::find_if(connection.places.begin(), connection.places.end(),
                      [room](const attachable::place& place) { return place.room == room; });
}
}  // namespace

attached_room* room_table::find(const room_id& room) {
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? nullptr : &found->second;
}

void room_table::attach(attachable& connection, const room_id& room, const user_id& user, sequence position) {
  attached_room& entry = rooms_.try_emplace(room, attached_room{room, {}}).first->second;
  if (const auto place = find_place(connection, &entry); place != connection.places.end()) {
    entry.members[place->index].position = position;
    return;
  }
  const auto slot = static_cast<std::uint32_t>(connection.places.size());
  connection.places.push_back({&entry, static_cast<std::uint32_t>(entry.members.size())});
  entry.members.push_back({&connection, user, position, slot});
}

void room_table::detach(attachable& connection, const room_id& room) {
  const attached_room* entry = find(room);
  if (entry == nullptr) return;
  const auto place = find_place(connection, entry);
  if (place != connection.places.end()) {
    remove_place(connection, static_cast<std::size_t>(place - connection.places.begin()));
  }
}

void room_table::detach_all(attachable& connection) {
  while (!connection.places.empty()) remove_place(connection, connection.places.size() - 1);
  connection.places = {};
}

std::vector<std::pair<attachable*, sequence>> room_table::remove(const room_id& room) {
  std::vector<std::pair<attachable*, sequence>> stood;
  const attached_room* entry = find(room);
  if (entry == nullptr) return stood;
  for (const room_attachment& member : entry->members) stood.emplace_back(member.connection, member.position);
  for (const auto& [connection, position] : stood) detach(*connection, room);
  return stood;
}

void room_table::remove_place(attachable& connection, std::size_t slot) {
  const attachable::place place = connection.places[slot];
  auto& members = place.room->members;
  if (place.index + 1 != members.size()) {
    members[place.index] = members.back();
    const room_attachment& moved = members[place.index];
    moved.connection->places[moved.slot].index = place.index;
  }
  members.pop_back();
  if (slot + 1 != connection.places.size()) {
    connection.places[slot] = connection.places.back();
    const attachable::place& moved = connection.places[slot];
    moved.room->members[moved.index].slot = static_cast<std::uint32_t>(slot);
  }
  connection.places.pop_back();
  if (members.empty()) rooms_.erase(room_id(place.room->id));
}

}  // namespace parley
