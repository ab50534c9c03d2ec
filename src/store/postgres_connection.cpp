// Connecting, waiting with an end, and the pipeline.
#include "store/postgres_connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Seconds of silence before a dead peer is found out, however little the operating system cares.
constexpr const char* keepalive_idle_seconds = "5";
constexpr const char* keepalive_interval_seconds = "2";
constexpr const char* keepalive_count = "3";
/// The server ends a transaction whose client says nothing for so long between two round trips, and with it its locks.
constexpr std::int64_t idle_transaction_ms = 5'000;
/// A session ends as soon as it is told to, unless it is at the disk just then.
constexpr std::int64_t session_end_ms = 1'000;
constexpr std::chrono::seconds plan_age{60};
constexpr std::size_t copy_piece_bytes = 65'536;
/// The first with pg_terminate_backend() that waits.
constexpr int oldest_server = 140'000;
#define STARTED_AT_US "(extract(epoch FROM backend_start) * 1000000)::bigint"

std::string trimmed(const char* text) {
  std::string message(text != nullptr ? text : "");
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  for (auto& c : message) {
    if (c == '\n') c = ' ';
  }
  return message;
}

/// Only the message's first part: details may quote what was stored.
postgres_error fault_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr) return {"", trimmed(PQresultErrorMessage(result))};
  return {state, fmt::format("{} (SQLSTATE {})", primary != nullptr ? primary : "error", state)};
}

std::string random_suffix() {
  std::random_device dice;
  return fmt::format("{:08x}{:08x}", dice(), dice());
}

/// These end the connection whatever they answer: an administrator's command, a crash, a shutdown.
bool ends_the_connection(const std::string& sqlstate) {
  return sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" || sqlstate.starts_with("08");
}

}  // namespace

postgres_connection::postgres_connection(const postgres_options& options)
    : answer_(options.answer()), plans_end_(steady_clock::now() + plan_age) {
  const auto next_server = connect(options);
  try {
    set_up(options);
  } catch (const postgres_error& fault) {
    options.first_server->store(next_server);  // this one lets us in, and does not serve
    // Whatever the server refuses here, it is no fault of the statement that waits for the connection.
    throw postgres_error("", fault.what());
  }
}

std::size_t postgres_connection::connect(const postgres_options& options) {
  const auto end = steady_clock::now() + options.connect;
  auto servers = postgres_servers_of(options.url);
  const auto key_of = [](const auto& server) { return std::hash<std::string>{}(server.name); };
  const auto first = std::find_if(servers.begin(), servers.end(),
                                  [&](const auto& server) { return key_of(server) == options.first_server->load(); });
  if (first != servers.end()) std::rotate(servers.begin(), first, servers.end());
  std::string faults;
  std::size_t number = 0;
  for (;; ++number) {
    const auto& server = servers[number];
    const auto now = steady_clock::now();
    const auto share = (end - now) / static_cast<std::int64_t>(servers.size() - number);
    try {
      connect_to(server, options, now + share);
      break;
    } catch (const postgres_error& fault) {
      handle_.reset();
      if (servers.size() == 1) throw;
      faults += fmt::format("{}{}: {}", faults.empty() ? "" : "; ", server.name, fault.what());
      if (number + 1 == servers.size()) throw postgres_error("", faults);
    }
  }
  options.first_server->store(key_of(servers[number]));
  if (PQsetnonblocking(handle_.get(), 1) != 0) give_up("no non-blocking mode");
  PQsetNoticeReceiver(handle_.get(), &postgres_connection::take_notice, this);
  return key_of(servers[(number + 1) % servers.size()]);
}

void postgres_connection::connect_to(const postgres_server_address& server, const postgres_options& options,
                                     steady_clock::time_point end) {
  const auto user_timeout = std::to_string(options.answer().count());
  const auto name = fmt::format("parleyd {}", options.node_name);
  std::vector<const char*> keys{"fallback_application_name", "client_encoding",  "keepalives",      "keepalives_idle",
                                "keepalives_interval",       "keepalives_count", "tcp_user_timeout"};
  std::vector<const char*> values{
      name.c_str(),        "UTF8", "1", keepalive_idle_seconds, keepalive_interval_seconds, keepalive_count,
      user_timeout.c_str()};
  // What stands behind overrides what stands before.
  for (const auto& [key, value] : server.settings) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  const bool expands_a_url = server.name.empty();
  handle_.reset(PQconnectStartParams(keys.data(), values.data(), expands_a_url ? 1 : 0));
  if (!handle_) throw std::bad_alloc();
  for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK; next = PQconnectPoll(handle_.get())) {
    if (PQstatus(handle_.get()) == CONNECTION_BAD || next == PGRES_POLLING_FAILED) {
      throw postgres_error("", trimmed(PQerrorMessage(handle_.get())));
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    pollfd wanted{PQsocket(handle_.get()), static_cast<short>(next == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const int ready = left.count() > 0 ? poll(&wanted, 1, static_cast<int>(left.count())) : 0;
    if (ready == 0) throw postgres_error("", "the server does not answer");
    if (ready < 0 && errno != EINTR) throw postgres_error("", "waiting for the server failed");
  }
  if (PQserverVersion(handle_.get()) < oldest_server) throw postgres_error("", "PostgreSQL 14 or newer is needed");
}

/// When somebody cancels the wait for a synchronous standby, the server says that the commit has worked, and warns of
/// what that is worth. The warning's text is in the server's language, the function that it comes from is not.
void postgres_connection::take_notice(void* connection, const PGresult* notice) {
  const char* from = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
  if (from != nullptr && std::string_view(from) == "SyncRepWaitForLSN") {
    static_cast<postgres_connection*>(connection)->is_unconfirmed_ = true;
  }
  log::debug("postgres", "notice", "{}", trimmed(PQresultErrorMessage(notice)));
}

/// What an acknowledgement rests on is set here and checked, whatever the server's own configuration says.
void postgres_connection::set_up(const postgres_options& options) {
  const std::string commit = options.durable ? "on" : "off";
  const auto set = query(
      "SELECT set_config('synchronous_commit', $1, false), current_setting('fsync'), pg_backend_pid(),"
      " (SELECT " STARTED_AT_US
      " FROM pg_stat_activity WHERE pid = pg_backend_pid()),"
      " set_config('application_name', left(current_setting('application_name'), 46) || ' ' || $8, false),"
      " set_config('statement_timeout', $2, false), set_config('lock_timeout', $3, false),"
      " set_config('idle_in_transaction_session_timeout', $4, false), set_config('idle_session_timeout', '0', false),"
      " set_config('default_transaction_isolation', 'read committed', false),"
      // For take_notice().
      " set_config('client_min_messages', 'warning', false),"
      // Plans that were made while a table was small, or without statistics, must still be right when it is large: by
      // index, row by row, and not all that fits before the first row of it, as a bitmap does: a LIMIT ends nothing
      // there. Every statement has an index.
      " set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),"
      " set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),"
      " set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false),"
      // The server's own care, so that it soon lets go of the locks of a node that has gone dark in mid-sentence.
      " set_config('tcp_keepalives_idle', $5, false), set_config('tcp_keepalives_interval', $6, false),"
      " set_config('tcp_keepalives_count', $7, false)",
      commit, std::to_string(options.statement.count()), std::to_string(options.lock.count()),
      std::to_string(idle_transaction_ms), keepalive_idle_seconds, keepalive_interval_seconds, keepalive_count,
      random_suffix());
  const auto row = set[0];
  if (row.text(0) != commit) throw postgres_error("55000", "synchronous_commit cannot be set");
  if (row.text(1) != "on") {
    log::warn("postgres", "fsync_off", "The server runs with fsync = off: what is acknowledged may be lost.");
  }
  // Of another role's session the server hides when it began: then nobody could end it, or tell that it is gone.
  if (row.is_null(3)) throw postgres_error("55000", "the role does not see its own session in pg_stat_activity");
  session_ = {row.integer(2), row.integer(3), std::string(row.text(4))};
}

void postgres_connection::end_session(const postgres_session& lost) {
  const auto ended = query(
      "SELECT CASE WHEN wait_event IS DISTINCT FROM 'SyncRep' THEN pg_terminate_backend(pid, $4) END"
      " FROM pg_stat_activity WHERE pid = $1 AND " STARTED_AT_US " = $2 AND application_name = $3",
      lost.process_id, lost.started_at_us, lost.name, session_end_ms);
  if (ended.empty()) return;
  if (ended[0].is_null(0)) throw standby_is_missing();
  if (ended[0].integer(0) == 0) {
    throw postgres_error("", "the session of a lost connection does not end");
  }
}
#undef STARTED_AT_US

void postgres_connection::run_script(const std::string& sql) {
  is_bounded_ = false;
  if (PQsendQuery(handle_.get(), sql.c_str()) != 1) give_up(trimmed(PQerrorMessage(handle_.get())));
  send_rest();
  std::optional<postgres_error> fault;
  while (PGresult* result = next_result()) {
    const auto owned = std::unique_ptr<PGresult, decltype(&PQclear)>(result, &PQclear);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR && !fault) fault = fault_of(result);
  }
  is_bounded_ = true;
  if (fault) throw postgres_error(*fault);
}

void postgres_connection::copy(const char* sql, std::initializer_list<std::string_view> data) {
  PGconn* handle = handle_.get();
  if (PQsendQuery(handle, sql) != 1) give_up(trimmed(PQerrorMessage(handle)));
  send_rest();
  std::optional<postgres_error> fault;
  while (PGresult* result = next_result()) {
    const auto owned = std::unique_ptr<PGresult, decltype(&PQclear)>(result, &PQclear);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR && !fault) fault = fault_of(result);
    if (PQresultStatus(result) != PGRES_COPY_IN) continue;
    for (const auto piece : data) put(piece);
    if (PQputCopyEnd(handle, nullptr) != 1) give_up(trimmed(PQerrorMessage(handle)));
    send_rest();
  }
  if (!is_usable()) give_up(fault ? fault->what() : "the connection is lost");
  if (!fault) return;
  if (ends_the_connection(fault->sqlstate())) give_up(fault->what());
  throw postgres_error(*fault);
}

/// Bit by bit, so that the server begins while the rest still leaves, and libpq holds no second copy of all.
void postgres_connection::put(std::string_view data) {
  while (!data.empty()) {
    const auto piece = data.substr(0, copy_piece_bytes);
    // Not blocking, it takes what it gets, or has no memory.
    if (PQputCopyData(handle_.get(), piece.data(), static_cast<int>(piece.size())) != 1) {
      give_up(trimmed(PQerrorMessage(handle_.get())));
    }
    send_rest();
    data.remove_prefix(piece.size());
  }
}

void postgres_connection::renew_plans() {
  if (in_transaction() || steady_clock::now() < plans_end_) return;
  plans_end_ = steady_clock::now() + plan_age;
  query("DISCARD PLANS");
}

void postgres_connection::wait(bool for_input) {
  pollfd wanted{PQsocket(handle_.get()), static_cast<short>(for_input ? POLLIN : POLLIN | POLLOUT), 0};
  for (;;) {
    const int ready = poll(&wanted, 1, is_bounded_ ? static_cast<int>(answer_.count()) : -1);
    if (ready > 0) break;
    if (ready == 0) give_up("the server does not answer");
    if (errno != EINTR) give_up("waiting for the server failed");
  }
  if ((wanted.revents & ~POLLOUT) != 0 && PQconsumeInput(handle_.get()) != 1) {
    give_up(trimmed(PQerrorMessage(handle_.get())));
  }
}

void postgres_connection::send_rest() {
  for (;;) {
    const int left = PQflush(handle_.get());
    if (left == 0) return;
    if (left < 0) give_up(trimmed(PQerrorMessage(handle_.get())));
    wait(false);
  }
}

PGresult* postgres_connection::next_result() {
  while (PQisBusy(handle_.get()) == 1) {
    // Behind TLS the library may hold what the socket does not show any more: the rest of a record.
    if (PQconsumeInput(handle_.get()) != 1) give_up(trimmed(PQerrorMessage(handle_.get())));
    if (PQisBusy(handle_.get()) == 0) break;
    wait(true);
  }
  return PQgetResult(handle_.get());
}

/// Closes the connection, since nobody knows any more what it will say next.
void postgres_connection::give_up(const std::string& why) {
  handle_.reset();
  throw postgres_error("", why);
}

postgres_round_trip::postgres_round_trip(postgres_connection& connection) : connection_(connection) {
  if (!connection_.is_usable()) throw postgres_error("", "the connection is lost");
  connection_.renew_plans();
  if (PQenterPipelineMode(connection_.handle_.get()) != 1) connection_.give_up("no pipeline mode");
}

postgres_round_trip::~postgres_round_trip() {
  if (!is_done_) connection_.handle_.reset();
}

std::size_t postgres_round_trip::add(const char* sql, int count, const std::uint32_t* types, const char* const* values,
                                     const int* lengths, const int* formats) {
  PGconn* handle = connection_.handle_.get();
  auto known = connection_.prepared_.find(sql);
  const std::string* name = known != connection_.prepared_.end() ? &known->second : nullptr;
  if (name == nullptr) {
    const auto [made, is_new] =
        preparing_.try_emplace(sql, fmt::format("s{}", connection_.prepared_.size() + preparing_.size() + 1));
    name = &made->second;
    if (is_new) {
      if (PQsendPrepare(handle, name->c_str(), sql, count, types) != 1)
        connection_.give_up(trimmed(PQerrorMessage(handle)));
      sent_.push_back({sql, true});
    }
  }
  if (PQsendQueryPrepared(handle, name->c_str(), count, values, lengths, formats, 1) != 1) {
    connection_.give_up(trimmed(PQerrorMessage(handle)));
  }
  sent_.push_back({sql, false});
  return results_++;
}

std::vector<postgres_rows> postgres_round_trip::run() {
  PGconn* handle = connection_.handle_.get();
  if (PQpipelineSync(handle) != 1) connection_.give_up(trimmed(PQerrorMessage(handle)));
  connection_.send_rest();
  std::vector<postgres_rows> results;
  results.reserve(results_);
  std::optional<postgres_error> fault;
  for (const sent& what : sent_) take_result(what, results, fault);
  PQclear(connection_.next_result());  // the sync's own
  if (!connection_.is_usable() || PQexitPipelineMode(handle) != 1) connection_.give_up("the connection is lost");
  is_done_ = true;
  if (connection_.is_unconfirmed_) connection_.give_up("somebody cancelled a commit's wait for a synchronous standby");
  if (!fault) return results;
  if (ends_the_connection(fault->sqlstate())) connection_.give_up(fault->what());
  throw postgres_error(*fault);
}

void postgres_round_trip::take_result(const sent& what, std::vector<postgres_rows>& results,
                                      std::optional<postgres_error>& fault) {
  postgres_rows rows(connection_.next_result());
  PGresult* result = rows.get();
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      if (what.prepares) {
        connection_.prepared_.emplace(what.sql, std::move(preparing_.at(what.sql)));
      } else {
        results.push_back(std::move(rows));
      }
      break;
    case PGRES_PIPELINE_ABORTED:
      break;  // behind an error
    default:
      if (result == nullptr || !connection_.is_usable())
        connection_.give_up(trimmed(PQerrorMessage(connection_.handle_.get())));
      if (!fault) fault = fault_of(result);
  }
  // A null ends each statement's results.
  while (PGresult* more = connection_.next_result()) PQclear(more);
}

}  // namespace parley
