// The node's bounds on files under way in either direction, since each holds blocks in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "parley/config.hpp"
#include "parley/error.hpp"
#include "parley/ids.hpp"
#include "parley/metrics.hpp"

namespace parley {

/// Given back when it goes.
using transfer_place = std::shared_ptr<const void>;

/// One a node, used from all I/O threads; outlives every place. A slow reader keeps his place, so that each user has
/// only so many.
class transfer_places {
 public:
  transfer_places(const config& settings, metrics& counts) : settings_(settings), counts_(counts) {}

  /// Null when the node's, or the user's, are all taken.
  transfer_place take(user_id user) {
    const std::lock_guard lock(mutex_);
    if (counts_.file_transfers.value() >= static_cast<std::int64_t>(settings_.files.transfers)) return nullptr;
    const auto own = of_user_.try_emplace(user, 0).first;
    if (own->second >= settings_.limits.transfers_per_user) return nullptr;
    ++own->second;
    counts_.file_transfers.add(1);
    return {static_cast<const void*>(this), [this, user](const void*) { give_back(user); }};
  }

 private:
  void give_back(user_id user) {
    const std::lock_guard lock(mutex_);
    counts_.file_transfers.add(-1);
    if (const auto own = of_user_.find(user); own != of_user_.end() && --own->second == 0) of_user_.erase(own);
  }

  const config& settings_;
  metrics& counts_;
  std::mutex mutex_;
  std::unordered_map<user_id, std::uint32_t> of_user_;
};

inline error too_many_transfers() { return busy("file: too many files at once; try again", 1'000); }

}  // namespace parley
