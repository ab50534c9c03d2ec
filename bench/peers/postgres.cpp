// Debian keeps each version in a folder of its own.
#include "peers/postgres.hpp"

#include <algorithm>
#include <filesystem>

#include "peers/program.hpp"

namespace parley::bench {
namespace {

/// 0: none is installed.
int newest_version() {
  int newest = 0;
  std::error_code none;
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
    newest = std::max(newest, std::atoi(folder.path().filename().c_str()));
  return newest;
}

}  // namespace

std::optional<std::string> missing_postgres() {
  if (newest_version() > 0 || find_program("postgres")) return std::nullopt;
  return "PostgreSQL is not installed (Debian package postgresql)";
}

std::string postgres_package() { return "postgresql-" + std::to_string(newest_version()); }

}  // namespace parley::bench
