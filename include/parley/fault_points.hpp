// Places where a test makes a part throw, to show that the rest goes on.
#pragma once

#include <functional>
#include <span>

#include "parley/database.hpp"
#include "parley/ids.hpp"

namespace parley {

/// All are empty in a real node. Called on the actor's thread; what they throw is the part's own exception.
struct fault_points {
  std::function<void(room_id)> on_post;                                ///< In a room, before it takes a command.
  std::function<void(room_id)> before_release;                         ///< In a room, between commit and delivery.
  std::function<void(std::span<const append_command>)> before_commit;  ///< In a storage actor.
  std::function<void(std::span<const append_command>)> after_commit;   ///< In a storage actor, before the answers.
};

}  // namespace parley
