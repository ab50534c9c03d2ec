// `parley-bench fanout` and `rooms`: what a delivery costs the server, in one large room or in many small ones, beside
// the naive server on the same work.
#pragma once

#include <string>

#include "load/closed_load.hpp"
#include "load/options.hpp"

namespace parley::bench {

struct fanout_options {
  std::string scenario = "fanout";
  std::size_t rooms = 1;
  std::size_t receivers = 1'000;  ///< Of each message.
  closed_options load;
  double seconds = 5;
  int runs = 1;       ///< Both servers in turn; the ratio is of each pair, since the machine's speed drifts.
  std::string naive;  ///< The program; empty: parleyd alone.
  server_options server;
  report_options report;
};

/// True: nothing was lost, repeated, reordered or refused by parleyd. Throws std::exception when it could not be tried.
bool run_fanout(const fanout_options& options);

}  // namespace parley::bench
