// `parley-bench connect`: how many connections a second a node takes in, from TCP to `ready`, beside a server that
// only accepts and upgrades.
#pragma once

#include <string>

#include "load/options.hpp"

namespace parley::bench {

struct connect_options {
  std::size_t connections = 5'000;
  std::size_t at_once = 100;  ///< Under way.
  std::size_t users = 1'000;
  std::size_t rooms = 100;
  std::size_t rooms_each = 2;
  int runs = 3;       ///< Both servers in turn.
  std::string naive;  ///< The program that accepts and upgrades by Beast; empty: parleyd alone.
  server_options server;
  report_options report;
};

/// True: all got their `ready`, and none an error. Throws std::exception when it could not be tried.
bool run_connect(const connect_options& options);

}  // namespace parley::bench
