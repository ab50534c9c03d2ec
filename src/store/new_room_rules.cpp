// The rules of new rooms, each with its sentence.
#include "store/new_room_rules.hpp"

#include <fmt/format.h>

#include "parley/refusals.hpp"
#include "store/append_facts.hpp"

namespace parley {

std::optional<error> shape_fault(const new_room& room) {
  if (room.membership_ids.size() < room.others.size() + 1) {
    return make_error(error_code::internal, "A room came without an id for each membership.");
  }
  if (room.is_group) {
    if (!room.name || room.name->empty()) return bad_request("name: required.");
    return std::nullopt;
  }
  if (room.others.size() != 1) return bad_request("user_id: a private room has exactly one other member.");
  if (room.others.front() == room.creator) {
    return make_error(error_code::conflict, "user_id: a private room needs somebody else.");
  }
  return std::nullopt;
}

std::vector<user_id> members_of(const new_room& room) {
  std::vector<user_id> members{room.creator};
  fact_set<user_id> seen{room.creator};
  for (const auto& user : room.others) {
    if (seen.insert(user).second) members.push_back(user);
  }
  return members;
}

std::optional<error> size_fault(std::size_t members, const limits_config& limits) {
  if (members <= limits.room_members) return std::nullopt;
  return make_error(error_code::conflict, fmt::format("members: a room has at most {}.", limits.room_members));
}

std::optional<error> member_fault(const new_room& room, user_id user, const member_facts& facts,
                                  const limits_config& limits) {
  const auto* key = room.is_group ? "members" : "user_id";
  if (facts.flag != account_flag::active) {
    if (user == room.creator) return not_active();
    return not_found(fmt::format("{}: there is no user {}.", key, to_string(user)));
  }
  if (facts.blocks_creator) {
    if (!room.is_group) return forbidden("user_id: you cannot open a private room with this user.");
    return forbidden(fmt::format("members: you cannot invite {}.", to_string(user)));
  }
  if (facts.rooms < limits.rooms_per_user) return std::nullopt;
  return make_error(error_code::conflict, fmt::format("{}: {} is in {} rooms already, which is the limit.", key,
                                                      to_string(user), limits.rooms_per_user));
}

}  // namespace parley
