// What `parley-bench peers` can be asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "peers/closed_load.hpp"
#include "peers/peer.hpp"

namespace parley::bench {

struct peers_options {
  std::vector<std::string> works;  ///< Empty: all.
  std::vector<std::string> peers;  ///< Empty: all.
  int runs = 5;
  load_times times;
  peer_work custom{"custom", {}, 10, 5, 1};
  bool json = false;
  std::string report;  ///< A file; empty: no page.
  peer_programs programs;
};

void add_peers_options(CLI::App* command, peers_options& options);

/// What the goals are about.
std::vector<peer_work> known_works();
/// Those that were named, in that order. Throws std::invalid_argument for a name that is not known.
std::vector<peer_work> chosen_works(const peers_options& options);
std::vector<peer> chosen_peers(const peers_options& options);

}  // namespace parley::bench
