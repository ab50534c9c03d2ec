// The removal actor: its interface and what is sent to it. See messages.hpp for the rest.
#pragma once

#include <caf/all.hpp>
#include <functional>

#include "parley/moderation.hpp"

namespace parley {

struct begin_removal;
struct look_for_removals;
struct removal_continuation;
/// Removes the messages of people who were banned with them.
using removal_handle = caf::typed_actor<caf::reacts_to<begin_removal>, caf::reacts_to<look_for_removals>,
                                        caf::reacts_to<removal_continuation>>;

/// Sent by the broker when the ban was stored. One that gets lost is found by a look.
struct begin_removal {
  message_removal what;
};
/// Sent by the removal actor to itself.
struct look_for_removals {};
/// Sent by a reading, storage or room actor to the removal actor: run the rest there, where the state is.
struct removal_continuation {
  std::function<void()> then;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(begin_removal)
PARLEY_UNSAFE(look_for_removals)
PARLEY_UNSAFE(removal_continuation)
#undef PARLEY_UNSAFE
