// Which tokens were good a moment ago, and the one send allowance of each token in use; pure state of the account
// actor.
#pragma once

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "parley/client_ports.hpp"

namespace parley {

/// Belongs to the account actor. The cache is small and short-lived, so that a change in the store shows soon; what a
/// token may send is one object, however often the cache forgets, until its time is over, or nobody uses it and a new
/// one would allow no more.
class token_cache {
 public:
  struct settings {
    std::size_t capacity = 10'000;
    std::chrono::milliseconds keep{30'000};
    rate send_rate;
    rate change_rate;
  };
  struct use_of_token {
    timestamp created_at{};
    timestamp last_used_at{};
    timestamp expires_at{};
  };
  struct renewal {
    user_id user;
    token_hash token;
    timestamp created_at{};
  };
  struct ended_token {
    user_id user;
    token_hash token;
  };

  explicit token_cache(settings values) : settings_(values) {}

  /// Null when it was not looked up lately or has expired.
  std::optional<principal> find(const token_hash& token, steady_time now, timestamp today);
  /// Makes the principal of a token that the store knows, and keeps it.
  principal remember(const user_profile& user, const token_hash& token, const use_of_token& times, steady_time now);
  /// Revoked: the next look-up goes to the store.
  void forget(const token_hash& token);
  /// Every token is looked up anew; what they may send goes on.
  void forget_all();
  /// The user's tokens are looked up anew. What they may send goes on: else whoever changes a profile would get a new
  /// allowance by it.
  void outdate_user(const user_id& user);
  /// Tokens in use whose last use was noted renewal_interval ago; some of them, if many. They count as noted now, and
  /// last until their `end_of`.
  template <class EndOf>
  std::vector<renewal> take_renewals(timestamp today, EndOf end_of) {
    std::vector<renewal> due;
    for (auto& [token, used] : in_use_) {
      if (due.size() == most_renewals) break;
      if (today - used.times.last_used_at < renewal_interval || !used.is_held()) continue;
      used.times.last_used_at = today;
      used.times.expires_at = std::max(used.times.expires_at, end_of(used.times.created_at));
      due.push_back({used.user, token, used.times.created_at});
    }
    return due;
  }
  /// The tokens still held by somebody whose time is over; each is named once. Drops what has been kept for long
  /// enough, and the allowances that nobody holds and that are full again.
  std::vector<ended_token> take_expired(steady_time now, timestamp today);

  [[nodiscard]] std::size_t size() const { return index_.size(); }
  [[nodiscard]] std::size_t tokens_in_use() const { return in_use_.size(); }

 private:
  struct cached {
    principal who;
    steady_time until{};
    bool is_outdated = false;
  };
  struct allowances {
    rate_limiter sends, changes;
    [[nodiscard]] bool are_full(steady_time now) const { return sends.is_full(now) && changes.is_full(now); }
  };
  struct use {
    user_id user;
    use_of_token times;
    std::shared_ptr<allowances> allowance;
    /// By a connection, a call, or the cache.
    [[nodiscard]] bool is_held() const { return allowance.use_count() > 1; }
  };
  static constexpr std::chrono::hours renewal_interval{1};
  static constexpr std::size_t most_renewals = 256;
  std::shared_ptr<allowances> allowances_of(const user_id& user, const token_hash& token, const use_of_token& times);

  settings settings_;
  std::list<cached> entries_;  ///< The latest used first.
  std::unordered_map<token_hash, std::list<cached>::iterator> index_;
  std::unordered_map<token_hash, use> in_use_;
};

}  // namespace parley
