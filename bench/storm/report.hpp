// What a storm has shown, for people, for programs, and as a page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/report.hpp"
#include "storm/query_count.hpp"
#include "storm/storm_load.hpp"

namespace parley::bench {

struct storm_findings {
  storm_load::tally tally;
  std::optional<int> exit_code;  ///< Of the node that was stopped; nothing when none was.
  // From the cut until the last one was back.
  std::vector<statement_count> statements;  ///< PostgreSQL's, most often first.
  double usual_statements = 0;              ///< What the messages alone take in that time.
  double ring_events = 0, tail_events = 0, store_events = 0, store_pages = 0;  ///< Replayed, by where they came from.
  double node_cpu = 0, database_cpu = 0, tool_cpu = 0;                         ///< In seconds.
  double load_average = 0;  ///< Of the machine, over the last minute.

  std::optional<double> statements_each;  ///< Of a client, besides; nothing where a node was stopped, or of few.

  /// Everybody came back and has every seq once; a node that was stopped told its clients and ended well; where none
  /// was, the store was not asked for events, and for no more than one thing a client.
  [[nodiscard]] bool is_good() const;
};

std::string to_text(const storm_options& options, const storm_findings& found);
load_report to_report(const storm_options& options, const storm_findings& found);

}  // namespace parley::bench
