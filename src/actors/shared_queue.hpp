// A bounded queue that many addresses share, so that no single one of them fills it.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "actors/queue_bound.hpp"

namespace parley {

/// Thread-safe. Always made by make_shared: places keep it alive.
class shared_queue : public std::enable_shared_from_this<shared_queue> {
 public:
  shared_queue(std::int64_t limit, std::int64_t limit_of_one, gauge& shown)
      : limit_of_one_(limit_of_one), all_(std::make_shared<queue_bound>(limit, shown)) {}

  /// Null when `n` more of that address, or of all, do not fit. Where nothing of the address waits, its limit lets
  /// anything in.
  [[nodiscard]] queue_place try_enter(const std::string& address, std::int64_t n) {
    auto among_all = all_->try_enter(n);
    if (!among_all) return nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto held = held_.find(address);
      if (held != held_.end() && held->second + n > limit_of_one_) return nullptr;
      held_[address] += n;
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
      if (held->second == 0) owner_->held_.erase(held);
    }
    std::shared_ptr<shared_queue> owner_;
    queue_place among_all_;
    std::string address_;
    std::int64_t n_;
  };

  std::int64_t limit_of_one_;
  std::shared_ptr<queue_bound> all_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::int64_t> held_;  ///< By address; an address that holds nothing is not in it.
};

}  // namespace parley
