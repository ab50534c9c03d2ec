// Locks of somebody else, and who waits for them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "postgres_fixture.hpp"
#include "store/postgres_connection.hpp"

namespace parley::test {

/// Holds what it locked until it is destroyed or told to let go, on a connection of its own that may be idle for long.
class lock_holder {
 public:
  lock_holder(const std::string& url, room_id room) : lock_holder(url, std::vector{room}) {}
  lock_holder(const std::string& url, const std::vector<room_id>& rooms) : connection_(patient_options(url)) {
    connection_.run_script("SET idle_in_transaction_session_timeout = 0");
    connection_.query("BEGIN");
    for (const auto& room : rooms) {
      connection_.query("SELECT 1 FROM tb_room_position WHERE room_id = $1 FOR UPDATE", room);
    }
  }
  void hold_all_of(const std::string& table) { connection_.run_script("SELECT 1 FROM " + table + " FOR UPDATE"); }
  void hold_user(user_id user) {
    connection_.query("SELECT 1 FROM tb_users WHERE user_id = $1 FOR NO KEY UPDATE", user);
  }
  void hold_table(const std::string& table) {
    connection_.run_script("LOCK TABLE " + table + " IN SHARE MODE");  // read, but not written
  }
  void let_go() { connection_.query("ROLLBACK"); }

 private:
  postgres_connection connection_;
};

/// The processes of PostgreSQL that wait for a lock in that database on behalf of a client.
inline std::vector<std::string> waiting_backends(const std::string& url) {
  return support::run_sql(url,
                          "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                          " AND backend_type = 'client backend' AND datname = current_database()");
}

/// Whether anybody waits for a lock that the process `pid` holds.
inline bool somebody_waits_for(const std::string& url, const std::string& pid) {
  const auto sql =
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND " + pid + " = ANY (pg_blocking_pids(pid))";
  return !support::run_sql(url, sql).empty();
}

/// Until so many wait for a lock in that database; not for ever, so that a wrong case fails and does not hang.
inline void wait_for_waiters(const std::string& url, std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (waiting_backends(url).size() < count && std::chrono::steady_clock::now() < deadline) {
  }
}

}  // namespace parley::test
