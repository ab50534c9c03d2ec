// A queue with many producers and one consumer, without a lock: each producer's order is kept.
#pragma once

#include <atomic>
#include <utility>

namespace parley {

/// Producers push from any thread; one thread takes all at once.
template <class T>
class shard_queue {
 public:
  shard_queue() = default;
  shard_queue(const shard_queue&) = delete;
  shard_queue& operator=(const shard_queue&) = delete;
  ~shard_queue() {
    take_all([](T&&) {});
  }

  /// True when the queue was empty: the producer must wake the consumer.
  bool push(T value) {
    auto* added = new node{std::move(value), top_.load(std::memory_order_relaxed)};
    // The node belongs to the consumer as soon as it is in the list, so its link is not read again from it.
    node* below = added->below;
    while (!top_.compare_exchange_weak(below, added, std::memory_order_release, std::memory_order_relaxed)) {
      added->below = below;
    }
    return below == nullptr;
  }

  /// Consumer only. Whatever was pushed before something that the consumer has seen is in it, or was taken.
  [[nodiscard]] bool is_empty() const { return top_.load(std::memory_order_acquire) == nullptr; }

  /// Consumer only. Calls `handle` for each value, oldest first.
  template <class Handle>
  void take_all(Handle&& handle) {
    node* newest = top_.exchange(nullptr, std::memory_order_acquire);
    node* oldest = nullptr;
    while (newest != nullptr) {
      node* below = newest->below;
      newest->below = oldest;
      oldest = std::exchange(newest, below);
    }
    while (oldest != nullptr) {
      node* next = oldest->below;
      handle(std::move(oldest->value));
      delete std::exchange(oldest, next);
    }
  }

 private:
  struct node {
    T value;
    node* below;
  };
  std::atomic<node*> top_{nullptr};
};

}  // namespace parley
