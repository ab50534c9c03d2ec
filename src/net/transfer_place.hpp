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
/// only so many, and no more than twice what is free (as actors/shared_queue.hpp): few of them never hold them all.
class transfer_places {
 public:
  transfer_places(const config& settings, metrics& counts) : settings_(settings), counts_(counts) {}

  static constexpr std::int64_t share_of_free = 2;

  /// Null when the node's, or the user's, are all taken, or that user's share is.
  transfer_place take(user_id user) {
    const std::lock_guard lock(mutex_);
    const auto free = static_cast<std::int64_t>(settings_.files.transfers) - counts_.file_transfers.value();
    const auto found = of_user_.find(user);
    const std::int64_t own = found == of_user_.end() ? 0 : found->second;
    if (free <= 0 || own >= settings_.limits.transfers_per_user) return nullptr;
    if (own > 0 && own + 1 > share_of_free * free) return nullptr;
    ++of_user_[user];
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
