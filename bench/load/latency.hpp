// `parley-bench latency`: an open loop over many small rooms of one node, and the highest rate that it holds.
#pragma once

#include "load/options.hpp"

namespace parley::bench {

/// Shows the course on standard error and the report on standard output. True: nothing was lost, repeated, reordered or
/// refused; with --find-max: some rate was held. Throws std::exception when it could not be tried.
bool run_latency(const latency_options& options);

}  // namespace parley::bench
