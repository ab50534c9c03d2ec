// The bus between nodes in one process: what the ports promise, and switches for what may go wrong, without Redis.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "parley/event_stream.hpp"

namespace parley::support {

/// What several nodes share. Thread-safe; outlives all that was opened on it.
class memory_bus {
 public:
  /// So many entries are kept; older ones are lost to whoever has not read them.
  explicit memory_bus(std::size_t most_entries = 100'000) : most_entries_(most_entries) {}

  /// One more node's way to it.
  std::unique_ptr<event_stream> open_node();

  /// False: every call fails, and what is there stays.
  void set_up(bool is_up);
  /// As FLUSHALL does, or a restart of something that keeps nothing.
  void flush();
  /// One entry that no reader understands.
  void add_unreadable();
  /// Tails are asked and nobody answers, while the rest goes on.
  void set_tails_up(bool are_up);
  /// Rounds of questions to tails so far.
  [[nodiscard]] int tail_reads();
  /// The room's entry is there and no reader understands it.
  void spoil_tail(const room_id& room, sequence seq);
  /// False: a read that finds nothing comes back at once, for tests whose actors share one thread.
  void set_waits(bool waits);

 private:
  friend class memory_writer;
  friend class memory_reader;
  friend class memory_tail_reader;

  struct entry {
    int node = 0;
    std::shared_ptr<const stream_batch> batch;  ///< Null: a gap, or unreadable.
    bool is_gap = false;
  };
  /// Where a reader stands.
  struct place {
    std::uint64_t number = 0;  ///< Of the next entry.
    std::uint64_t epoch = 0;
  };

  /// A room's newest events in the order of the room.
  struct tail {
    sequence last = 0;
    std::map<sequence, durable_event> events;  ///< Without those that were changed since.
    std::map<sequence, durable_event> early;   ///< From beyond a hole.
    std::set<sequence> spoilt;
  };
  static constexpr std::size_t most_of_a_tail = 1'000;

  void keep(const stream_batch& batch);
  static void take(tail& of, const durable_event& event);
  result<std::vector<tail_page>> read_tails(std::span<const tail_question> questions);
  tail_page page_of(const tail_question& question);
  result<void> append(std::deque<entry> entries);
  void push(entry added);
  result<stream_news> read(int node, std::optional<place>& at, std::chrono::milliseconds patience);
  [[nodiscard]] std::uint64_t end() const { return first_ + entries_.size(); }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::size_t most_entries_;
  std::deque<entry> entries_;
  std::uint64_t first_ = 0;  ///< The number of the first entry that is there.
  std::uint64_t epoch_ = 1;
  int nodes_ = 0;
  std::map<room_id, tail> tails_;
  int tail_reads_ = 0;
  bool are_tails_up_ = true;
  bool is_up_ = true;
  bool waits_ = true;
};

}  // namespace parley::support
