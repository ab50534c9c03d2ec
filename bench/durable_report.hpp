// What durable sends have shown, beside what: a row for each in each turn, and the ratios.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/report.hpp"

namespace parley::bench {

struct durable_row {
  std::string name;
  double rows_per_second = 0;
  std::optional<double> p50_ms, p99_ms, p999_ms;
  double cpu_us = 0;           ///< A row: parleyd, or the thread that stands in its place.
  double database_cpu_us = 0;  ///< A row: PostgreSQL.
  std::optional<double> batch, commit_ms;
  double load_cpu_us = 0;         ///< A row: parley-bench, when it is the clients.
  latency_histogram times;        ///< Those of the percentiles; empty without.
  std::vector<load_part> course;  ///< Of parleyd.
  load_troubles troubles;         ///< Of parleyd.
};
/// In each turn the same, in the same order; the first is parleyd.
using durable_turns = std::vector<std::vector<durable_row>>;

struct durable_ratio {
  std::string name;
  std::string goal;
  double min = 0, median = 0, max = 0;
};
/// Each ratio is taken within one turn, since the machine's speed drifts between them.
durable_ratio ratio_of(const durable_turns& turns, const std::string& name, const std::string& goal,
                       const std::function<double(const std::vector<durable_row>&)>& of_turn);

// Each a line.
std::string head_of_rows();
std::string to_text(const durable_row& row);
std::string to_text(const durable_ratio& ratio);

class durable_report {
 public:
  explicit durable_report(std::string title) : title_(std::move(title)) {}

  void add(std::vector<durable_row> turn) { turns_.push_back(std::move(turn)); }
  void add(const durable_ratio& ratio) { ratios_.push_back(ratio); }
  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] const durable_turns& turns() const { return turns_; }
  /// With the course of the last turn; latencies are those of all turns.
  [[nodiscard]] load_report finish(const std::string& server,
                                   std::vector<std::pair<std::string, double>> options) const;

 private:
  [[nodiscard]] report_table table_of_rows() const;
  [[nodiscard]] report_table table_of_ratios() const;
  [[nodiscard]] std::vector<named_latency> latencies() const;

  std::string title_;
  durable_turns turns_;
  std::vector<durable_ratio> ratios_;
};

}  // namespace parley::bench
