// Which of the other nodes cannot tell their news; pure state of the control actor.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

#include "parley/clock.hpp"
#include "parley/control_log.hpp"

namespace parley {

/// A node that is alive but alone cut off from the bus, or whose Redis is full, goes on storing, and its news wait with
/// it. Others see by its own word that something has waited each time it spoke, and that it never became less: what is
/// on its way to Redis in everyday use does.
class untold_nodes {
 public:
  /// For so long, then no usual load explains it.
  static constexpr std::chrono::seconds patience{1};

  /// One call for each node of a reading that is alive.
  void note(const node_report& report, steady_time now) {
    if (report.stream_backlog_bytes == 0) return;
    const auto before = waiting_.find(report.node);
    const bool goes_on = before != waiting_.end() && report.stream_backlog_bytes >= before->second.bytes;
    next_[report.node] = {goes_on ? before->second.since : now, report.stream_backlog_bytes};
  }
  /// The reading is over: forgets those that were not noted. True: there is one whose news are late.
  bool end_reading(steady_time now) {
    waiting_ = std::exchange(next_, {});
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [&](const auto& node) { return now - node.second.since >= patience; });
  }

 private:
  struct backlog {
    steady_time since{};  ///< It has not become less since then.
    std::int64_t bytes = 0;
  };
  std::map<uuid, backlog> waiting_;
  std::map<uuid, backlog> next_;  ///< Of the reading under way.
};

}  // namespace parley
