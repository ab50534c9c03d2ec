// How many of a kind one user may have under way at once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "actors/queue_bound.hpp"
#include "parley/held_places.hpp"
#include "parley/ids.hpp"

namespace parley {

/// Thread-safe. Always made by make_shared: places keep it alive.
class user_places : public std::enable_shared_from_this<user_places> {
 public:
  explicit user_places(std::int64_t of_each) : of_each_(of_each) {}

  [[nodiscard]] std::int64_t of_each() const { return of_each_; }
  /// Null when that user's are all taken.
  [[nodiscard]] queue_place try_enter(user_id user) {
    const std::lock_guard lock(mutex_);
    if (held_.of(user) >= of_each_) return nullptr;
    held_.take(user);
    return {this, [self = shared_from_this(), user](const void*) { self->give_back(user); }};
  }

 private:
  void give_back(user_id user) {
    const std::lock_guard lock(mutex_);
    held_.give_back(user);
  }

  std::int64_t of_each_;
  std::mutex mutex_;
  held_places<user_id> held_;
};

}  // namespace parley
