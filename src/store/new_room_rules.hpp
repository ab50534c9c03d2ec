// What a room that is to be made must fulfil, whatever store it is made in.
#pragma once

#include <optional>
#include <vector>

#include "parley/config.hpp"
#include "parley/database.hpp"

namespace parley {

/// What can be said without a look at the store.
std::optional<error> shape_fault(const new_room& room);
/// Each once, the creator first.
std::vector<user_id> members_of(const new_room& room);
std::optional<error> size_fault(std::size_t members, const limits_config& limits);
struct member_facts {
  std::optional<account_flag> flag{};  ///< Null for somebody who does not exist.
  std::int64_t rooms = 0;              ///< That the user is in.
  bool blocks_creator = false;
};
/// Nobody is brought into a room, of two or of many, by somebody whom he blocks; the sentence does not say that it is a
/// block.
std::optional<error> member_fault(const new_room& room, user_id user, const member_facts& facts,
                                  const limits_config& limits);

}  // namespace parley
