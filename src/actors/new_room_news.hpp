// A room that was just made is told to its members.
#pragma once

#include <span>

#include "actors/actor_services.hpp"

namespace parley {

/// On all nodes. `members` in the order of their seqs, from 1; the first is the creator.
void tell_of_new_room(const actor_services& services, room_id room, std::span<const user_id> members);

}  // namespace parley
