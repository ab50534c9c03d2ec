// `parley-bench mixed`: a day in the life of a chat server, at a fixed rate.
#pragma once

#include <cstdint>

#include "load/options.hpp"

namespace parley::bench {

struct mixed_options {
  std::size_t rooms = 250;  ///< Four in five are small.
  std::size_t small = 5;    ///< Members of a small one.
  std::size_t large = 50;   ///< Of a large one.
  double rate = 1'000;      ///< Operations a second; where the search begins.
  double seconds = 20;      ///< Measured time.
  double warm_up = 3;       ///< Seconds of the same load before it.
  std::size_t size = 128;   ///< Bytes of content.
  std::uint64_t seed = 1;
  bool find_max = false;  ///< Look for the highest rate that keeps the level.
  service_level level;    ///< Of messages' deliveries.
  server_options server;
  report_options report;
};

/// True: nothing was lost, repeated, reordered or refused; with find_max: some rate was held. Throws std::exception
/// when it could not be tried.
bool run_mixed(const mixed_options& options);

}  // namespace parley::bench
