// Passes a user's typing on at most once an interval, and its end with it.
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
    auto& last = last_passed_[user];
    auto& same = last.at[is_typing ? 1 : 0];
    // The end of what was passed on always goes: nobody should be shown as typing who has stopped.
    const bool ends = !is_typing && last.is_typing;
    if (same && now - *same < interval_ && !ends) return false;
    same = now;
    last.is_typing = is_typing;
    return true;
  }
  /// Forgets whom it would let pass anyway.
  void tidy(steady_time now) {
    const auto over = [&](const std::optional<steady_time>& at) { return !at || now - *at >= interval_; };
    std::erase_if(last_passed_, [&](const auto& item) { return over(item.second.at[0]) && over(item.second.at[1]); });
  }
  [[nodiscard]] std::size_t size() const { return last_passed_.size(); }

 private:
  struct passed {
    std::array<std::optional<steady_time>, 2> at;  ///< By value.
    bool is_typing = false;                        ///< The last value.
  };

  std::chrono::milliseconds interval_;
  std::unordered_map<user_id, passed> last_passed_;
};

}  // namespace parley
