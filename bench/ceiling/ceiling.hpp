// What the databases give without a server around them: one thread that stores messages in batches, by libpq and
// SQLite alone. Nothing of Parley is in here; its schema is in the database already, with users, rooms and members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace parley::bench {

struct ceiling_figures {
  double seconds = 0;
  std::uint64_t rows = 0;
  double client_cpu_seconds = 0;              ///< Of this thread.
  std::vector<std::int64_t> transactions_ns;  ///< Of each, from its begin to the commit's answer.
};

/// The same transaction as a batch of keyed sends in Parley: one call of store_sends() of its schema, which locks the
/// rooms in order of their ids, looks, and stores. All members send in turn. Throws std::runtime_error when something
/// is refused.
ceiling_figures run_postgres_ceiling(const std::string& url, std::size_t batch, double seconds);

/// One row with a transaction of its own, without locks and facts.
ceiling_figures run_postgres_single_inserts(const std::string& url, double seconds);

/// A prepared INSERT for each row, and a transaction around each batch; nothing else.
ceiling_figures run_sqlite_ceiling(const std::string& path, std::size_t batch, double seconds);

}  // namespace parley::bench
