// What the scenarios are told; what several of them are told stands here once.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/options.hpp"

namespace parley::bench {

/// Which server is measured.
struct server_options {
  std::string parleyd;           ///< The program.
  std::string store = "sqlite";  ///< Of a server that is started here: sqlite, or postgres, which is started too.
  std::string node_url;          ///< A node that runs already; empty: one is started.
  std::optional<pid_t> process;  ///< That node's, when it is on this machine.
  std::vector<std::string> settings;
  bool pin = false;               ///< The server and its database on the first core, this process on the second.
  bool count_statements = false;  ///< The PostgreSQL that is started counts its statements.
};

struct latency_options {
  std::size_t rooms = 200;
  std::size_t members = 5;  ///< Of each room; they send in turn, and the others receive.
  double rate = 1'000;      ///< Messages a second over all rooms.
  double seconds = 20;      ///< Measured time.
  double warm_up = 3;       ///< Seconds of the same load before it.
  std::size_t size = 128;   ///< Bytes of content.
  bool find_max = false;    ///< Look for the highest rate that keeps the level.
  service_level level;
  std::string naive;  ///< The program of the echo that the run is compared with, and with commits; empty: with neither.
  server_options server;
  report_options report;
};

// What does not fit together. Each throws std::invalid_argument.
void validate(const server_options& options);
void validate(const latency_options& options);

}  // namespace parley::bench
