// Applies the migrations that a database has not seen and records them in tb_schema_version.
#include "store/postgres_schema.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "parley/log.hpp"
#include "store/migrations.hpp"

namespace parley {
namespace {

using std::chrono::steady_clock;

/// Longer than one waits for a lock, so that the others come to their turn in between.
constexpr std::chrono::seconds between_migrations{3};

/// Waits for somebody else, says so now and then, and ends when the node is told to.
class patience {
 public:
  explicit patience(const std::function<bool()>& is_over) : is_over_(is_over) {}

  /// False: it is over.
  bool pause(std::string_view why, std::chrono::milliseconds length) {
    if (is_over_ && is_over_()) return false;
    if (steady_clock::now() >= next_word_) {
      log::info("postgres", "migration_waits", "{}", why);
      next_word_ = steady_clock::now() + between_words;
    }
    std::this_thread::sleep_for(length);
    return true;
  }

 private:
  static constexpr std::chrono::seconds between_words{10};
  const std::function<bool()>& is_over_;
  steady_clock::time_point next_word_ = steady_clock::now();
};

/// Of all nodes that bring this database's schema up to date, one at a time.
class migration_lock {
 public:
  explicit migration_lock(postgres_connection& connection) : connection_(connection) {}

  /// False when it was told to end first. Not one statement that waits: nobody could end it, or would know of it.
  bool take(patience& wait) {
    for (;;) {
      is_held_ = connection_.query("SELECT pg_try_advisory_lock($1)", key)[0].integer(0) != 0;
      if (is_held_) return true;
      if (!wait.pause("Another node brings the schema up to date; waiting for it.", between_tries)) return false;
    }
  }

  /// With the connection the lock ends in any case.
  ~migration_lock() {
    if (!is_held_) return;
    try {
      connection_.run_script(fmt::format("SELECT pg_advisory_unlock({})", key));
    } catch (const postgres_error& fault) {
      log_postgres_fault("ending the lock on migrations", fault.what());
    }
  }
  migration_lock(const migration_lock&) = delete;
  migration_lock& operator=(const migration_lock&) = delete;

 private:
  static constexpr std::int64_t key = 0x7061726C6579;  // "parley"
  static constexpr std::chrono::milliseconds between_tries{100};
  postgres_connection& connection_;
  bool is_held_ = false;
};

bool has_version_table(postgres_connection& connection) {
  return connection.query("SELECT to_regclass('tb_schema_version') IS NOT NULL")[0].integer(0) != 0;
}

std::int64_t version_of(postgres_connection& connection) {
  if (!has_version_table(connection)) return 0;
  return connection.query("SELECT coalesce(max(version), 0)::bigint FROM tb_schema_version")[0].integer(0);
}

void apply(postgres_connection& connection, const migration& next) {
  connection.run_script("BEGIN");
  try {
    connection.run_script(std::string(next.sql));
    connection.query("INSERT INTO tb_schema_version (version, name, applied_at) VALUES ($1, $2, now())", next.version,
                     next.name);
    connection.run_script("COMMIT");
  } catch (const postgres_error& fault) {
    if (connection.is_usable()) connection.run_script("ROLLBACK");
    throw postgres_error(fault.sqlstate(), fmt::format("{}: {}", next.name, fault.what()));
  }
  log::info("postgres", "migrated", "The schema is now at {}.", next.name);
}

bool is_in_the_way(const postgres_error& fault) { return fault.is_lock_time_out() || fault.is_worth_repeating(); }

/// What is left to do, now that nobody else does it; false when somebody uses tables that it changes.
result<bool> bring_up_to_date(postgres_connection& connection, std::span<const embedded_file> migrations) {
  // Not IF NOT EXISTS, for which one needs the right to make tables even when there is nothing to make.
  if (!has_version_table(connection)) {
    connection.run_script(
        "CREATE TABLE tb_schema_version"
        " (version bigint NOT NULL PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)");
  }
  const auto pending = pending_migrations(migrations, version_of(connection));
  if (pending.has_error()) return pending.error();
  try {
    for (const auto& next : *pending) apply(connection, next);
    // Doubts about commits are settled within seconds.
    connection.query("DELETE FROM tb_commit_mark WHERE marked_at < now() - interval '1 day'");
  } catch (const postgres_error& fault) {
    if (!is_in_the_way(fault)) throw;
    return false;
  }
  return true;
}

}  // namespace

result<void> migrate_postgres(postgres_connection& connection, const std::function<bool()>& is_over,
                              std::span<const embedded_file> migrations) {
  // A migration takes as long as it takes. But who waits for a table has everybody wait who comes after him, and the
  // other nodes' messages would stand behind a dump of the database: it gives way, though not before the server has
  // sent away an autovacuum that it waits for, which takes deadlock_timeout.
  connection.run_script("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0");
  connection.query(
      "SELECT set_config('lock_timeout', (setting::bigint + 1000)::text, false) FROM pg_settings"
      " WHERE name = 'deadlock_timeout'");
  const auto encoding = connection.query("SELECT current_setting('server_encoding')");
  if (encoding[0].text(0) != "UTF8") {
    return bad_request(
        fmt::format("store.url: the database's encoding is {}; Parley needs UTF8.", encoding[0].text(0)));
  }
  patience wait(is_over);
  for (;;) {
    {
      migration_lock only_one(connection);
      if (!only_one.take(wait)) return unavailable("Stopped while another node was bringing the schema up to date.");
      const auto done = bring_up_to_date(connection, migrations);
      if (done.has_error()) return done.error();
      if (*done) return {};
    }
    if (!wait.pause("Somebody uses tables that a migration changes; trying again.", between_migrations)) {
      return unavailable("Stopped while others used tables that a migration changes.");
    }
  }
}

result<std::vector<std::string>> pending_postgres_migrations(postgres_connection& connection,
                                                             std::span<const embedded_file> migrations) {
  const auto pending = pending_migrations(migrations, version_of(connection));
  if (pending.has_error()) return pending.error();
  return names_of(*pending);
}

}  // namespace parley
