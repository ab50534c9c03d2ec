// Reads store.url and opens the store that it names.
#include "store/open_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "parley/log.hpp"
#include "store/migrations.hpp"
#include "store/postgres_control_log.hpp"
#include "store/postgres_database.hpp"
#include "store/sqlite_database.hpp"
#include "store/sqlite_schema.hpp"

namespace parley {
namespace {

/// A storage actor tries again what is busy for longer, until store.lock_ms have passed.
constexpr std::chrono::milliseconds busy_room_patience{30};
constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr std::string_view postgres_scheme = "postgresql://";
constexpr std::string_view short_postgres_scheme = "postgres://";

std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

std::optional<error> apply_option(sqlite_options& options, std::string_view option) {
  auto value = option;
  const auto key = take_until(value, '=');
  if (key == "vfs" && !value.empty()) {
    options.vfs = value;
    return std::nullopt;
  }
  if (key == "synchronous" && (value == "full" || value == "off")) {
    options.durable = value == "full";
    return std::nullopt;
  }
  // Without the value, which may be a secret meant for another store.
  return bad_request(fmt::format(
      "store.url: \"{}\" is no option of sqlite or has no such value; there are vfs=NAME and synchronous=full|off.",
      key));
}

}  // namespace

result<sqlite_options> parse_sqlite_url(std::string_view url) {
  if (!url.starts_with(sqlite_scheme)) return bad_request("store.url: does not begin with \"sqlite:\".");
  url.remove_prefix(sqlite_scheme.size());
  sqlite_options options;
  options.path = take_until(url, '?');
  if (options.path.empty()) return bad_request("store.url: sqlite: needs the path of a file, as in sqlite:parley.db.");
  if (options.path.starts_with(":memory:")) {
    return bad_request("store.url: sqlite::memory: is not supported, since readers and writer share a file.");
  }
  while (!url.empty()) {
    if (auto fault = apply_option(options, take_until(url, '&'))) return *fault;
  }
  return options;
}

result<postgres_options> parse_postgres_url(std::string_view url) {
  postgres_options options;
  // Our own option, which libpq does not know, is taken out again.
  auto rest = url;
  options.url = take_until(rest, '?');
  char separator = '?';
  while (!rest.empty()) {
    const auto option = take_until(rest, '&');
    if (option == "synchronous_commit=off" || option == "synchronous_commit=on") {
      options.durable = option.ends_with("on");
      continue;
    }
    options.url += separator;
    options.url += option;
    separator = '&';
  }
  char* fault = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(options.url.c_str(), &fault);
  PQfreemem(fault);  // not repeated: it may quote the password
  if (parsed == nullptr) return bad_request("store.url: libpq cannot read it; see its \"Connection URIs\".");
  PQconninfoFree(parsed);
  return options;
}

namespace {

bool is_postgres(std::string_view url) {
  return url.starts_with(postgres_scheme) || url.starts_with(short_postgres_scheme);
}

result<sqlite_options> sqlite_options_of(const config& settings) {
  auto options = parse_sqlite_url(settings.store.url);
  if (options.has_error()) return options.error();
  if (!options->vfs.empty() && sqlite3_vfs_find(options->vfs.c_str()) == nullptr) {
    return bad_request(fmt::format("store.url: there is no vfs \"{}\".", options->vfs));
  }
  const auto folder = std::filesystem::path(options->path).parent_path();
  std::error_code ignored;
  if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
    return bad_request(fmt::format("store.url: there is no folder {}.", folder.string()));
  }
  options->wal_bytes = settings.store.wal_bytes;
  options->cache_bytes = settings.store.cache_bytes;
  return options;
}

result<postgres_options> postgres_options_of(const config& settings) {
  auto options = parse_postgres_url(settings.store.url);
  if (options.has_error()) return options.error();
  options->node_name = settings.node.name;
  options->connect = std::chrono::milliseconds(settings.store.connect_ms);
  options->statement = std::chrono::milliseconds(settings.store.statement_ms);
  options->lock = std::chrono::milliseconds(settings.store.lock_ms);
  options->busy_room = std::min(options->lock, busy_room_patience);
  return options;
}

void warn_unless_durable(bool durable, std::string_view option) {
  if (durable) return;
  log::warn("store", "not_durable", "store.url says {}: what is acknowledged may be lost in a crash. For tests only.",
            option);
}

}  // namespace

result<void> check_store_url(const config& settings) {
  const std::string_view url = settings.store.url;
  // The URL may hold a password, so that only its scheme is repeated.
  if (is_postgres(url)) {
    if (auto options = postgres_options_of(settings); options.has_error()) return options.error();
    return {};
  }
  if (url.starts_with(sqlite_scheme)) {
    if (auto options = sqlite_options_of(settings); options.has_error()) return options.error();
    return {};
  }
  return bad_request("store.url: unknown kind of store; there are sqlite:PATH and postgresql://….");
}

std::unique_ptr<control_log> open_control_log(const config& settings, metrics& counts) {
  if (!is_postgres(settings.store.url)) return nullptr;
  return std::make_unique<postgres_control_log>(*postgres_options_of(settings), counts);
}

result<std::unique_ptr<database>> open_database(const config& settings, metrics& counts, const node_identity* node) {
  if (auto checked = check_store_url(settings); checked.has_error()) return checked.error();
  if (!is_postgres(settings.store.url)) {
    const auto options = *sqlite_options_of(settings);
    warn_unless_durable(options.durable, "synchronous=off");
    return open_sqlite_database(options, settings.limits);
  }
  auto options = *postgres_options_of(settings);
  warn_unless_durable(options.durable, "synchronous_commit=off");
  options.node = node;
  return open_postgres_database(options, settings.limits, counts);
}

result<std::vector<std::string>> find_pending_migrations(const config& settings, metrics& counts) {
  if (auto checked = check_store_url(settings); checked.has_error()) return checked.error();
  std::error_code fault;
  if (!is_postgres(settings.store.url) && !std::filesystem::exists(sqlite_options_of(settings)->path, fault) &&
      !fault) {
    auto all = pending_migrations(sqlite_migration_files(), 0);
    if (all.has_error()) return all.error();
    return names_of(*all);
  }
  auto opened = open_database(settings, counts);
  if (opened.has_error()) return opened.error();
  return (*opened)->pending_migrations();
}

}  // namespace parley
