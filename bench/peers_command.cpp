// Parley beside other servers.
#include <memory>

#include "command_line.hpp"
#include "peers/peers.hpp"

namespace parley::bench {

void add_peers(command_line& line) {
  const auto options = std::make_shared<peers_options>();
  auto* command =
      line.add("peers",
               "Parley beside other servers and a bare send loop: the same closed loop for all, in turns; 1 "
               "when one that is installed failed",
               [options, &line] {
                 options->programs.parleyd = line.parleyd();
                 options->programs.floor = line.floor();
                 return run_peers(*options);
               });
  add_peers_options(command, *options);
}

}  // namespace parley::bench
