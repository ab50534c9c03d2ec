// The only file that calls SQLite's functions for statements and connections.
#include "store/sqlite_connection.hpp"

#include <fmt/format.h>

#include <cassert>

#include "parley/log.hpp"
#include "store/search_text.hpp"

namespace parley {
namespace {

constexpr int busy_timeout_ms = 5'000;
constexpr int tidy_timeout_ms = 50;

[[noreturn]] void fail(sqlite3* connection, int code) {
  const int extended = connection != nullptr ? sqlite3_extended_errcode(connection) : code;
  const char* text = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  throw sqlite_error(extended == SQLITE_OK ? code : extended, text);
}

}  // namespace

bool sqlite_error::is_statements_fault() const {
  switch (code_ & 0xFF) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
      return true;
    default:
      return false;
  }
}

error to_error(const sqlite_error& fault) {
  switch (fault.extended_code()) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return make_error(error_code::conflict, "It contradicts what is stored already.");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return not_found("It refers to something that does not exist.");
    default:
      break;
  }
  if (fault.is_statements_fault()) return make_error(error_code::internal, "The store refused a value.");
  return unavailable(fmt::format("The store is not available: {}.", sqlite3_errstr(fault.extended_code())));
}

void log_store_fault(std::string_view what, const std::string& message) {
  log::error("sqlite", "store_fault", "{} failed: {}", what, message);
}

namespace {

/// SQLite's own lower() and LIKE know no letters but ASCII's.
void lower_text_in_sql(sqlite3_context* context, int, sqlite3_value** values) noexcept {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(*values));
  if (bytes == nullptr) return sqlite3_result_null(context);
  try {
    const auto lower = lower_text({bytes, static_cast<std::size_t>(sqlite3_value_bytes(*values))});
    sqlite3_result_text64(context, lower.data(), lower.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

void add_lower_text(sqlite3* connection) {
  constexpr int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  const int code = sqlite3_create_function_v2(connection, "lower_text", 1, flags, nullptr, lower_text_in_sql, nullptr,
                                              nullptr, nullptr);
  if (code != SQLITE_OK) fail(connection, code);
}

}  // namespace

prepared_statement::prepared_statement(sqlite3* connection, const char* sql) {
  const int code = sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) fail(connection, code);
  texts.resize(static_cast<std::size_t>(sqlite3_bind_parameter_count(handle)));
}

statement::statement(prepared_statement& prepared) : prepared_(prepared) {
  assert(!prepared.in_use && "a statement is used twice at once");
  prepared_.in_use = true;
}

statement::~statement() {
  sqlite3_reset(prepared_.handle);
  prepared_.in_use = false;
}

void statement::check(int code) const {
  if (code != SQLITE_OK) fail(sqlite3_db_handle(prepared_.handle), code);
}

bool statement::step() {
  const int code = sqlite3_step(prepared_.handle);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  // The message is taken before the reset, which a failing statement needs so that the next use finds it
  // fresh.
  const sqlite_error fault(sqlite3_extended_errcode(sqlite3_db_handle(prepared_.handle)),
                           sqlite3_errmsg(sqlite3_db_handle(prepared_.handle)));
  sqlite3_reset(prepared_.handle);
  throw fault;
}

void statement::run() {
  while (step()) {
  }
  sqlite3_reset(prepared_.handle);
}

bool statement::is_null(int column) const { return sqlite3_column_type(prepared_.handle, column) == SQLITE_NULL; }

std::int64_t statement::integer(int column) const { return sqlite3_column_int64(prepared_.handle, column); }

std::string_view statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(prepared_.handle, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_.handle, column))};
}

std::string_view statement::bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared_.handle, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_.handle, column))};
}

std::optional<std::string> statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return std::string(text(column));
}

// Reading tolerates what writing once let through: one bad value must not break every page that it stands on.

timestamp statement::time(int column) const { return parse_timestamp(text(column)).value_or(timestamp{}); }

std::optional<timestamp> statement::optional_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

uuid statement::uuid_at(int column) const { return parse_uuid(text(column)).value_or(uuid{}); }

std::string& statement::own_text(int index) {
  auto& text = prepared_.texts.at(static_cast<std::size_t>(index) - 1);
  text.clear();
  return text;
}

void statement::bind_own_text(int index) {
  bind_one(index, std::string_view(prepared_.texts[static_cast<std::size_t>(index) - 1]));
}

void statement::bind_one(int index, const uuid& value) {
  append_text(own_text(index), value);
  bind_own_text(index);
}

void statement::bind_one(int index, timestamp value) {
  append_text(own_text(index), value);
  bind_own_text(index);
}

void statement::bind_one(int index, const token_hash& value) {
  own_text(index) = to_hex(value);
  bind_own_text(index);
}

void statement::bind_one(int index, std::string_view value) {
  // A view without bytes may have a null pointer, which SQLite would take for NULL.
  const char* bytes = value.data() != nullptr ? value.data() : "";
  check(sqlite3_bind_text64(prepared_.handle, index, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void statement::bind_one(int index, byte_view value) {
  const char* bytes = value.bytes.data() != nullptr ? value.bytes.data() : "";
  check(sqlite3_bind_blob64(prepared_.handle, index, bytes, value.bytes.size(), SQLITE_STATIC));
}

void statement::bind_one(int index, std::int64_t value) { check(sqlite3_bind_int64(prepared_.handle, index, value)); }

void statement::bind_one(int index, std::nullopt_t) { check(sqlite3_bind_null(prepared_.handle, index)); }

sqlite_connection::sqlite_connection(const sqlite_options& options, sqlite_access access) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
  const int code = sqlite3_open_v2(options.path.c_str(), &handle, flags, vfs);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(handle, code);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  if (access == sqlite_access::examine) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    execute("PRAGMA query_only = ON");
    return;
  }
  require("PRAGMA journal_mode = WAL", "wal");
  execute("PRAGMA foreign_keys = ON");
  require("PRAGMA foreign_keys", "1");
  execute("PRAGMA temp_store = MEMORY");
  // The page cache stands for reads; mapping the file would turn a failing disk into a signal.
  execute("PRAGMA mmap_size = 0");
  if (access == sqlite_access::read) {
    set_up_reader(options);
  } else {
    set_up_writer(options);
  }
}

void sqlite_connection::set_up_reader(const sqlite_options& options) {
  set_cache(options.cache_bytes / 4);
  // Two connections that checkpoint at once can corrupt the log, so a reader does not even when it is the
  // last to close.
  execute("PRAGMA wal_autocheckpoint = 0");
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  execute("PRAGMA query_only = ON");
  add_lower_text(handle_.get());
}

/// SQLite takes negative numbers for KiB.
void sqlite_connection::set_cache(std::uint64_t bytes) {
  execute(fmt::format("PRAGMA cache_size = -{}", bytes / 1024).c_str());
}

void sqlite_connection::set_up_writer(const sqlite_options& options) {
  set_cache(options.cache_bytes);
  // FULL syncs the log at each commit: what was acknowledged survives a power cut.
  execute(options.durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
  require("PRAGMA synchronous", options.durable ? "2" : "0");
  execute(fmt::format("PRAGMA journal_size_limit = {}", options.wal_bytes).c_str());
  prepared_statement prepared(handle_.get(), "PRAGMA page_size");
  statement page_size(prepared);
  if (!page_size.step()) throw sqlite_error(SQLITE_CANTOPEN, "PRAGMA page_size did not answer");
  checkpoints_ =
      std::make_unique<sqlite_checkpoints>(handle_.get(), page_size.integer(0), options.wal_bytes, busy_timeout_ms);
}

statement sqlite_connection::use(const char* sql) {
  auto& kept = statements_[sql];
  if (!kept) kept = std::make_unique<prepared_statement>(handle_.get(), sql);
  return statement(*kept);
}

void sqlite_connection::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(handle_.get(), code);
}

void sqlite_connection::require(const char* pragma, std::string_view expected) {
  prepared_statement prepared(handle_.get(), pragma);
  statement asked(prepared);
  if (asked.step() && asked.text(0) == expected) return;
  throw sqlite_error(SQLITE_CANTOPEN, fmt::format("{} did not answer {}", pragma, expected));
}

void sqlite_connection::truncate_log() {
  sqlite3_busy_timeout(handle_.get(), tidy_timeout_ms);
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(handle_.get(), busy_timeout_ms);
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY) fail(handle_.get(), code);
}

read_snapshot::read_snapshot(sqlite_connection& connection) : connection_(connection) {
  connection_.use("BEGIN").run();
}

read_snapshot::~read_snapshot() {
  // A failing read may have ended the transaction itself; an error here has nobody to tell.
  try {
    if (connection_.in_transaction()) connection_.use("COMMIT").run();
  } catch (const sqlite_error& fault) {
    log_store_fault("ending a read", fault.what());
  }
}

}  // namespace parley
