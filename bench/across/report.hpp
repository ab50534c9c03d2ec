// A run's figures, for people, for programs, and as a page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "across/options.hpp"
#include "across/percentiles.hpp"
#include "report/report.hpp"

namespace parley::bench {

constexpr double across_goal = 1.5;

struct across_figures {
  double rate = 0;
  std::size_t messages = 0;  ///< Measured ones, each delivered once.
  percentiles delivery, ack, delay;
  std::optional<percentiles> hop, commit;              ///< Nothing: not measured.
  histogram_counts transactions;                       ///< Of the senders' node, in seconds; empty: not told.
  std::optional<double> node_cpu_us, database_cpu_us;  ///< For a delivery; of both nodes, of PostgreSQL.
  double tool_cpu_us = 0;
  double load_average = 0;               ///< Of the machine, over the last minute.
  std::string objection;                 ///< Why these are no figures; empty when they are.
  std::vector<named_latency> latencies;  ///< The same times, for the page.
  std::vector<load_part> course;

  /// p99 of the delivery / (p99 of a commit + p99 of a raw hop).
  [[nodiscard]] std::optional<double> ratio() const;
};

std::string to_text(const across_options& options, const across_figures& figures);
/// The page's part for this run: what was timed and the goal, or why there are no figures.
load_report to_report(const across_options& options, const across_figures& figures);
/// Of all runs.
std::string to_json(const across_options& options, const std::vector<across_figures>& runs);

}  // namespace parley::bench
