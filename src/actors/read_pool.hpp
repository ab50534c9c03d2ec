// The way to the reading actors: a question to the store as a function, answered from a reading thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/queue_bound.hpp"
#include "actors/reading_actor.hpp"

namespace parley {

/// Immutable once made, so that every actor may use it at once.
class read_pool {
 public:
  /// Spawns so many reading actors. `source` outlives them.
  static std::unique_ptr<read_pool> spawn(caf::actor_system& system, const actor_services& services, database& source,
                                          std::uint32_t count);
  /// For tests: actors that stand already.
  read_pool(const actor_services& services, std::vector<reading_place> readers);

  /// Runs `question(database_reader&) -> result<T>` on a reading thread and answers from there; `busy` when every queue
  /// is full, `unavailable` when the store cannot be reached or the question threw. `question` must be copyable.
  template <class T, class Question>
  void ask(Question question, answer<T> reply) const {
    const bool queued =
        submit([question = std::move(question), reply](database_reader& reader) { reply(question(reader)); });
    if (!queued) reply(too_much_at_once());
  }
  /// Likewise; all such questions that wait for a reading thread are asked at once.
  void ask(const session_question& question, answer<session_basis> reply) const;
  /// Tells whether any of them found the store when it last looked. Outlives the pool; any thread.
  [[nodiscard]] std::function<bool()> readiness() const;
  void stop() const;

 private:
  struct slot {
    reading_place place;
    std::shared_ptr<queue_bound> bound;
  };
  /// Sends what `make` makes of a place to the actor with the shortest queue, of those that find the store as long as
  /// one does; false when its queue is full.
  template <class Make>
  [[nodiscard]] bool send(Make make) const;
  [[nodiscard]] bool submit(read_job job) const;

  static error too_much_at_once() { return busy("The server is reading too much at once; try again.", 500); }

  metrics& counts_;
  std::vector<slot> readers_;
  store_watch_handle watch_;  ///< None in tests whose actors stand already.
};

}  // namespace parley
