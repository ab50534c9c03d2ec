// The PostgreSQL of those peers that have one: the same for all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/postgres_server.hpp"

namespace parley::bench {

std::optional<std::string> missing_postgres();
/// The newest that is installed.
std::string postgres_package();

}  // namespace parley::bench
