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
/// `flag` is null for somebody who does not exist; `rooms` counts those that the user is in.
std::optional<error> member_fault(const new_room& room, user_id user, std::optional<account_flag> flag,
                                  std::int64_t rooms, const limits_config& limits);
/// A private room may be opened with anybody who has not blocked one; the sentence does not say that it is a block.
inline error blocked_fault() { return forbidden("user_id: you cannot open a private room with this user."); }

}  // namespace parley
