// `parley-bench storm`: everybody is cut off at once and comes back; is anything lost, how long does it take, and what
// does the database have to do for it? With `--drain` a node is stopped in good order instead: how evenly do its
// clients come to the other one?
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/options.hpp"

namespace parley::bench {

struct storm_options {
  std::size_t clients = 10'000;
  std::size_t users = 1'000;          ///< To whom the clients belong.
  std::size_t rooms = 100;            ///< Each user is in one; each has a sender besides, which is not cut.
  double rate = 100;                  ///< Messages a second over all rooms, before, during and after the storm.
  double seconds = 5;                 ///< Before the cut, and after the return.
  double bound = 120;                 ///< Seconds within which everybody must be back.
  std::size_t size = 128;             ///< Bytes of content.
  bool unread = false;                ///< They come back with ?replay=unread and do not resume.
  bool drain = false;                 ///< The clients of one node go to the other as it stops, none is cut.
  std::string parleyd;                ///< The program.
  std::vector<std::string> settings;  ///< KEY=VALUE for parleyd.
  report_options report;
};

/// Runs it on two nodes of its own and prints what it found. True when everybody came back and has every seq once.
/// Throws std::runtime_error when the world around the run does not work.
bool run_storm(const storm_options& options);

}  // namespace parley::bench
