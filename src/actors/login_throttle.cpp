// Sliding windows of failed tries, and the addresses that an account is known at.
#include "actors/login_throttle.hpp"

#include <algorithm>
#include <cmath>

namespace parley {
namespace {

/// When a try under way is likely to be over.
constexpr std::int64_t soon_ms = 1000;

/// A NUL stands in no name and no address.
std::string pair_of(const std::string& account, const std::string& address) { return account + '\0' + address; }

std::size_t count_of(const std::unordered_map<std::string, std::size_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

void take_one(std::unordered_map<std::string, std::size_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

}  // namespace

sliding_window::sliding_window(double per_minute, std::size_t capacity) : capacity_(capacity) {
  if (per_minute <= 0) return;
  const double allowed = std::max(1.0, std::floor(per_minute));
  allowed_ = static_cast<std::size_t>(allowed);
  window_ = std::chrono::duration_cast<steady_time::duration>(std::chrono::duration<double>(60 * allowed / per_minute));
}

std::int64_t sliding_window::wait_ms(const std::string& key, steady_time now, std::size_t under_way) {
  if (unlimited()) return 0;
  const auto found = moments_.find(key);
  if (found != moments_.end()) drop_old(found->second, now);
  const auto held = found == moments_.end() ? 0 : found->second.size();
  if (held + under_way < allowed_) return 0;
  if (held < allowed_) return soon_ms;
  const auto wait = found->second.front() + window_ - now;
  return std::chrono::duration_cast<std::chrono::milliseconds>(wait).count() + 1;
}

void sliding_window::add(const std::string& key, steady_time now) {
  if (unlimited()) return;
  auto found = moments_.find(key);
  if (found == moments_.end()) {
    make_room(now);
    found = moments_.try_emplace(key).first;
  }
  drop_old(found->second, now);
  // What is beyond the limit decides nothing more; in place of an older one it would make others wait longer.
  if (found->second.size() < allowed_) found->second.push_back(now);
}

void sliding_window::take_back(const std::string& key) {
  const auto found = moments_.find(key);
  if (found == moments_.end()) return;
  if (!found->second.empty()) found->second.pop_back();
  if (found->second.empty()) moments_.erase(found);
}

bool sliding_window::is_empty(const std::string& key, steady_time now) {
  const auto found = moments_.find(key);
  if (found == moments_.end()) return true;
  drop_old(found->second, now);
  return found->second.empty();
}

void sliding_window::drop_old(moments& of, steady_time now) const {
  while (!of.empty() && now - of.front() >= window_) of.pop_front();
}

void sliding_window::make_room(steady_time now) {
  if (moments_.size() < capacity_) return;
  for (auto at = moments_.begin(); at != moments_.end();) {
    drop_old(at->second, now);
    at = at->second.empty() ? moments_.erase(at) : std::next(at);
  }
  if (moments_.size() < capacity_) return;
  const auto oldest = std::min_element(moments_.begin(), moments_.end(),
                                       [](const auto& a, const auto& b) { return a.second.back() < b.second.back(); });
  moments_.erase(oldest);
}

login_throttle::login_throttle(rates allowed, std::size_t capacity)
    : capacity_(capacity),
      pairs_(allowed.pair, capacity),
      accounts_(allowed.account, capacity),
      addresses_(allowed.address, capacity) {}

login_throttle::verdict login_throttle::begin(const std::string& account, const std::string& address, steady_time now) {
  if (pairs_.unlimited()) return {};
  const auto pair = pair_of(account, address);
  const auto own_wait = pairs_.wait_ms(pair, now);
  const auto wait = strangers_wait_ms(account, address, now);
  // In the words that a stranger hears, also who is known here and has spent his own.
  if (wait > 0 && (own_wait > 0 || !known_.contains(pair))) return {false, wait};
  if (own_wait > 0) return {false, own_wait};
  pairs_.add(pair, now);
  ++accounts_under_way_[account];
  ++addresses_under_way_[address];
  return {true, wait};
}

/// What the failures of others ask of whoever is not known at the address.
std::int64_t login_throttle::strangers_wait_ms(const std::string& account, const std::string& address,
                                               steady_time now) {
  const auto wait = addresses_.wait_ms(address, now, count_of(addresses_under_way_, address));
  if (wait > 0 || pairs_.is_empty(pair_of(account, address), now)) return wait;
  return accounts_.wait_ms(account, now, count_of(accounts_under_way_, account));
}

void login_throttle::failed(const std::string& account, const std::string& address, steady_time now) {
  if (pairs_.unlimited()) return;
  no_longer_under_way(account, address);
  accounts_.add(account, now);
  addresses_.add(address, now);
}

void login_throttle::succeeded(const std::string& account, const std::string& address, steady_time now) {
  if (pairs_.unlimited()) return;
  given_up(account, address);
  know(pair_of(account, address), now);
}

void login_throttle::given_up(const std::string& account, const std::string& address) {
  if (pairs_.unlimited()) return;
  no_longer_under_way(account, address);
  pairs_.take_back(pair_of(account, address));
}

void login_throttle::no_longer_under_way(const std::string& account, const std::string& address) {
  take_one(accounts_under_way_, account);
  take_one(addresses_under_way_, address);
}

void login_throttle::know(const std::string& pair, steady_time now) {
  if (known_.size() >= capacity_ && !known_.contains(pair)) {
    known_.erase(std::min_element(known_.begin(), known_.end(),
                                  [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  known_[pair] = now;
}

}  // namespace parley
