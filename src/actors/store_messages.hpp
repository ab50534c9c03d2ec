// Storage and reading actors: their interfaces and what is sent to them. See messages.hpp for the rest.
#pragma once

#include <caf/all.hpp>
#include <variant>
#include <vector>

#include "actors/queue_bound.hpp"
#include "parley/answer.hpp"
#include "parley/database.hpp"

namespace parley {

// --- The storage actor: one for each writing connection, on its own thread ---

struct append_to_log;
struct write_records;
struct flush_batch;
struct probe_store;
struct tidy_store;
struct look_at_store;
struct retry_busy;
/// Takes all that waits in its mailbox into one transaction; see storage_actor.hpp.
using storage_handle =
    caf::typed_actor<caf::reacts_to<append_to_log>, caf::reacts_to<write_records>, caf::reacts_to<flush_batch>,
                     caf::reacts_to<probe_store>, caf::reacts_to<tidy_store>, caf::reacts_to<look_at_store>,
                     caf::reacts_to<retry_busy>>;

/// Sent by a room to its storage actor when a batch is full or nothing is on its way.
struct append_to_log {
  std::vector<append_command> commands;
  answer<std::vector<append_outcome>> reply;  ///< One outcome for each command, in order.
  queue_place place{};                        ///< Taken by the storage pool.
};
/// Sent by accounts, presence and rooms to a storage actor for everything that is no room event.
struct write_records {
  write_job job;
  answer<std::monostate> reply;  ///< After the commit; the job's own error if it had one.
  queue_place place{};           ///< Taken by the storage pool.
};
/// Sent by a storage actor to itself behind what waits: when it arrives, the batch is complete.
struct flush_batch {};
/// Sent by a storage actor to itself after a failed commit until a commit works again.
struct probe_store {};
/// Sent by a storage actor to itself when it has been idle for a while.
struct tidy_store {};
/// Sent by a watch to every storage and reading actor once a second.
struct look_at_store {};
/// Sent by a storage actor to itself a moment after somebody else had the rooms of some commands.
struct retry_busy {};

// --- The watch: one for each pool; see store_watch.hpp ---

struct look_around;
using store_watch_handle = caf::typed_actor<caf::reacts_to<look_around>>;

/// Sent by the watch to itself for each that it watches, by its number, once a second.
struct look_around {
  std::size_t who;
};

// --- The reading actor: one for each reading connection, on its own thread ---

struct run_read;
struct read_session_basis;
struct read_gathered;
using reading_handle = caf::typed_actor<caf::reacts_to<run_read>, caf::reacts_to<read_session_basis>,
                                        caf::reacts_to<read_gathered>, caf::reacts_to<look_at_store>>;

/// Sent by anybody through the read pool. The job holds the `answer` of the one who waits.
struct run_read {
  read_job job;
};
/// Sent by a session through the read pool. All that wait become one look at the store.
struct read_session_basis {
  session_question question;
  answer<session_basis> reply;
  queue_place place{};  ///< Taken by the read pool.
};
/// Sent by a reading actor to itself behind what waits: when it arrives, no more is gathered.
struct read_gathered {};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(append_to_log)
PARLEY_UNSAFE(write_records)
PARLEY_UNSAFE(flush_batch)
PARLEY_UNSAFE(probe_store)
PARLEY_UNSAFE(tidy_store)
PARLEY_UNSAFE(look_at_store)
PARLEY_UNSAFE(retry_busy)
PARLEY_UNSAFE(look_around)
PARLEY_UNSAFE(run_read)
PARLEY_UNSAFE(read_session_basis)
PARLEY_UNSAFE(read_gathered)
#undef PARLEY_UNSAFE
