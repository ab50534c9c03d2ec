// Signals between nodes in one process: what the ports promise, and switches for what may go wrong, without Redis.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_set>

#include "parley/signal_bus.hpp"

namespace parley::support {

/// What several nodes share. Thread-safe; outlives all that was opened on it.
class memory_signal_bus {
 public:
  /// One more node's way to it.
  std::unique_ptr<signal_bus> open_node();

  /// False: every call fails, and what nobody has heard yet is lost.
  void set_up(bool is_up);
  /// One message that nobody understands, to those who attend to the subject.
  void add_unreadable(const uuid& subject);
  /// False: a listen() to which nothing came is back at once, for tests whose actors share one thread.
  void set_waits(bool waits);
  /// How many listen to it.
  [[nodiscard]] std::size_t listeners(const uuid& subject) const;
  /// Signals that were published, heard by somebody or not.
  [[nodiscard]] std::uint64_t published() const;

 private:
  friend class memory_signal_publisher;
  friend class memory_signal_subscriber;

  /// One subscriber's connection.
  struct ear {
    int node = 0;
    bool is_open = false;
    bool is_woken = false;
    std::unordered_set<uuid> subjects;
    heard_signals waiting;
  };

  result<void> publish(int node, std::span<const ephemeral_signal> signals);
  result<void> publish_hint(int node);
  void close(ear& of);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::shared_ptr<ear>> ears_;
  int nodes_ = 0;
  bool is_up_ = true;
  bool waits_ = true;
  std::uint64_t published_ = 0;
};

}  // namespace parley::support
