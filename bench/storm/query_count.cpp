// An extension of PostgreSQL's contrib, and Prometheus' text format.
#include "storm/query_count.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "rest.hpp"
#include "support/postgres_server.hpp"

namespace parley::bench {

double calls_of(const std::vector<statement_count>& statements) {
  double calls = 0;
  for (const auto& each : statements) calls += static_cast<double>(each.calls);
  return calls;
}

query_count::query_count(const std::string& url) : url_(url) {
  support::run_sql(url_, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
}

void query_count::begin() const { support::run_sql(url_, "SELECT pg_stat_statements_reset()"); }

std::vector<statement_count> query_count::read() const {
  std::vector<statement_count> out;
  for (const auto& row :
       support::run_sql(url_,
                        "SELECT sum(calls) || ' ' || regexp_replace(query, '\\s+', ' ', 'g') FROM pg_stat_statements"
                        " WHERE query NOT LIKE '%pg_stat_statements%' GROUP BY query ORDER BY sum(calls) DESC")) {
    const auto space = row.find(' ');
    out.push_back({std::strtoull(row.c_str(), nullptr, 10), row.substr(space + 1)});
  }
  return out;
}

void add_counters(std::map<std::string, double>& sums, const std::string& metrics) {
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (line.starts_with('#') || space == std::string::npos || line.find('{') != std::string::npos) continue;
    sums[line.substr(0, space)] += std::strtod(line.c_str() + space, nullptr);
  }
}

std::map<std::string, double> sum_of_counters(const std::vector<support::target>& nodes) {
  std::map<std::string, double> sums;
  for (const auto& node : nodes) {
    const auto answer = call(node, {"GET", "/metrics", {}, {}});
    if (answer.status != 200) throw std::runtime_error("no metrics from a node");
    add_counters(sums, answer.body);
  }
  return sums;
}

}  // namespace parley::bench
