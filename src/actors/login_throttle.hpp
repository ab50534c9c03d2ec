// How many log-ins may fail for one account and address in a minute; pure state of the account actor.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "parley/clock.hpp"

namespace parley {

/// Belongs to the account actor. A try counts from its beginning, so that many at once cannot slip through; one that
/// succeeds is given back.
class login_throttle {
 public:
  /// `per_minute` 0 = no limit. Beyond `capacity` pairs the oldest knowledge is dropped: memory is bounded.
  explicit login_throttle(double per_minute, std::size_t capacity = 10'000);

  /// Milliseconds to wait; 0 when the try may go on and has been counted.
  std::int64_t begin(const std::string& account, const std::string& address, steady_time now);
  void succeeded(const std::string& account, const std::string& address);

  [[nodiscard]] std::size_t size() const { return tries_.size(); }

 private:
  using moments = std::deque<steady_time>;
  void make_room(steady_time now);
  void drop_old(moments& tries, steady_time now) const;

  std::size_t allowed_ = 0;
  steady_time::duration window_{};
  std::size_t capacity_;
  std::unordered_map<std::string, moments> tries_;
};

}  // namespace parley
