// The way to the reading actors: a question to the store as a function, answered from a reading thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/queue_bound.hpp"

namespace parley {

/// Immutable once made, so that every actor may use it at once.
class read_pool {
 public:
  /// Spawns so many reading actors. `source` outlives them.
  static std::unique_ptr<read_pool> spawn(caf::actor_system& system, const actor_services& services, database& source,
                                          std::uint32_t count);
  /// For tests: actors that stand already.
  read_pool(const actor_services& services, std::vector<reading_handle> readers);

  /// Runs `question(database_reader&) -> result<T>` on a reading thread and answers from there; `busy` when every queue
  /// is full, `unavailable` when the store cannot be reached or the question threw. `question` must be copyable.
  template <class T, class Question>
  void ask(Question question, answer<T> reply) const {
    const bool queued =
        submit([question = std::move(question), reply](database_reader& reader) { reply(question(reader)); });
    if (!queued) reply(busy("The server is reading too much at once; try again.", 500));
  }
  void stop() const;

 private:
  struct slot {
    reading_handle actor;
    std::shared_ptr<queue_bound> bound;
  };
  /// False when every queue is full.
  [[nodiscard]] bool submit(read_job job) const;

  metrics& counts_;
  std::vector<slot> readers_;
};

}  // namespace parley
