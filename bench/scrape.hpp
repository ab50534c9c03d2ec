// What a server under load counts itself, read from its /metrics.
#pragma once

#include <map>
#include <string>

#include "support/client_socket.hpp"

namespace parley::bench {

/// The samples of /metrics by name, without those that bear labels. Throws std::runtime_error without an answer.
std::map<std::string, double> scrape(const support::target& server);

}  // namespace parley::bench
