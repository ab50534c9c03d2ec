// The embedded store: one SQLite file, owned by one process, with one writer and any number of readers.
#pragma once

#include <memory>

#include "parley/config.hpp"
#include "parley/database.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

/// Makes the file if it is missing (mode 0600) and takes the lock on `PATH.lock`, which the database holds
/// until it is destroyed; PATH is the file's real one, so that no link leads past the lock. `conflict` when another
/// process has it, `unavailable` when the file cannot be made; both name the file. Writers and readers must be gone
/// before the database.
result<std::unique_ptr<database>> open_sqlite_database(const sqlite_options& options, const limits_config& limits);

}  // namespace parley
