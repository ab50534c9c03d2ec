// `parley-bench peers`: turns over works and servers.
#pragma once

#include "peers/options.hpp"

namespace parley::bench {

/// Measures and writes the reports. False when a server failed in some turn. Throws when it cannot be tried.
bool run_peers(const peers_options& options);

}  // namespace parley::bench
