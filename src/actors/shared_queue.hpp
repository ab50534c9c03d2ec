// A bounded queue that many addresses share, so that few of them never fill it.
#pragma once

#include <mutex>
#include <string>

#include "actors/queue_bound.hpp"
#include "parley/held_places.hpp"

namespace parley {

/// One address may hold twice as many places as are free. Thread-safe. Always made by make_shared: places keep it
/// alive.
class shared_queue : public std::enable_shared_from_this<shared_queue> {
 public:
  shared_queue(std::int64_t limit, gauge& shown) : limit_(limit), all_(std::make_shared<queue_bound>(limit, shown)) {}

  /// Null when `n` more of that address, or of all, do not fit.
  [[nodiscard]] queue_place try_enter(const std::string& address, std::int64_t n) {
    auto among_all = all_->try_enter(n);
    if (!among_all) return nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (!held_.is_within_share(address, n, limit_ - held_.total())) return nullptr;
      held_.take(address, n);
    }
    return std::make_shared<const place>(shared_from_this(), std::move(among_all), address, n);
  }
  [[nodiscard]] std::int64_t waiting() const { return all_->waiting(); }
  /// For the operator, who has no address.
  [[nodiscard]] queue_place try_enter(std::int64_t n) { return all_->try_enter(n); }

 private:
  struct place {
    place(std::shared_ptr<shared_queue> owner, queue_place among_all, std::string address, std::int64_t n)
        : owner_(std::move(owner)), among_all_(std::move(among_all)), address_(std::move(address)), n_(n) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      const std::lock_guard lock(owner_->mutex_);
      owner_->held_.give_back(address_, n_);
    }
    std::shared_ptr<shared_queue> owner_;
    queue_place among_all_;
    std::string address_;
    std::int64_t n_;
  };

  std::int64_t limit_;
  std::shared_ptr<queue_bound> all_;
  std::mutex mutex_;
  held_places<std::string> held_;  ///< By address.
};

}  // namespace parley
