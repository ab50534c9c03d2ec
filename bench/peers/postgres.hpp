// The PostgreSQL of those peers that have one: the same for all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/postgres_server.hpp"

namespace parley::bench {

/// The cache holds what a run writes, and no checkpoint is due in one. It flushes at each commit.
std::vector<std::string> postgres_options();
std::optional<std::string> missing_postgres();
/// The newest that is installed.
std::string postgres_package();

}  // namespace parley::bench
