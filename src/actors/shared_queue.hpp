// A bounded queue that many addresses share, so that few of them never fill it.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "actors/queue_bound.hpp"

namespace parley {

/// One address may hold twice as many places as are free: two thirds of the queue where nobody else waits, less the
/// more others do, so that there is always room for a newcomer (Choudhury and Hahne, "Dynamic Queue Length Thresholds
/// for Shared-Memory Packet Switches", 1998).
///
/// Thread-safe. Always made by make_shared: places keep it alive.
class shared_queue : public std::enable_shared_from_this<shared_queue> {
 public:
  static constexpr std::int64_t share_of_free = 2;

  shared_queue(std::int64_t limit, gauge& shown) : limit_(limit), all_(std::make_shared<queue_bound>(limit, shown)) {}

  /// Null when `n` more of that address, or of all, do not fit. Where nothing of the address waits, its share lets
  /// anything in.
  [[nodiscard]] queue_place try_enter(const std::string& address, std::int64_t n) {
    auto among_all = all_->try_enter(n);
    if (!among_all) return nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto held = held_.find(address);
      if (held != held_.end() && held->second + n > share_of_free * (limit_ - total_)) return nullptr;
      held_[address] += n;
      total_ += n;
    }
    return std::make_shared<const place>(shared_from_this(), std::move(among_all), address, n);
  }
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
      const auto held = owner_->held_.find(address_);
      held->second -= n_;
      owner_->total_ -= n_;
      if (held->second == 0) owner_->held_.erase(held);
    }
    std::shared_ptr<shared_queue> owner_;
    queue_place among_all_;
    std::string address_;
    std::int64_t n_;
  };

  std::int64_t limit_;
  std::shared_ptr<queue_bound> all_;
  std::mutex mutex_;
  std::int64_t total_ = 0;                              ///< Of all addresses.
  std::unordered_map<std::string, std::int64_t> held_;  ///< By address; an address that holds nothing is not in it.
};

}  // namespace parley
