// The node's bounds on files under way in either direction, since each holds blocks in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "parley/config.hpp"
#include "parley/error.hpp"
#include "parley/held_places.hpp"
#include "parley/ids.hpp"
#include "parley/metrics.hpp"

namespace parley {

/// Given back when it goes.
using transfer_place = std::shared_ptr<const void>;

/// One a node, used from all I/O threads; outlives every place. A slow reader keeps his place, so that each user has
/// only so many, and no more than twice what is free: few of them never hold them all.
class transfer_places {
 public:
  transfer_places(const config& settings, metrics& counts) : settings_(settings), counts_(counts) {}

  /// Null when the node's, or the user's, are all taken, or that user's share is.
  transfer_place take(user_id user) {
    const std::lock_guard lock(mutex_);
    const auto free = std::int64_t{settings_.files.transfers} - held_.total();
    if (free <= 0 || held_.of(user) >= std::int64_t{settings_.limits.transfers_per_user}) return nullptr;
    if (!held_.is_within_share(user, 1, free)) return nullptr;
    held_.take(user);
    counts_.file_transfers.add(1);
    return {static_cast<const void*>(this), [this, user](const void*) { give_back(user); }};
  }

 private:
  void give_back(user_id user) {
    const std::lock_guard lock(mutex_);
    held_.give_back(user);
    counts_.file_transfers.add(-1);
  }

  const config& settings_;
  metrics& counts_;
  std::mutex mutex_;
  held_places<user_id> held_;
};

inline error too_many_transfers() { return busy("file: too many files at once; try again", 1'000); }

}  // namespace parley
