// `parley-bench idle`: what a connection costs that only stays, with its session, its presence and its rooms.
#pragma once

#include "load/options.hpp"

namespace parley::bench {

struct idle_options {
  std::size_t connections = 10'000;
  std::size_t users = 10'000;
  std::size_t rooms = 200;
  std::size_t rooms_each = 2;
  double seconds = 40;  ///< Of idling: more than the longest time between two heartbeats.
  server_options server;
  report_options report;
};

/// Throws std::exception when it could not be tried, or a connection ended.
void run_idle(const idle_options& options);

}  // namespace parley::bench
