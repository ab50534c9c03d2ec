// Makes a stream writer, and the way to all of them.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/stream_messages.hpp"

namespace parley {

/// What a writer shares with those who send to it: how much may wait, and whether something did not fit.
struct stream_backlog {
  std::shared_ptr<queue_bound> bound;  ///< In bytes.
  std::atomic<bool> has_gap{false};
};

/// With a thread of its own. `services` outlives it.
stream_writer_handle spawn_stream_writer(caf::actor_system& system, const actor_services& services,
                                         event_stream& stream, std::shared_ptr<stream_backlog> backlog);
/// On the scheduler, for tests: the stream must not block.
stream_writer_handle spawn_stream_writer_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                      event_stream& stream, std::shared_ptr<stream_backlog> backlog);

/// The way to the writers: a room's partition decides which one. Immutable once made, so that every room may use it at
/// once. What does not fit is dropped, and the other nodes are told that there is a gap: they read the store.
class event_bus {
 public:
  struct lane {
    stream_writer_handle writer;
    std::shared_ptr<stream_backlog> backlog;
  };
  event_bus(std::vector<lane> lanes, std::uint32_t partitions) : lanes_(std::move(lanes)), partitions_(partitions) {}

  void mirror(std::shared_ptr<const stream_batch> what) const;
  void stop() const;

 private:
  std::vector<lane> lanes_;
  std::uint32_t partitions_;
};

}  // namespace parley
