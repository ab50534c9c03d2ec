// The numbered migrations that a binary brings, and which of them a store still needs; the same in every dialect.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/embedded_file.hpp"
#include "parley/error.hpp"

namespace parley {

struct migration {
  std::int64_t version = 0;
  std::string_view name;  ///< "0001_initial.sql"
  std::string_view sql;
};

/// Those behind version `stored`, in order. `conflict` when the store is newer than this build, `internal` when a
/// number is missing or a file misnamed.
result<std::vector<migration>> pending_migrations(std::span<const embedded_file> files, std::int64_t stored);

std::vector<std::string> names_of(std::span<const migration> migrations);

}  // namespace parley
