// `parley-bench overload`: twice what a node holds, for a minute.
#pragma once

#include "load/options.hpp"

namespace parley::bench {

struct overload_options {
  std::size_t rooms = 200;
  std::size_t members = 5;
  double full = 0;      ///< Messages a second that the node just holds; 0: looked for first.
  double times = 2;     ///< So many times as many come.
  double seconds = 60;  ///< Of overload.
  std::size_t size = 128;
  server_options server;
  report_options report;
};

/// True: nothing was lost, the process grew by at most 64 MiB, those acknowledged took at most five times as long as at
/// full load (p99), and within a minute half the load is as quick as before. Throws std::exception when it could not be
/// tried.
bool run_overload(const overload_options& options);

}  // namespace parley::bench
