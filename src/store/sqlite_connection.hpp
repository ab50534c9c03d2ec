// A SQLite connection that owns itself, keeps its statements prepared, and turns return codes into one
// exception.
#pragma once

#include <sqlite3.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "parley/clock.hpp"
#include "parley/credentials.hpp"
#include "parley/error.hpp"
#include "parley/ids.hpp"
#include "store/byte_view.hpp"
#include "store/sqlite_checkpoints.hpp"

namespace parley {

/// What SQLite refused. Like a library's exception it never leaves src/store: every function of a port is
/// `guarded`.
class sqlite_error : public std::runtime_error {
 public:
  sqlite_error(int extended_code, const std::string& message) : std::runtime_error(message), code_(extended_code) {}

  [[nodiscard]] int extended_code() const { return code_; }
  /// One statement's values are at fault and the transaction may go on without it; otherwise it is the disk,
  /// the file or the memory, and the transaction is lost.
  [[nodiscard]] bool is_statements_fault() const;
  /// A value that contradicts what is stored: an everyday answer, unlike all others.
  [[nodiscard]] bool is_constraint() const { return (code_ & 0xFF) == SQLITE_CONSTRAINT; }

 private:
  int code_;
};

/// The one table from SQLite's codes to Parley's errors.
error to_error(const sqlite_error& fault);

void log_store_fault(std::string_view what, const std::string& message);

/// Runs the body of a port's function; exceptions become errors here and nowhere else.
template <class Body>
std::invoke_result_t<Body> guarded(std::string_view what, Body&& body) {
  try {
    return body();
  } catch (const sqlite_error& fault) {
    if (!fault.is_constraint()) log_store_fault(what, fault.what());
    return to_error(fault);
  } catch (const std::exception& fault) {
    log_store_fault(what, fault.what());
    return make_error(error_code::internal, "The store failed.");
  }
}

/// A statement prepared once, and the texts of ids and times that are bound to it.
struct prepared_statement {
  prepared_statement(sqlite3* connection, const char* sql);
  ~prepared_statement() { sqlite3_finalize(handle); }
  prepared_statement(const prepared_statement&) = delete;
  prepared_statement& operator=(const prepared_statement&) = delete;

  sqlite3_stmt* handle = nullptr;
  std::vector<std::string> texts;
  bool in_use = false;
};

/// One use of a prepared statement; resets it at the end. Strings and views bound to it must live until then;
/// ids, times and hashes are copied.
class statement {
 public:
  explicit statement(prepared_statement& prepared);
  ~statement();
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  /// Binds all parameters, from the first, and begins anew.
  template <class... Values>
  statement& bind(const Values&... values) {
    sqlite3_reset(prepared_.handle);
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  /// True when there is a row to read.
  bool step();
  /// For statements without rows; ready to be bound again afterwards.
  void run();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  /// Valid until the next step.
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::optional<std::string> optional_text(int column) const;
  /// Of a BLOB; valid until the next step.
  [[nodiscard]] std::string_view bytes(int column) const;
  /// Text that is no time reads as the epoch, text that is no UUID as nil.
  [[nodiscard]] timestamp time(int column) const;
  [[nodiscard]] std::optional<timestamp> optional_time(int column) const;
  template <class Id = uuid>
  [[nodiscard]] Id id(int column) const {
    return Id(uuid_at(column));
  }
  template <class Id>
  [[nodiscard]] std::optional<Id> optional_id(int column) const {
    return is_null(column) ? std::nullopt : std::optional<Id>(uuid_at(column));
  }

 private:
  void bind_one(int index, const uuid& value);
  void bind_one(int index, timestamp value);
  void bind_one(int index, const token_hash& value);
  void bind_one(int index, std::string_view value);
  void bind_one(int index, byte_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, const char* value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, std::uint32_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, bool value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::nullopt_t);
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      bind_one(index, std::nullopt);
    }
  }
  void bind_own_text(int index);
  std::string& own_text(int index);
  [[nodiscard]] uuid uuid_at(int column) const;
  void check(int code) const;

  prepared_statement& prepared_;
};

/// How a connection treats its file.
struct sqlite_options {
  std::string path;
  std::string vfs;      ///< Empty: SQLite's default. Tests put one here that cuts the power.
  bool durable = true;  ///< False: never syncs, as a control that must lose what was acknowledged.
  std::uint64_t cache_bytes = 64ULL * 1024 * 1024;  ///< The writer's page cache; a reader has a quarter of it.
  std::uint64_t wal_bytes = 64ULL * 1024 * 1024;    ///< Of the write-ahead log, before a commit waits for readers.
};

enum class sqlite_access : std::uint8_t {
  write,
  read,
  examine,  ///< Sets nothing up and so leaves a file that may not be ours as it is.
};

/// Belongs to one thread at a time. Functions throw sqlite_error.
class sqlite_connection {
 public:
  /// Opens and sets it up: WAL, foreign keys, full synchronisation. Only a writer ever checkpoints.
  sqlite_connection(const sqlite_options& options, sqlite_access access);

  /// The SQL must be a literal: statements are kept by its address.
  statement use(const char* sql);
  /// For SQL without parameters and rows that is not worth keeping.
  void execute(const char* sql);

  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  /// Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
  /// Moves the write-ahead log into the file and empties it, unless a reader is in the way.
  void truncate_log();

 private:
  void require(const char* pragma, std::string_view expected);
  void set_up_reader(const sqlite_options& options);
  void set_cache(std::uint64_t bytes);
  void set_up_writer(const sqlite_options& options);

  struct closer {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite_checkpoints> checkpoints_;  ///< A writer's.
  std::unique_ptr<sqlite3, closer> handle_;
  boost::unordered_flat_map<const void*, std::unique_ptr<prepared_statement>> statements_;
};

/// A transaction that only reads, so that several statements see one state of the store.
class read_snapshot {
 public:
  explicit read_snapshot(sqlite_connection& connection);
  ~read_snapshot();
  read_snapshot(const read_snapshot&) = delete;
  read_snapshot& operator=(const read_snapshot&) = delete;

 private:
  sqlite_connection& connection_;
};

}  // namespace parley
