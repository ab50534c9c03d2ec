// The database's schema: numbered migrations, forward only, each in a transaction of its own; one node at a time.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "parley/embedded_file.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// The migrations of this build, in order: "…/0001_initial.sql" is number 1.
std::span<const embedded_file> postgres_migration_files();

/// Brings the schema to the last of `migrations`. Holds an advisory lock meanwhile, so that nodes that start together
/// wait for the first, unless `is_over`, which is asked now and then, says that they need not. Refuses (`conflict`) a
/// schema that a newer build has written. Throws postgres_error; a migration that failed has left nothing.
result<void> migrate_postgres(postgres_connection& connection, const std::function<bool()>& is_over = {},
                              std::span<const embedded_file> migrations = postgres_migration_files());

/// The names of those that migrate_postgres would apply. Changes nothing.
result<std::vector<std::string>> pending_postgres_migrations(
    postgres_connection& connection, std::span<const embedded_file> migrations = postgres_migration_files());

}  // namespace parley
