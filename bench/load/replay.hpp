// `parley-bench replay`: everybody was away while each room went on, and comes back at once; what does the replay cost?
#pragma once

#include "load/options.hpp"

namespace parley::bench {

struct replay_options {
  std::size_t clients = 10'000;
  std::size_t users = 1'000;
  std::size_t rooms = 100;
  std::size_t missed = 100;  ///< Events of each client; within replay.ring_events they come from memory.
  std::size_t size = 128;    ///< Bytes of content.
  bool connected = false;    ///< The clients are connected before, and only ask for what they missed.
  double bound = 120;        ///< Seconds within which each must have everything.
  server_options server;
  report_options report;
};

/// True: each client has each event once and in order, and where the rings hold what was missed, none came from the
/// store, and PostgreSQL saw at most one statement a client, where users come with several. Throws std::exception when
/// it could not be tried.
bool run_replay(const replay_options& options);

}  // namespace parley::bench
