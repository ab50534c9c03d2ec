// How far behind the others this node is, over all streams that it reads: the worst of them is shown.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "parley/metrics.hpp"

namespace parley {

/// Readers add themselves before they begin; each has its thread.
class stream_lags {
 public:
  explicit stream_lags(gauge& shown) : shown_(shown) {}

  std::size_t add_reader() {
    const std::lock_guard lock(mutex_);
    of_readers_.push_back(0);
    return of_readers_.size() - 1;
  }
  void set(std::size_t reader, std::chrono::milliseconds lag) {
    const std::lock_guard lock(mutex_);
    of_readers_[reader] = lag.count();
    shown_.set(*std::max_element(of_readers_.begin(), of_readers_.end()));
  }

 private:
  std::mutex mutex_;
  std::vector<std::int64_t> of_readers_;
  gauge& shown_;
};

}  // namespace parley
