// Makes the actors that read rooms' tails, and the way to them: pages for replays that the rooms' rings do not reach.
#pragma once

#include <memory>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/stream_messages.hpp"

namespace parley {

/// With a thread of its own. `services` outlives it.
room_tail_handle spawn_room_tails(caf::actor_system& system, const actor_services& services, event_stream& stream);
/// On the scheduler, for tests: the stream must not block.
room_tail_handle spawn_room_tails_on_scheduler(caf::actor_system& system, const actor_services& services,
                                               event_stream& stream);

/// The way to the tails: a room's partition decides which actor. Immutable once made, so that every session may use it
/// at once.
class room_tails {
 public:
  /// One actor for each URL of the bus, in their order.
  room_tails(const actor_services& services, std::vector<room_tail_handle> readers);

  /// Events that follow `what.after` without a hole; none when the store must be asked, for whatever reason. Answered
  /// soon: Redis is given bus.answer_ms once, and no time after it has failed.
  void ask(const tail_question& what, answer<std::vector<durable_event>> reply) const;
  void stop() const;

 private:
  struct lane {
    room_tail_handle reader;
    std::shared_ptr<queue_bound> bound;
  };
  const actor_services& services_;
  std::vector<lane> lanes_;
};

}  // namespace parley
