// A sliding window of failed tries for each account and address.
#include "actors/login_throttle.hpp"

#include <algorithm>
#include <cmath>

namespace parley {
namespace {

/// A NUL stands in no name and no address.
std::string key_of(const std::string& account, const std::string& address) { return account + '\0' + address; }

}  // namespace

login_throttle::login_throttle(double per_minute, std::size_t capacity) : capacity_(capacity) {
  if (per_minute <= 0) return;
  const double allowed = std::max(1.0, std::floor(per_minute));
  allowed_ = static_cast<std::size_t>(allowed);
  window_ = std::chrono::duration_cast<steady_time::duration>(std::chrono::duration<double>(60 * allowed / per_minute));
}

std::int64_t login_throttle::begin(const std::string& account, const std::string& address, steady_time now) {
  if (allowed_ == 0) return 0;
  const auto key = key_of(account, address);
  auto found = tries_.find(key);
  if (found == tries_.end()) {
    make_room(now);
    found = tries_.try_emplace(key).first;
  }
  auto& tries = found->second;
  drop_old(tries, now);
  if (tries.size() >= allowed_) {
    const auto wait = tries.front() + window_ - now;
    return std::chrono::duration_cast<std::chrono::milliseconds>(wait).count() + 1;
  }
  tries.push_back(now);
  return 0;
}

void login_throttle::succeeded(const std::string& account, const std::string& address) {
  const auto found = tries_.find(key_of(account, address));
  if (found == tries_.end()) return;
  if (!found->second.empty()) found->second.pop_back();
  if (found->second.empty()) tries_.erase(found);
}

void login_throttle::drop_old(moments& tries, steady_time now) const {
  while (!tries.empty() && now - tries.front() >= window_) tries.pop_front();
}

void login_throttle::make_room(steady_time now) {
  if (tries_.size() < capacity_) return;
  for (auto at = tries_.begin(); at != tries_.end();) {
    drop_old(at->second, now);
    at = at->second.empty() ? tries_.erase(at) : std::next(at);
  }
  if (tries_.size() < capacity_) return;
  const auto oldest = std::min_element(tries_.begin(), tries_.end(),
                                       [](const auto& a, const auto& b) { return a.second.back() < b.second.back(); });
  tries_.erase(oldest);
}

}  // namespace parley
