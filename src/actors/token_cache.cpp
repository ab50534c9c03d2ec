// A bounded least-recently-used cache of principals, and the allowances that are held or not full.
#include "actors/token_cache.hpp"

namespace parley {

std::optional<principal> token_cache::find(const token_hash& token, steady_time now, timestamp today) {
  const auto found = index_.find(token);
  if (found == index_.end()) return std::nullopt;
  const auto entry = found->second;
  if (entry->is_outdated) return std::nullopt;
  if (now >= entry->until || today >= entry->who.expires_at) {
    entries_.erase(entry);
    index_.erase(found);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->who;
}

principal token_cache::remember(const user_profile& user, const token_hash& token, const use_of_token& times,
                                steady_time now) {
  const auto both = allowances_of(user.id, token, times);
  forget(token);
  entries_.push_front(
      {principal{user, token, times.expires_at, {both, &both->sends}, {both, &both->changes}}, now + settings_.keep});
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

void token_cache::forget_all() {
  index_.clear();
  entries_.clear();
}

void token_cache::outdate_user(const user_id& user) {
  for (auto& entry : entries_) {
    if (entry.who.user.id == user) entry.is_outdated = true;
  }
}

std::vector<token_cache::ended_token> token_cache::take_expired(steady_time now, timestamp today) {
  std::erase_if(index_, [&](const auto& item) {
    const bool over = now >= item.second->until || today >= item.second->who.expires_at;
    if (over) entries_.erase(item.second);
    return over;
  });
  std::vector<ended_token> ended;
  std::erase_if(in_use_, [&](const auto& item) {
    const auto& [token, used] = item;
    const bool over = today >= used.times.expires_at;
    if (!used.is_held()) return over || used.allowance->are_full(now);
    if (over) ended.push_back({used.user, token});
    return over;
  });
  return ended;
}

std::shared_ptr<token_cache::allowances> token_cache::allowances_of(const user_id& user, const token_hash& token,
                                                                    const use_of_token& times) {
  const auto found = in_use_.find(token);
  auto both = found != in_use_.end() ? found->second.allowance : nullptr;
  // Not a make_shared of an aggregate: rate limiters stay where they were made.
  if (!both) both.reset(new allowances{rate_limiter(settings_.send_rate), rate_limiter(settings_.change_rate)});
  in_use_.insert_or_assign(token, use{user, times, both});
  return both;
}

}  // namespace parley
