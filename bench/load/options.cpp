// Checks of the options.
#include "load/options.hpp"

#include <stdexcept>

#include "across/stamp.hpp"

namespace parley::bench {

void validate(const server_options& options) {
  if (options.node_url.empty() && options.process)
    throw std::invalid_argument("--pid is of a node that is named with --node");
  if (!options.node_url.empty() && !options.settings.empty())
    throw std::invalid_argument("--set is for a node that is started here");
  if (!options.node_url.empty() && options.pin) throw std::invalid_argument("--pin is for a node that is started here");
  if (options.store != "sqlite" && options.store != "postgres")
    throw std::invalid_argument("--store is sqlite or postgres");
}

void validate(const latency_options& options) {
  if (options.size < stamp_digits)
    throw std::invalid_argument("--size is at least " + std::to_string(stamp_digits) + ": a message bears its number");
  if (options.find_max && !options.naive.empty())
    throw std::invalid_argument("--beside is of a run at one rate, not of --find-max");
  validate(options.server);
}

}  // namespace parley::bench
