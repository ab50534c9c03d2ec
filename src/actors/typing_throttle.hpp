// Passes a user's typing on at most once an interval for each of its two values.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <unordered_map>

#include "parley/clock.hpp"
#include "parley/ids.hpp"

namespace parley {

/// Pure state; belongs to one room.
class typing_throttle {
 public:
  explicit typing_throttle(std::chrono::milliseconds interval) : interval_(interval) {}

  [[nodiscard]] bool pass_on(const user_id& user, bool is_typing, steady_time now) {
    auto& last = last_passed_[user][is_typing ? 1 : 0];
    if (last && now - *last < interval_) return false;
    last = now;
    return true;
  }
  /// Forgets whom it would let pass anyway.
  void tidy(steady_time now) {
    const auto over = [&](const std::optional<steady_time>& at) { return !at || now - *at >= interval_; };
    std::erase_if(last_passed_, [&](const auto& item) { return over(item.second[0]) && over(item.second[1]); });
  }
  [[nodiscard]] std::size_t size() const { return last_passed_.size(); }

 private:
  std::chrono::milliseconds interval_;
  std::unordered_map<user_id, std::array<std::optional<steady_time>, 2>> last_passed_;
};

}  // namespace parley
