// The plans that a PostgreSQL server really ran, with what each step of them met, as auto_explain writes them down.
#pragma once

#include <string>
#include <vector>

#include "support/postgres_server.hpp"

namespace parley::test {

/// One node of a plan. It reads a table when it is a scan, and then `relation` or, below a bitmap, only `index` is set.
struct plan_step {
  std::string type;  ///< "Index Scan", "Sort" and so on.
  std::string relation;
  std::string index;
  bool has_index_condition = false;
  bool sorts_whole_log = false;  ///< A sort of rows of a room's log that nothing below it has limited.
  double visited = 0;            ///< Rows that a scan looked at, fitting or not; a look-up in vain counts as one.
};

struct ran_plan {
  std::string sql;
  std::vector<plan_step> steps;
  double blocks = 0;  ///< Of tables and indexes, each as often as it was touched.
  [[nodiscard]] double visited() const;
};

/// What such a server is started with. All is in place, but only connections of a recorded_url() are recorded.
std::vector<std::string> plan_log_options();
std::string recorded_url(const std::string& url);

/// What connections of that application_name have run so far, also on behalf of foreign keys.
std::vector<ran_plan> plans_run_by(const support::postgres_server& server, const std::string& application_name);

/// For messages.
std::string describe(const ran_plan& plan);

}  // namespace parley::test
