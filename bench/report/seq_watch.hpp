// What one connection has had of its room: each seq must come once and in order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace parley::bench {

struct seq_counts {
  std::uint64_t lost = 0;       ///< Skipped and not come since.
  std::uint64_t repeated = 0;   ///< Came again.
  std::uint64_t reordered = 0;  ///< Came behind a later one.
};

/// The first seq is where it begins.
class seq_watch {
 public:
  void see(std::uint64_t seq, seq_counts& counts) {
    if (last_ == 0 || seq == last_ + 1) {
      last_ = seq;
    } else if (seq > last_) {
      for (auto missing = last_ + 1; missing < seq; ++missing) missing_.push_back(missing);
      counts.lost += seq - last_ - 1;
      last_ = seq;
    } else if (const auto at = std::find(missing_.begin(), missing_.end(), seq); at != missing_.end()) {
      missing_.erase(at);
      if (counts.lost > 0) --counts.lost;  // else it was an earlier run's
      ++counts.reordered;
    } else {
      ++counts.repeated;
    }
  }

 private:
  std::uint64_t last_ = 0;
  std::vector<std::uint64_t> missing_;
};

}  // namespace parley::bench
