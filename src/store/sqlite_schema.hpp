// The file's schema: numbered migrations, forward only, each in a transaction of its own.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/embedded_file.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

/// The migrations of this build, in order: "…/0001_initial.sql" is number 1.
std::span<const embedded_file> sqlite_migration_files();

/// Refuses (`conflict`) a file with tables of another program's. Changes nothing; throws sqlite_error.
result<void> check_owner(sqlite_connection& connection);

/// Brings the file to the last of `migrations`, each of which may build tables anew: references are checked at its end.
/// Refuses (`conflict`) a file that a newer build has written.
/// Throws sqlite_error; a migration that failed has left nothing.
result<void> migrate_sqlite(sqlite_connection& connection,
                            std::span<const embedded_file> migrations = sqlite_migration_files());

/// The names of those that migrate_sqlite would apply. Changes nothing; throws sqlite_error.
result<std::vector<std::string>> pending_sqlite_migrations(
    sqlite_connection& connection, std::span<const embedded_file> migrations = sqlite_migration_files());

}  // namespace parley
