// Applies the migrations that a file has not seen and records them in tb_schema_version.
#include "store/sqlite_schema.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "parley/log.hpp"

namespace parley {
namespace {

struct migration {
  std::int64_t version = 0;
  std::string_view name;  ///< "0001_initial"
  std::string_view sql;
};

std::optional<migration> migration_of(const embedded_file& file) {
  migration found;
  found.name = file.path.substr(file.path.rfind('/') + 1);
  found.sql = file.bytes;
  const auto* end = found.name.data() + found.name.size();
  const auto [rest, fault] = std::from_chars(found.name.data(), end, found.version);
  if (fault != std::errc{} || rest == end || *rest != '_' || found.version < 1) return std::nullopt;
  return found;
}

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
  const auto stored = version_of(connection);
  const auto known = static_cast<std::int64_t>(migrations.size());
  if (stored > known) {
    return make_error(error_code::conflict,
                      fmt::format("store.url: the file's schema has version {}, this build knows up to {}; a newer"
                                  " version of Parley has written it.",
                                  stored, known));
  }
  const without_foreign_keys free_to_rebuild(connection);
  for (std::int64_t number = 1; number <= known; ++number) {
    const auto next = migration_of(migrations[static_cast<std::size_t>(number) - 1]);
    if (!next || next->version != number) {
      return make_error(error_code::internal, fmt::format("Migration {} is missing or misnamed.", number));
    }
    if (number > stored) apply(connection, *next);
  }
  return {};
}

}  // namespace parley
