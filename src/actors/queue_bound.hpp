// A bound on what waits in one mailbox, since CAF's mailboxes have none: whoever sends takes a place first.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "parley/metrics.hpp"

namespace parley {

/// A place taken in a queue; given back when the last copy goes, however the message ended.
using queue_place = std::shared_ptr<const void>;

/// Thread-safe. Always made by make_shared: places keep it alive.
class queue_bound : public std::enable_shared_from_this<queue_bound> {
 public:
  /// `shown` sums over all queues of a kind.
  queue_bound(std::int64_t limit, gauge& shown) : limit_(limit), shown_(shown) {}

  /// Null when `n` more do not fit. Something always fits into an empty queue.
  [[nodiscard]] queue_place try_enter(std::int64_t n) {
    const auto before = waiting_.fetch_add(n, std::memory_order_relaxed);
    if (before > 0 && before + n > limit_) {
      waiting_.fetch_sub(n, std::memory_order_relaxed);
      return nullptr;
    }
    return taken(n);
  }
  /// Also when they do not fit: for what has come already, before whoever brings it looks at waiting().
  [[nodiscard]] queue_place enter(std::int64_t n) {
    waiting_.fetch_add(n, std::memory_order_relaxed);
    return taken(n);
  }
  [[nodiscard]] std::int64_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  struct place {
    place(std::shared_ptr<queue_bound> owner, std::int64_t n) : owner_(std::move(owner)), n_(n) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      owner_->waiting_.fetch_sub(n_, std::memory_order_relaxed);
      owner_->shown_.add(-n_);
    }
    std::shared_ptr<queue_bound> owner_;
    std::int64_t n_;
  };

  queue_place taken(std::int64_t n) {
    shown_.add(n);
    return std::make_shared<const place>(shared_from_this(), n);
  }

  std::int64_t limit_;
  gauge& shown_;
  std::atomic<std::int64_t> waiting_{0};
};

}  // namespace parley
