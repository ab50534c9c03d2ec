// Makes a reading actor: runs questions to the store one after another on its own thread.
#pragma once

#include <atomic>
#include <memory>

#include "actors/actor_services.hpp"

namespace parley {

struct reading_place {
  reading_handle actor;
  std::shared_ptr<const std::atomic<bool>> is_lost;  ///< It did not find the store when it last looked.
};

/// Opens its reader on its own thread (`own_thread`; tests let their scheduler run it), again after a question threw.
reading_place spawn_reading_actor(caf::actor_system& system, const actor_services& services, database& source,
                                  bool own_thread = true);

}  // namespace parley
