// Who holds how many of some bounded places.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace parley {

/// Not thread-safe: its owner's lock guards it, together with the bound.
template <class Key>
class held_places {
 public:
  /// Twice as many as are free: two thirds of all where nobody else holds any, less the more others do, so that there
  /// is room for a newcomer (Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches",
  /// 1998).
  static constexpr std::int64_t share_of_free = 2;

  [[nodiscard]] std::int64_t total() const { return total_; }
  [[nodiscard]] std::int64_t of(const Key& key) const {
    const auto held = held_.find(key);
    return held == held_.end() ? 0 : held->second;
  }
  /// Whether `n` more are within that one's share of what is free. Who holds none may take whatever there is.
  [[nodiscard]] bool is_within_share(const Key& key, std::int64_t n, std::int64_t free) const {
    const auto own = of(key);
    return own == 0 || own + n <= share_of_free * free;
  }

  void take(const Key& key, std::int64_t n = 1) {
    held_[key] += n;
    total_ += n;
  }
  void give_back(const Key& key, std::int64_t n = 1) {
    const auto held = held_.find(key);
    held->second -= n;
    total_ -= n;
    if (held->second == 0) held_.erase(held);
  }

 private:
  std::unordered_map<Key, std::int64_t> held_;  ///< Who holds none is not in it.
  std::int64_t total_ = 0;
};

}  // namespace parley
