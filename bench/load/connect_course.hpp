// How a turn of `parley-bench connect` goes: who is ready, how long each took, and how long the others still take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/course.hpp"
#include "report/report.hpp"
#include "report/time_left.hpp"

namespace parley::bench {

/// Shows each part of the turn when it is over. Used from one thread.
class connect_course {
 public:
  /// `server` outlives it; `name` is for people.
  connect_course(std::string name, std::size_t connections, const server_watch& server);

  void begin(std::int64_t now_ns) { course_.begin(now_ns, server_); }
  /// Connections are counted from 0.
  void note_begun(std::size_t connection, std::int64_t now_ns);
  void note_ready(std::size_t connection, std::int64_t now_ns);
  void note_refused(std::string_view frame);
  /// Often.
  void tick(std::int64_t now_ns) { course_.tick(now_ns, server_); }
  void end(std::int64_t now_ns) { course_.end(now_ns, server_); }

  /// From TCP to `ready`.
  [[nodiscard]] const latency_histogram& times() const { return times_; }
  [[nodiscard]] const load_troubles& troubles() const { return troubles_; }
  [[nodiscard]] std::vector<load_part> take() { return course_.take(); }

 private:
  void show(const load_part& part);

  std::string name_;
  const server_watch& server_;
  std::vector<std::int64_t> begun_ns_;  ///< By connection.
  time_left left_;
  latency_histogram times_;
  load_troubles troubles_;
  load_course course_;
};

}  // namespace parley::bench
