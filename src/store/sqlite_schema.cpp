// Applies the migrations that a file has not seen and records them in tb_schema_version.
#include "store/sqlite_schema.hpp"

#include <fmt/format.h>

#include <string>

#include "parley/log.hpp"
#include "store/migrations.hpp"

namespace parley {
namespace {

std::int64_t version_of(sqlite_connection& connection) {
  auto newest = connection.use("SELECT coalesce(max(version), 0) FROM tb_schema_version");
  return newest.step() ? newest.integer(0) : 0;
}

/// Migrations drop tables that others refer to and put new ones in their place.
class without_foreign_keys {
 public:
  explicit without_foreign_keys(sqlite_connection& connection) : connection_(connection) {
    connection_.execute("PRAGMA foreign_keys = OFF");
  }
  ~without_foreign_keys() {
    try {
      connection_.execute("PRAGMA foreign_keys = ON");
    } catch (const sqlite_error& fault) {
      log_store_fault("checking references again", fault.what());
    }
  }
  without_foreign_keys(const without_foreign_keys&) = delete;
  without_foreign_keys& operator=(const without_foreign_keys&) = delete;

 private:
  sqlite_connection& connection_;
};

void check_references(sqlite_connection& connection) {
  auto broken = connection.use("PRAGMA foreign_key_check");
  if (!broken.step()) return;
  throw sqlite_error(SQLITE_CONSTRAINT_FOREIGNKEY,
                     fmt::format("{} refers to rows of {} that are missing", broken.text(0), broken.text(2)));
}

void apply(sqlite_connection& connection, const migration& next) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    connection.execute(std::string(next.sql).c_str());
    check_references(connection);
    connection
        .use(
            "INSERT INTO tb_schema_version (version, name, applied_at)"
            " VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))")
        .bind(next.version, next.name)
        .run();
    connection.execute("COMMIT");
  } catch (const sqlite_error& fault) {
    if (connection.in_transaction()) connection.execute("ROLLBACK");
    throw sqlite_error(fault.extended_code(), fmt::format("{}: {}", next.name, fault.what()));
  }
  log::info("sqlite", "migrated", "The schema is now at {}.", next.name);
}

}  // namespace

result<void> check_owner(sqlite_connection& connection) {
  auto found = connection.use("SELECT count(*), coalesce(sum(name = 'tb_schema_version'), 0) FROM sqlite_schema");
  if (!found.step() || found.integer(0) == 0 || found.integer(1) > 0) return {};
  return make_error(error_code::conflict, "it holds another program's tables; name a file of its own");
}

result<void> migrate_sqlite(sqlite_connection& connection, std::span<const embedded_file> migrations) {
  connection.execute(
      "CREATE TABLE IF NOT EXISTS tb_schema_version"
      " (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT");
  const auto pending = pending_migrations(migrations, version_of(connection));
  if (pending.has_error()) return pending.error();
  const without_foreign_keys free_to_rebuild(connection);
  for (const auto& next : *pending) apply(connection, next);
  return {};
}

result<std::vector<std::string>> pending_sqlite_migrations(sqlite_connection& connection,
                                                           std::span<const embedded_file> migrations) {
  const bool is_new = !connection.use("SELECT 1 FROM sqlite_schema WHERE name = 'tb_schema_version'").step();
  const auto pending = pending_migrations(migrations, is_new ? 0 : version_of(connection));
  if (pending.has_error()) return pending.error();
  return names_of(*pending);
}

}  // namespace parley
