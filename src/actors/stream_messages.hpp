// The bus's actors and what they send: news of this node's events to the others, and of the others' to this one's
// rooms.
#pragma once

#include <caf/all.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "actors/queue_bound.hpp"
#include "parley/answer.hpp"
#include "parley/event_stream.hpp"

namespace parley {

struct mirror_batch;
struct write_stream;
/// One for each URL of the bus; has a thread, since it waits for the bus.
using stream_writer_handle = caf::typed_actor<caf::reacts_to<mirror_batch>, caf::reacts_to<write_stream>>;

struct read_stream;
/// As stream_writer_handle.
using stream_reader_handle = caf::typed_actor<caf::reacts_to<read_stream>>;

struct read_tail;
struct read_tails;
/// As stream_writer_handle.
using room_tail_handle = caf::typed_actor<caf::reacts_to<read_tail>, caf::reacts_to<read_tails>>;

struct compare_with_store;
struct sweep_tick;
struct sweep_continuation;
/// One a node: finds what no news told.
using sweep_handle = caf::typed_actor<caf::reacts_to<compare_with_store>, caf::reacts_to<sweep_tick>,
                                      caf::reacts_to<sweep_continuation>>;

/// Sent by a room when events of its own are stored. Without any: some did not fit, and the others must be told.
struct mirror_batch {
  std::shared_ptr<const stream_batch> what;
  queue_place place;
};
/// Sent by the writer to itself: append all that waits.
struct write_stream {};
/// Sent by the reader to itself: read what is new.
struct read_stream {};

/// Sent by a reader to the directory, which hands it to the room if that is in use here.
struct events_heard {
  std::shared_ptr<const stream_batch> what;
  queue_place place;
};

/// Sent by a session that a room's ring does not reach far enough back for. Answered with no events when the store must
/// be asked.
struct read_tail {
  tail_question what;
  answer<std::vector<durable_event>> reply;
  queue_place place;
  steady_time since{};
  bool is_late = false;  ///< The reader's note: looked for already, and not there yet.
};
/// Sent by the reader of tails to itself: read for all who wait.
struct read_tails {};

/// Sent by a reader to the sweep: something may have been missed, so look now; and each second for as long as any URL
/// of the bus cannot be read.
struct compare_with_store {
  int buses_lost = 0;  ///< 1: this one cannot be read any more; -1: it can again.
};
/// Sent by the sweep to itself.
struct sweep_tick {};
/// Sent by the directory and by reading actors to the sweep: run the rest there, where the state is.
struct sweep_continuation {
  std::function<void()> then;
};

/// Sent by the sweep to the directory: which rooms are in use here?
struct list_rooms_in_use {
  answer<std::vector<room_id>> reply;
};
/// Sent by the sweep and the control actor to the directory: so far the store's logs reach.
struct logs_reached {
  std::vector<std::pair<room_id, sequence>> ends;
};
/// Sent by the directory to a room.
struct log_reached {
  sequence end = 0;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(mirror_batch)
PARLEY_UNSAFE(write_stream)
PARLEY_UNSAFE(read_stream)
PARLEY_UNSAFE(events_heard)
PARLEY_UNSAFE(read_tail)
PARLEY_UNSAFE(read_tails)
PARLEY_UNSAFE(compare_with_store)
PARLEY_UNSAFE(sweep_tick)
PARLEY_UNSAFE(sweep_continuation)
PARLEY_UNSAFE(list_rooms_in_use)
PARLEY_UNSAFE(logs_reached)
PARLEY_UNSAFE(log_reached)
#undef PARLEY_UNSAFE
