// Refusals that rooms, sessions and stores give, in the same words, so that nobody learns from them what he may not
// see.
#pragma once

#include "parley/error.hpp"

namespace parley {

/// To whoever was suspended or locked since they showed their token.
inline error not_active() { return make_error(error_code::unauthenticated, "Your account is not active."); }

/// Of a room that is not there as of one that is not among the user's, and of a message in it.
inline error no_such_room() { return not_found("There is no such room or message among yours."); }

/// Of bans, mutes and slow mode.
inline error no_moderation_here() {
  return make_error(error_code::conflict, "room_id: in a private room, block the other one instead.");
}

/// Nothing was stored.
inline error cannot_be_read() { return unavailable("The room cannot be read at the moment; send again."); }

/// A node that may not have heard who was logged out or suspended on another.
inline error not_up_to_date() {
  return unavailable("This node cannot reach the store to see who is logged in; try again, or another node.");
}

}  // namespace parley
