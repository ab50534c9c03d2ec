// A bounded least-recently-used cache of principals, and weak references to their allowances.
#include "actors/token_cache.hpp"

namespace parley {

std::optional<principal> token_cache::find(const token_hash& token, steady_time now, timestamp today) {
  const auto found = index_.find(token);
  if (found == index_.end()) return std::nullopt;
  const auto entry = found->second;
  if (now >= entry->until || today >= entry->who.expires_at) {
    entries_.erase(entry);
    index_.erase(found);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->who;
}

principal token_cache::remember(const user_profile& user, const token_hash& token, timestamp expires_at,
                                steady_time now) {
  forget(token);
  entries_.push_front(
      {principal{user, token, expires_at, allowance_of(user.id, token, expires_at)}, now + settings_.keep});
  index_.emplace(token, entries_.begin());
  if (index_.size() > settings_.capacity) {
    index_.erase(entries_.back().who.token);
    entries_.pop_back();
  }
  return entries_.front().who;
}

void token_cache::forget(const token_hash& token) {
  const auto found = index_.find(token);
  if (found == index_.end()) return;
  entries_.erase(found->second);
  index_.erase(found);
}

std::vector<token_cache::ended_token> token_cache::take_expired(timestamp today) {
  std::erase_if(index_, [&](const auto& item) {
    const bool over = today >= item.second->who.expires_at;
    if (over) entries_.erase(item.second);
    return over;
  });
  std::vector<ended_token> ended;
  std::erase_if(in_use_, [&](const auto& item) {
    if (item.second.allowance.expired()) return true;
    if (today < item.second.expires_at) return false;
    ended.push_back({item.second.user, item.first});
    return true;
  });
  return ended;
}

std::shared_ptr<rate_limiter> token_cache::allowance_of(const user_id& user, const token_hash& token,
                                                        timestamp expires_at) {
  auto& entry = in_use_[token];
  auto allowance = entry.allowance.lock();
  if (!allowance) allowance = std::make_shared<rate_limiter>(settings_.send_rate);
  entry = {user, expires_at, allowance};
  return allowance;
}

}  // namespace parley
