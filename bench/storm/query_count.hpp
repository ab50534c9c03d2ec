// What PostgreSQL and the nodes counted while something happened.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/client_socket.hpp"

namespace parley::bench {

struct statement_count {
  std::uint64_t calls = 0;
  std::string sql;  ///< On one line.
};

/// Of all of them.
double calls_of(const std::vector<statement_count>& statements);

/// pg_stat_statements, from its making on. Throws std::runtime_error when PostgreSQL has it not.
class query_count {
 public:
  explicit query_count(const std::string& url);
  /// Forgets what was before.
  void begin() const;
  /// By calls, most first, without what was asked here.
  [[nodiscard]] std::vector<statement_count> read() const;

 private:
  std::string url_;
};

/// The nodes' counters without labels, added up by name.
std::map<std::string, double> sum_of_counters(const std::vector<support::target>& nodes);
/// By name, from one text of metrics.
void add_counters(std::map<std::string, double>& sums, const std::string& metrics);

}  // namespace parley::bench
