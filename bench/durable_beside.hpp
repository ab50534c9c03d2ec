// What durable sends are measured beside, each in a new database of its own with Parley's schema.
#pragma once

#include <cstdint>
#include <string>

#include "ceiling/ceiling.hpp"
#include "support/postgres_server.hpp"

namespace parley::bench {

/// Users who are each a member of one room, in turns, as the load has them.
struct members_shape {
  std::uint32_t rooms = 100;
  std::uint32_t senders = 1000;
};

/// A database of the server, dropped when destroyed; what was written before is checkpointed, so that it troubles
/// nobody who is measured next.
class postgres_database {
 public:
  explicit postgres_database(support::postgres_server& server);
  ~postgres_database();
  postgres_database(const postgres_database&) = delete;
  postgres_database& operator=(const postgres_database&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  /// Parley's schema, by the program itself, and the members.
  void fill(const std::string& parleyd, const members_shape& shape) const;

 private:
  support::postgres_server& server_;
  std::string url_;
};

/// A SQLite database in a temporary folder, with Parley's schema and the members; removed when destroyed.
class sqlite_file {
 public:
  sqlite_file(const std::string& parleyd, const members_shape& shape);
  ~sqlite_file();
  sqlite_file(const sqlite_file&) = delete;
  sqlite_file& operator=(const sqlite_file&) = delete;

  [[nodiscard]] std::string path() const { return folder_ + "/parley.db"; }

 private:
  std::string folder_;
};

struct pgbench_figures {
  double rows_per_second = 0;
  double latency_ms = 0;  ///< The mean: pgbench tells no percentiles.
  double rows = 0;
};
/// One INSERT and its commit a message, by 32 clients of pgbench.
pgbench_figures run_pgbench(const std::string& url, const members_shape& shape, double seconds);

}  // namespace parley::bench
