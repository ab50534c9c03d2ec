// How many log-ins may fail: for one account and address, for one account from all addresses, and for one address over
// all accounts; pure state of the account actor.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "parley/clock.hpp"

namespace parley {

/// Moments of the last minute by key.
class sliding_window {
 public:
  /// `per_minute` 0 = no limit. Beyond `capacity` keys the oldest knowledge is dropped: memory is bounded.
  sliding_window(double per_minute, std::size_t capacity);

  [[nodiscard]] bool unlimited() const { return allowed_ == 0; }
  /// Milliseconds until one more is allowed; 0 when it is now. `under_way` may yet be added to those that it holds.
  std::int64_t wait_ms(const std::string& key, steady_time now, std::size_t under_way = 0);
  void add(const std::string& key, steady_time now);
  /// The last one did not count.
  void take_back(const std::string& key);
  [[nodiscard]] bool is_empty(const std::string& key, steady_time now);
  [[nodiscard]] std::size_t size() const { return moments_.size(); }

 private:
  using moments = std::deque<steady_time>;
  void make_room(steady_time now);
  void drop_old(moments& of, steady_time now) const;

  std::size_t allowed_ = 0;
  steady_time::duration window_{};
  std::size_t capacity_;
  std::unordered_map<std::string, moments> moments_;
};

/// Belongs to the account actor. Strangers elsewhere cannot lock a victim out: from an address from which the account
/// has logged in before, only the failures of the two count; from any other, one try a minute is always left. Who
/// shares the victim's address can: the window of the two is full for both.
class login_throttle {
 public:
  /// Failures a minute, 0 = no limit; `pair` 0 switches everything off.
  struct rates {
    double pair = 5;
    double account = 20;
    double address = 60;
  };
  explicit login_throttle(rates allowed, std::size_t capacity = 10'000);

  struct verdict {
    bool goes_on = true;
    /// Refused, for so many milliseconds. Of a try that goes on only because the account is known at the address: what
    /// a failure is to be answered with, as an account that is not would be, so that nobody learns which one is.
    std::int64_t wait_ms = 0;
  };
  /// A try counts from its beginning, so that many at once cannot slip through. Exactly one of the three below follows
  /// where it goes on.
  verdict begin(const std::string& account, const std::string& address, steady_time now);
  void failed(const std::string& account, const std::string& address, steady_time now);
  void succeeded(const std::string& account, const std::string& address, steady_time now);
  /// No guess was judged.
  void given_up(const std::string& account, const std::string& address);

  [[nodiscard]] std::size_t size() const { return pairs_.size(); }

 private:
  using counts = std::unordered_map<std::string, std::size_t>;
  void know(const std::string& pair, steady_time now);
  std::int64_t strangers_wait_ms(const std::string& account, const std::string& address, steady_time now);
  void no_longer_under_way(const std::string& account, const std::string& address);

  std::size_t capacity_;
  sliding_window pairs_, accounts_, addresses_;
  counts accounts_under_way_, addresses_under_way_;     ///< As many as wait for hashing, at most.
  std::unordered_map<std::string, steady_time> known_;  ///< Pairs that have logged in, and when last.
};

}  // namespace parley
