// Which connections of one shard are attached to which room, laid out for the loop that delivers a batch.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parley/ids.hpp"

namespace parley {

struct attached_room;

/// A connection as the table sees it: where in which room it stands.
struct attachable {
  struct place {
    attached_room* room = nullptr;
    std::uint32_t index = 0;
  };
  std::vector<place> places;
};

struct room_attachment {
  attachable* connection = nullptr;
  user_id user;
  sequence position = 0;   ///< What is at or below it was delivered, or came by replay.
  std::uint32_t slot = 0;  ///< Of this room in connection->places.
};

struct attached_room {
  room_id id;
  std::vector<room_attachment> members;
};

/// Not thread-safe. Attaching and detaching cost the same in a room of ten as of ten thousand; addresses of rooms stay.
class room_table {
 public:
  [[nodiscard]] attached_room* find(const room_id& room);
  /// Attached already: moves to the new position.
  void attach(attachable& connection, const room_id& room, const user_id& user, sequence position);
  void detach(attachable& connection, const room_id& room);
  void detach_all(attachable& connection);
  /// Detaches everybody and tells who stood where.
  std::vector<std::pair<attachable*, sequence>> remove(const room_id& room);
  [[nodiscard]] std::size_t room_count() const { return rooms_.size(); }

 private:
  void remove_place(attachable& connection, std::size_t slot);

  std::unordered_map<room_id, attached_room> rooms_;
};

}  // namespace parley
