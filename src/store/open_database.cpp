// Reads store.url and opens the store that it names.
#include "store/open_database.hpp"

#include <fmt/format.h>

#include "store/sqlite_database.hpp"

namespace parley {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

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

namespace {

result<sqlite_options> options_of(const config& settings) {
  const std::string_view url = settings.store.url;
  // The URL may hold a password, so that only its scheme is repeated.
  if (url.starts_with("postgresql:") || url.starts_with("postgres:")) {
    return bad_request("store.url: postgresql arrives with the cluster store; this build has sqlite:PATH.");
  }
  if (!url.starts_with(sqlite_scheme)) {
    return bad_request("store.url: unknown kind of store; this build has sqlite:PATH.");
  }
  auto options = parse_sqlite_url(url);
  if (options.has_error()) return options.error();
  if (!options->vfs.empty() && sqlite3_vfs_find(options->vfs.c_str()) == nullptr) {
    return bad_request(fmt::format("store.url: there is no vfs \"{}\".", options->vfs));
  }
  options->wal_bytes = settings.store.wal_bytes;
  options->cache_bytes = settings.store.cache_bytes;
  return options;
}

}  // namespace

result<void> check_store_url(const config& settings) {
  const auto options = options_of(settings);
  if (options.has_error()) return options.error();
  return {};
}

result<std::unique_ptr<database>> open_database(const config& settings) {
  const auto options = options_of(settings);
  if (options.has_error()) return options.error();
  return open_sqlite_database(*options, settings.limits);
}

}  // namespace parley
