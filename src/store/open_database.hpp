// From store.url to a database.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/config.hpp"
#include "parley/control_log.hpp"
#include "parley/database.hpp"
#include "parley/metrics.hpp"
#include "store/postgres_connection.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

/// `sqlite:PATH`, with `?vfs=NAME` and `?synchronous=off` for tests. `bad_request` names the key and what is
/// wrong.
result<sqlite_options> parse_sqlite_url(std::string_view url);

/// `postgresql://…`, as libpq reads it, and for tests `synchronous_commit=off` among its parameters.
result<postgres_options> parse_postgres_url(std::string_view url);

/// What open_database would refuse because of the URL alone, without touching the store.
result<void> check_store_url(const config& settings);

/// SQLite: takes the store's lock. The schema is brought up to date by migrate(). Errors are sentences for the
/// operator. The metrics must outlive the database.
/// Likewise the node's identity, by which others know where somebody is on; without one they are told nothing.
result<std::unique_ptr<database>> open_database(const config& settings, metrics& counts,
                                                const node_identity* node = nullptr);

/// The names of the migrations that a start would apply. Makes no file.
result<std::vector<std::string>> find_pending_migrations(const config& settings, metrics& counts);

/// By which nodes of one PostgreSQL hear who was logged out or suspended on another, or by parleyctl, with a bus or
/// without. Behind check_store_url. Null for a store that has none.
std::unique_ptr<control_log> open_control_log(const config& settings, metrics& counts);

}  // namespace parley
