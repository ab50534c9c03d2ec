// How many of a kind one user may have under way at once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "actors/queue_bound.hpp"
#include "parley/ids.hpp"

namespace parley {

/// Thread-safe. Always made by make_shared: places keep it alive.
class user_places : public std::enable_shared_from_this<user_places> {
 public:
  explicit user_places(std::uint32_t of_each) : of_each_(of_each) {}

  /// Null when that user's are all taken.
  [[nodiscard]] queue_place try_enter(user_id user) {
    const std::lock_guard lock(mutex_);
    auto& taken = of_user_[user];
    if (taken >= of_each_) return nullptr;
    ++taken;
    return {this, [self = shared_from_this(), user](const void*) { self->give_back(user); }};
  }

 private:
  void give_back(user_id user) {
    const std::lock_guard lock(mutex_);
    if (const auto own = of_user_.find(user); --own->second == 0) of_user_.erase(own);
  }

  std::uint32_t of_each_;
  std::mutex mutex_;
  std::unordered_map<user_id, std::uint32_t> of_user_;  ///< Who has none is not in it.
};

}  // namespace parley
