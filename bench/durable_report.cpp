// Rows for a terminal, and tables for everything else.
#include "durable_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace parley::bench {
namespace {

report_cell cell_of(const std::optional<double>& value) { return value ? report_cell(*value) : report_cell(); }

}  // namespace

durable_ratio ratio_of(const durable_turns& turns, const std::string& name, const std::string& goal,
                       const std::function<double(const std::vector<durable_row>&)>& of_turn) {
  std::vector<double> ratios;
  for (const auto& turn : turns) ratios.push_back(of_turn(turn));
  std::sort(ratios.begin(), ratios.end());
  return {name, goal, ratios.front(), ratios[ratios.size() / 2], ratios.back()};
}

std::string head_of_rows() {
  return fmt::format("{:<22}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "rows/s", "p50 ms", "p99", "p99.9",
                     "commit", "CPU us", "database", "clients", "batch");
}

std::string to_text(const durable_row& row) {
  const auto figure = [](std::optional<double> value) { return value ? fmt::format("{:.2f}", *value) : "-"; };
  return fmt::format("{:<22}{:>9.0f}{:>9}{:>9}{:>9}{:>9}{:>9.2f}{:>9.2f}{:>9.2f}{:>9}\n", row.name, row.rows_per_second,
                     figure(row.p50_ms), figure(row.p99_ms), figure(row.p999_ms), figure(row.commit_ms), row.cpu_us,
                     row.database_cpu_us, row.load_cpu_us, figure(row.batch));
}

std::string to_text(const durable_ratio& ratio) {
  return fmt::format("{:<58} min {:.2f}, median {:.2f}, max {:.2f}; goal {}\n", ratio.name, ratio.min, ratio.median,
                     ratio.max, ratio.goal);
}

report_table durable_report::table_of_rows() const {
  report_table out{"rows",
                   "In each turn",
                   {{"name", ""},
                    {"turn", "turn"},
                    {"rows_per_second", "rows a second"},
                    {"p50_ms", "p50 ms"},
                    {"p99_ms", "p99"},
                    {"p999_ms", "p99.9"},
                    {"commit_ms", "commit ms"},
                    {"cpu_us", "CPU µs a row"},
                    {"database_cpu_us", "database"},
                    {"client_cpu_us", "clients"},
                    {"batch", "batch"}},
                   {}};
  for (std::size_t turn = 0; turn < turns_.size(); ++turn) {
    for (const auto& row : turns_[turn]) {
      out.rows.push_back({row.name, static_cast<double>(turn + 1), row.rows_per_second, cell_of(row.p50_ms),
                          cell_of(row.p99_ms), cell_of(row.p999_ms), cell_of(row.commit_ms), row.cpu_us,
                          row.database_cpu_us, row.load_cpu_us, cell_of(row.batch)});
    }
  }
  return out;
}

report_table durable_report::table_of_ratios() const {
  report_table out{"ratios",
                   "Taken within a turn",
                   {{"name", ""}, {"min", "min"}, {"median", "median"}, {"max", "max"}, {"goal", "goal"}},
                   {}};
  for (const auto& ratio : ratios_) out.rows.push_back({ratio.name, ratio.min, ratio.median, ratio.max, ratio.goal});
  return out;
}

std::vector<named_latency> durable_report::latencies() const {
  std::vector<named_latency> out;
  for (std::size_t i = 0; !turns_.empty() && i < turns_.front().size(); ++i) {
    const auto& name = turns_.front()[i].name;
    auto key = i == 0 ? std::string("ack") : name;
    std::replace(key.begin(), key.end(), ' ', '_');
    named_latency all{key, i == 0 ? "ack: from its send to the sender" : name + ": a transaction", {}};
    for (const auto& turn : turns_) all.times.merge(turn[i].times);
    if (all.times.count() > 0) out.push_back(std::move(all));
  }
  return out;
}

load_report durable_report::finish(const std::string& server,
                                   std::vector<std::pair<std::string, double>> options) const {
  load_report out;
  out.scenario = "durable";
  out.title = title_;
  out.server = server;
  out.options = std::move(options);
  // None of them is a refusal, which ends a run without a report.
  for (const auto& turn : turns_) out.troubles += turn.front().troubles;
  out.latencies = latencies();
  out.tables.push_back(table_of_rows());
  if (!ratios_.empty()) out.tables.push_back(table_of_ratios());
  if (!turns_.empty()) out.course = turns_.back().front().course;
  return out;
}

}  // namespace parley::bench
