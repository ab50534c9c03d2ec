// The way to the storage actors: which one keeps which room, and how much may wait for each.
#pragma once

#include <memory>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/queue_bound.hpp"

namespace parley {

/// Immutable once made, so that every actor may use it at once. All of a room's writes go to one actor, in the order of
/// the calls of one caller. An answer always comes: `busy` when too much waits, `unavailable` when the store cannot
/// commit.
class storage_pool {
 public:
  /// Spawns store.workers storage actors, or by the cores where that is 0, but no more than source.max_writers().
  /// `source` outlives them.
  static std::unique_ptr<storage_pool> spawn(caf::actor_system& system, const actor_services& services,
                                             database& source);
  /// For tests: actors that stand already.
  storage_pool(const actor_services& services, std::vector<storage_handle> workers);

  void append(room_id room, std::vector<append_command> commands, answer<std::vector<append_outcome>> reply) const;
  /// `key` is the room's id where the job concerns a room, else the user's; also the job's own, if it has none.
  void write(const uuid& key, write_job job, answer<std::monostate> reply) const;
  /// Ends the actors behind what waits for them. Their threads end soon after.
  void stop() const;

 private:
  struct worker {
    storage_handle actor;
    std::shared_ptr<queue_bound> bound;
  };
  [[nodiscard]] const worker& worker_of(const uuid& key) const;
  template <class T>
  void refuse(const answer<T>& reply) const;

  metrics& counts_;
  std::vector<worker> workers_;
  store_watch_handle watch_;  ///< None in tests whose workers stand already.
};

}  // namespace parley
