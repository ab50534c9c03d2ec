// Makes a stream reader: what other nodes stored, to this node's rooms.
#pragma once

#include <memory>

#include "actors/actor_services.hpp"
#include "actors/stream_lags.hpp"
#include "actors/stream_messages.hpp"

namespace parley {

/// With a thread of its own; `lags` are those of all streams. `services` outlives it; services.directory and
/// services.sweep stand already. Reads until it is ended.
stream_reader_handle spawn_stream_reader(caf::actor_system& system, const actor_services& services,
                                         event_stream& stream, std::shared_ptr<stream_lags> lags);
/// On the scheduler, for tests: the stream must not block, and each read_stream reads once.
stream_reader_handle spawn_stream_reader_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                      event_stream& stream, std::shared_ptr<stream_lags> lags);

}  // namespace parley
