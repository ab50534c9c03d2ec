// Which tokens were good a moment ago, and the one send allowance of each token in use; pure state of the account
// actor.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "parley/client_ports.hpp"

namespace parley {

/// Belongs to the account actor. The cache is small and short-lived, so that a change in the store shows soon; what a
/// token may send is one object as long as any connection or call holds it, however often the cache forgets.
class token_cache {
 public:
  struct settings {
    std::size_t capacity = 10'000;
    std::chrono::milliseconds keep{30'000};
    rate send_rate;
  };
  struct ended_token {
    user_id user;
    token_hash token;
  };

  explicit token_cache(settings values) : settings_(values) {}

  /// Null when it was not looked up lately or has expired.
  std::optional<principal> find(const token_hash& token, steady_time now, timestamp today);
  /// Makes the principal of a token that the store knows, and keeps it.
  principal remember(const user_profile& user, const token_hash& token, timestamp expires_at, steady_time now);
  /// Revoked: the next look-up goes to the store.
  void forget(const token_hash& token);
  /// The tokens still held by somebody whose time is over; each is named once. Drops the allowances that nobody holds.
  std::vector<ended_token> take_expired(timestamp today);

  [[nodiscard]] std::size_t size() const { return index_.size(); }
  [[nodiscard]] std::size_t tokens_in_use() const { return in_use_.size(); }

 private:
  struct cached {
    principal who;
    steady_time until{};
  };
  struct use {
    user_id user;
    timestamp expires_at{};
    std::weak_ptr<rate_limiter> allowance;
  };
  std::shared_ptr<rate_limiter> allowance_of(const user_id& user, const token_hash& token, timestamp expires_at);

  settings settings_;
  std::list<cached> entries_;  ///< The latest used first.
  std::unordered_map<token_hash, std::list<cached>::iterator> index_;
  std::unordered_map<token_hash, use> in_use_;
};

}  // namespace parley
