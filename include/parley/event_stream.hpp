// The bus between nodes: what one node has stored, told to the others. The store decides; the stream is news of it, and
// what it loses is read from the store. All functions block; src/store has no threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "parley/clock.hpp"
#include "parley/error.hpp"
#include "parley/events.hpp"

namespace parley {

/// Consecutive events of one room, as one node has stored them.
struct stream_batch {
  room_id room;
  std::vector<durable_event> events;
  /// They were stored after this, and tell what was stored then. Only where they were stored, and only if it is known:
  /// without it they enter no tail.
  std::optional<steady_time> since{};
};

/// Rooms are spread over partitions, each a stream of its own, so that several servers can share them. The same on
/// every machine and in every version (FNV-1a), since all nodes must look for a room in the same place.
constexpr std::uint32_t partition_of(const room_id& room, std::uint32_t partitions) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const std::uint8_t byte : room.bytes) hash = (hash ^ byte) * 0x100000001B3ULL;
  return static_cast<std::uint32_t>((hash ^ hash >> 32) % partitions);
}

/// One connection that appends; belongs to one actor and its thread. Connects by itself, also anew after a failure;
/// every error is `unavailable`.
class event_stream_writer {
 public:
  virtual ~event_stream_writer() = default;
  /// In order, in one round trip. After an error any of them may have been appended or not.
  virtual result<void> append(std::span<const std::shared_ptr<const stream_batch>> batches) = 0;
  /// Tells all readers that this node's news have a gap: see stream_news::is_incomplete.
  virtual result<void> announce_gap() = 0;
};

/// What other nodes have appended; nothing of what this one has.
struct stream_news {
  std::vector<std::shared_ptr<const stream_batch>> batches;
  /// Something may be missing before the end of these: the stream was trimmed past this reader or made anew, or a
  /// writer dropped something. Whoever listens compares with the store.
  bool is_incomplete = false;
  std::uint64_t unreadable = 0;  ///< Entries of an unknown version or broken, which were skipped.
  /// How old the oldest of these is, as far as this clock and the bus's agree.
  std::chrono::milliseconds lag{};
};

/// One connection that reads; belongs to one actor and its thread. Begins at the stream's end as it is at the first
/// call that succeeds, and goes on from where it stood after a failure. Every error is `unavailable`.
class event_stream_reader {
 public:
  virtual ~event_stream_reader() = default;
  /// What is new, at once; or nothing when nothing came for so long (at most 1 s).
  virtual result<stream_news> read(std::chrono::milliseconds patience) = 0;
};

/// Which events of a room are wanted.
struct tail_question {
  room_id room;
  sequence after = 0;
  std::uint32_t count = 0;  ///< At most; at least one.
  sequence end = 0;         ///< So far the asker knows the room's log, beyond `after`. Nothing behind it comes.
};
struct tail_page {
  enum class kind : std::uint8_t {
    found,    ///< `events` follow `after` without a hole: one, or more.
    behind,   ///< The tail has not taken all up to `end` yet; most likely it is on its way.
    missing,  ///< It does not reach back, or what comes next was changed since, or cannot be read.
  };
  kind what = kind::missing;
  std::vector<durable_event> events;
  std::uint64_t unreadable = 0;  ///< Entries of an unknown version or broken.
};

/// Each room's newest events, for replay. append() keeps them, of batches that say since when they are. Messages and
/// edits stand in a tail as they were at `end` or later, or not at all: one that was edited or deleted up to `end` is
/// never given as it was before. One connection; belongs to one actor and its thread.
class room_tail_reader {
 public:
  virtual ~room_tail_reader() = default;
  /// A page for each question, in their order, in one round trip. Every error is `unavailable`.
  virtual result<std::vector<tail_page>> read(std::span<const tail_question> questions) = 0;
};

/// Where connections come from. `open_…` does not connect yet.
class event_stream {
 public:
  virtual ~event_stream() = default;
  virtual std::unique_ptr<event_stream_writer> open_writer() = 0;
  virtual std::unique_ptr<event_stream_reader> open_reader() = 0;
  virtual std::unique_ptr<room_tail_reader> open_tails() = 0;
};

}  // namespace parley
