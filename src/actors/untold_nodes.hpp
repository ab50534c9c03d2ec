// Which of the other nodes cannot tell their news; pure state of the control actor.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "parley/clock.hpp"
#include "parley/control_log.hpp"

namespace parley {

/// A node that is alive but alone cut off from the bus, or whose Redis is full, goes on storing, and its news wait with
/// it. Others see by its own word that something has waited each time it spoke.
class untold_nodes {
 public:
  /// For so long, then no usual load explains it.
  static constexpr std::chrono::seconds patience{1};

  /// One call for each node of a reading that is alive.
  void note(const node_report& report, steady_time now) {
    if (report.stream_backlog_bytes == 0) return;
    const auto before = since_.find(report.node);
    next_.emplace(report.node, before != since_.end() ? before->second : now);
  }
  /// The reading is over: forgets those that were not noted. True: there is one whose news are late.
  bool end_reading(steady_time now) {
    since_ = std::exchange(next_, {});
    return std::any_of(since_.begin(), since_.end(), [&](const auto& node) { return now - node.second >= patience; });
  }

 private:
  std::map<uuid, steady_time> since_;  ///< Backlogs that were not empty since then.
  std::map<uuid, steady_time> next_;   ///< Of the reading under way.
};

}  // namespace parley
