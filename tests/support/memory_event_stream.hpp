// The bus between nodes in one process: what the ports promise, and switches for what may go wrong, without Redis.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

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
  /// False: a read that finds nothing comes back at once, for tests whose actors share one thread.
  void set_waits(bool waits);

 private:
  friend class memory_writer;
  friend class memory_reader;

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
  bool is_up_ = true;
  bool waits_ = true;
};

}  // namespace parley::support
