// Owns the file and its lock, and hands out connections.
#include "store/sqlite_database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "store/sqlite_reader.hpp"
#include "store/sqlite_schema.hpp"
#include "store/sqlite_search.hpp"
#include "store/sqlite_writer.hpp"

namespace parley {
namespace {

constexpr mode_t owner_only = 0600;

class file_descriptor {
 public:
  explicit file_descriptor(int number) : number_(number) {}
  ~file_descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  file_descriptor& operator=(file_descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

error cannot_open(const std::string& path) {
  return unavailable(fmt::format("store.url: cannot open {}: {}.", path, std::strerror(errno)));
}

result<file_descriptor> open_file(const std::string& path) {
  file_descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only));
  if (file.number() < 0) return cannot_open(path);
  return file;
}

/// The one name of the file, whatever links and relative paths lead to it. A missing file is made: here and not by
/// SQLite, so that nobody else may ever read it; the log's files take their mode from it. A file that is there is not
/// opened, since closing a descriptor of it would drop the locks that this process may have on it already.
result<std::string> find_file(const std::string& path) {
  std::array<char, PATH_MAX> found{};
  if (::realpath(path.c_str(), found.data()) != nullptr) return std::string(found.data());
  if (errno != ENOENT) return cannot_open(path);
  if (auto made = open_file(path); made.has_error()) return made.error();
  if (::realpath(path.c_str(), found.data()) == nullptr) return cannot_open(path);
  return std::string(found.data());
}

/// The lock stays with the descriptor and so ends with the process, however that ends.
result<file_descriptor> lock_file(const std::string& path) {
  auto file = open_file(path);
  if (file.has_error()) return file;
  if (::flock(file->number(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return cannot_open(path);
  return make_error(error_code::conflict,
                    fmt::format("store.url: another process uses this file; it holds the lock on {}.", path));
}

class sqlite_database final : public database {
 public:
  sqlite_database(sqlite_options options, const limits_config& limits, file_descriptor lock)
      : options_(std::move(options)), limits_(limits), lock_(std::move(lock)) {}

  /// Nobody is waited for: the file is locked already.
  result<void> migrate(const std::function<bool()>& /*is_over*/) override {
    return guarded("migrating", [&]() -> result<void> {
      try {
        return migrate_file();
      } catch (const sqlite_error& fault) {
        log_store_fault("migrating", fault.what());
        return unavailable(fmt::format("store.url: cannot use {}: {}.", options_.path, fault.what()));
      }
    });
  }

  result<std::vector<std::string>> pending_migrations() override {
    return guarded("looking for migrations", [&]() -> result<std::vector<std::string>> {
      sqlite_connection connection(options_, sqlite_access::examine);
      return pending_sqlite_migrations(connection);
    });
  }

  result<std::unique_ptr<database_writer>> open_writer() override {
    return guarded("opening the writer",
                   [&]() -> result<std::unique_ptr<database_writer>> { return make_sqlite_writer(options_, limits_); });
  }

  result<std::unique_ptr<database_reader>> open_reader() override {
    return guarded("opening a reader",
                   [&]() -> result<std::unique_ptr<database_reader>> { return make_sqlite_reader(options_); });
  }

  result<std::unique_ptr<search_index>> open_search_index() override {
    return guarded("opening the search index",
                   [&]() -> result<std::unique_ptr<search_index>> { return make_sqlite_search_index(options_); });
  }

  [[nodiscard]] std::uint32_t max_writers() const override { return 1; }

 private:
  result<void> migrate_file() {
    {
      sqlite_connection connection(options_, sqlite_access::examine);
      if (const auto ours = check_owner(connection); ours.has_error()) {
        return make_error(ours.error().code,
                          fmt::format("store.url: cannot use {}: {}.", options_.path, ours.error().message));
      }
    }
    sqlite_connection connection(options_, sqlite_access::write);
    return migrate_sqlite(connection);
  }

  sqlite_options options_;
  limits_config limits_;
  file_descriptor lock_;
};

}  // namespace

result<std::unique_ptr<database>> open_sqlite_database(const sqlite_options& options, const limits_config& limits) {
  auto path = find_file(options.path);
  if (path.has_error()) return path.error();
  auto lock = lock_file(*path + ".lock");
  if (lock.has_error()) return lock.error();
  if (::access(path->c_str(), R_OK | W_OK) != 0) return cannot_open(*path);
  auto found = options;
  found.path = std::move(*path);
  return std::make_unique<sqlite_database>(std::move(found), limits, std::move(*lock));
}

}  // namespace parley
