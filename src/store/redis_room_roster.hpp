// The rooms in use, on Redis:
//   parley:rooms:active       a sorted set of the nodes that list their rooms, by when they last did, in ms since 1970.
//   parley:rooms:active:NODE  a hash, which goes away when its node does not write: ROOM -> "CONNECTIONS SEQ"; and
//                             more -> how many rooms were left out.
// One part a node, so that a node writes what has changed and nothing else, and a dead one's rooms vanish at once.
#pragma once

#include <memory>
#include <string>

#include "parley/room_roster.hpp"
#include "store/redis_url.hpp"

namespace parley {

inline constexpr const char* roster_key = "parley:rooms:active";
std::string roster_key_of(const uuid& node);

std::unique_ptr<room_roster> open_redis_room_roster(redis_options options);

}  // namespace parley
