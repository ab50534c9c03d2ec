// A connection to PostgreSQL that never waits for ever: statements stay prepared, several travel in one round trip
// (libpq's pipeline mode), and each wait has an end.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/control_log.hpp"
#include "store/postgres_error.hpp"
#include "store/postgres_hosts.hpp"
#include "store/postgres_rows.hpp"
#include "store/postgres_values.hpp"

namespace parley {

/// How connections are made and how long each step may take.
struct postgres_options {
  std::string url;        ///< postgresql://…, as libpq reads it. May hold a password: never in a log.
  std::string node_name;  ///< Shown in pg_stat_activity.
  bool durable = true;    ///< False: synchronous_commit = off, as a control that must lose what was acknowledged.
  /// Set where there are other nodes: what concerns users goes into the control log. Outlives what is opened by it.
  const node_identity* node = nullptr;
  std::chrono::milliseconds connect{3'000};
  std::chrono::milliseconds statement{5'000};
  std::chrono::milliseconds lock{3'000};
  /// For a room that another transaction has, before its commands are handed back as busy: meanwhile all rooms of the
  /// writer wait. None: as for any lock.
  std::optional<std::chrono::milliseconds> busy_room{};
  /// Of several servers in the URL the one that served last, by the hash of its name, since their order may change:
  /// tried first by all that share these options, so that they stay together, and wait for one that is silent only
  /// once.
  std::shared_ptr<std::atomic<std::size_t>> first_server = std::make_shared<std::atomic<std::size_t>>(0);
  std::chrono::milliseconds under_way{1'000};  ///< For the server's word that it has ended a statement.
  /// How long an answer may be late before the connection is given up: the server ends its statement before that.
  [[nodiscard]] std::chrono::milliseconds answer() const { return statement + under_way; }
};

/// A connection's other end: the server's process that serves it, by which another connection can end it.
struct postgres_session {
  std::int64_t process_id = 0;
  std::int64_t started_at_us = 0;  ///< Microseconds since 1970: process ids come again.
  std::string name;                ///< Its application_name, with a random part: a pooler gives a session to others.
};

/// Belongs to one thread at a time. Functions throw postgres_error.
class postgres_connection {
 public:
  /// Connects, sets the session up and checks that it took; see set_up().
  explicit postgres_connection(const postgres_options& options);
  postgres_connection(const postgres_connection&) = delete;
  postgres_connection& operator=(const postgres_connection&) = delete;

  /// One statement, one round trip. The SQL must be a literal: statements are kept by its address. Outside a
  /// transaction it is one of its own.
  template <class... Values>
  postgres_rows query(const char* sql, const Values&... values);
  /// Several statements without parameters and rows, as in a migration; without a bound in time.
  void run_script(const std::string& sql);
  /// `sql`: COPY … FROM STDIN; `data`: what it takes, one piece after the other.
  void copy(const char* sql, std::initializer_list<std::string_view> data);

  [[nodiscard]] const postgres_session& session() const { return session_; }
  /// Ends the session of a connection that was lost, if it is still there, and waits until it is gone: whatever it was
  /// about to do is done or never will be, and its locks are free. Throws when it does not go, or may not
  /// (standby_is_missing): a commit that waits for a synchronous standby would be shown to everybody without being
  /// there.
  void end_session(const postgres_session& lost);

  [[nodiscard]] bool is_usable() const { return PQstatus(handle_.get()) == CONNECTION_OK; }
  [[nodiscard]] bool in_transaction() const { return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE; }

 private:
  friend class postgres_round_trip;

  /// To one of the URL's servers, each of which gets its share of the time. The hash of the next one's name.
  std::size_t connect(const postgres_options& options);
  void connect_to(const postgres_server_address& server, const postgres_options& options,
                  std::chrono::steady_clock::time_point end);
  void set_up(const postgres_options& options);
  static void take_notice(void* connection, const PGresult* notice);
  /// Until the socket can be read (or what waits to be written has left); throws when it takes longer than answer().
  void wait(bool for_input);
  void send_rest();
  void put(std::string_view data);
  PGresult* next_result();
  /// Has the server plan its statements anew from time to time: what it planned while a table was almost empty may walk
  /// through the whole of it.
  void renew_plans();
  [[noreturn]] void give_up(const std::string& why);

  struct finish {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  std::chrono::milliseconds answer_;
  bool is_bounded_ = true;
  bool is_unconfirmed_ = false;  ///< A commit was said to have worked without the standby.
  postgres_session session_;
  std::chrono::steady_clock::time_point plans_end_;
  std::unique_ptr<PGconn, finish> handle_;
  boost::unordered_flat_map<const void*, std::string> prepared_;  ///< Their names.
};

/// Statements that are sent one after another without waiting in between, and their answers: one round trip however
/// many they are. Without BEGIN among them they are one transaction.
class postgres_round_trip {
 public:
  explicit postgres_round_trip(postgres_connection& connection);
  /// What was added but not run leaves the connection unusable.
  ~postgres_round_trip();
  postgres_round_trip(const postgres_round_trip&) = delete;
  postgres_round_trip& operator=(const postgres_round_trip&) = delete;

  /// Sends it. Its place among the results.
  template <class... Values>
  std::size_t add(const char* sql, const Values&... values) {
    const postgres_parameters<sizeof...(Values)> parameters(values...);
    return add(sql, static_cast<int>(sizeof...(Values)), parameters.types.data(), parameters.values.data(),
               parameters.lengths.data(), parameters.formats.data());
  }
  /// Waits for all. Throws the first error; what stands behind it was not run.
  std::vector<postgres_rows> run();

 private:
  struct sent {
    const char* sql;
    bool prepares;  ///< It makes the statement; the use of it comes next.
  };

  std::size_t add(const char* sql, int count, const std::uint32_t* types, const char* const* values, const int* lengths,
                  const int* formats);
  void take_result(const sent& what, std::vector<postgres_rows>& results, std::optional<postgres_error>& fault);

  postgres_connection& connection_;
  std::vector<sent> sent_;
  boost::unordered_flat_map<const void*, std::string> preparing_;
  std::size_t results_ = 0;
  bool is_done_ = false;
};

template <class... Values>
postgres_rows postgres_connection::query(const char* sql, const Values&... values) {
  postgres_round_trip trip(*this);
  trip.add(sql, values...);
  return std::move(trip.run().front());
}

}  // namespace parley
