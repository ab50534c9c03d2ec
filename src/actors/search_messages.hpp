// The search actor: its interface and what is sent to it. See messages.hpp for the rest.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <functional>

#include "parley/ids.hpp"

namespace parley {

struct room_written;
struct index_rooms;
struct look_for_rooms_behind;
struct search_continuation;
/// Has the index follow the rooms' logs.
using search_handle = caf::typed_actor<caf::reacts_to<room_written>, caf::reacts_to<index_rooms>,
                                       caf::reacts_to<look_for_rooms_behind>, caf::reacts_to<search_continuation>>;

/// Sent by a room when events were released, and not again until `taken` was called: so one waits for each room.
struct room_written {
  room_id room;
  std::function<void()> taken;
};
/// Sent by the search actor to itself.
struct index_rooms {};
/// Sent by the control actor when a node is gone, which may not have indexed what it stored last; and by the search
/// actor to itself, some rooms at a time.
struct look_for_rooms_behind {
  room_id after{};          ///< Nil: from the first.
  std::uint64_t round = 0;  ///< 0: a new one begins.
};
/// Sent by a job actor to the search actor: run the rest there, where the state is.
struct search_continuation {
  std::function<void()> then;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(room_written)
PARLEY_UNSAFE(index_rooms)
PARLEY_UNSAFE(look_for_rooms_behind)
PARLEY_UNSAFE(search_continuation)
#undef PARLEY_UNSAFE
