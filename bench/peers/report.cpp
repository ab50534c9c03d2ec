// Text and JSON.
#include "peers/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "peers/report_rows.hpp"

namespace parley::bench {
namespace {

constexpr int name_width = 24, word_width = 19, figure_width = 11, spread_width = 25;

boost::json::value to_value(const std::optional<spread>& values) {
  if (!values) return nullptr;
  return boost::json::object{{"min", values->least}, {"median", values->median}, {"max", values->greatest}};
}

boost::json::object to_object(const work_table& table, const peer_row& row) {
  boost::json::object out{
      {"name", row.name}, {"stored", row.stored}, {"acknowledged", row.acknowledged}, {"failure", row.failure}};
  for (const auto& column : figure_columns()) out[column.key] = to_value(spread_of(row.values(column.of)));
  boost::json::object ratios;
  for (const auto* ours : parleys_of(table))
    ratios[ours->name] = to_value(ratio_of(ours->values(total), row.values(total)));
  out["ratios"] = std::move(ratios);
  boost::json::array turns;
  for (const auto& value : row.values(total)) turns.push_back(value ? boost::json::value(*value) : nullptr);
  out["cpu_us_of_turns"] = std::move(turns);
  return out;
}

std::string table_text(const work_table& table) {
  auto out = fmt::format("\n{}: {}, {} B\n", table.work.name, table.work.title, table.work.size);
  out += fmt::format("{:<{}}{:<{}}{:<{}}", "", name_width, "stored", word_width, "answer", 8);
  for (const auto& column : figure_columns()) {
    out += fmt::format("{:>{}}", column.title, column.is_spread ? spread_width : figure_width);
  }
  for (const auto* ours : parleys_of(table)) out += fmt::format("{:>{}}", ours->name + " / it", spread_width);
  out += '\n';
  for (const auto& row : table.rows) {
    out += fmt::format("{:<{}}{:<{}}{:<{}}", row.title, name_width, row.stored, word_width, row.acknowledged, 8);
    for (const auto& column : figure_columns()) {
      out += fmt::format("{:>{}}", text_of(column, row), column.is_spread ? spread_width : figure_width);
    }
    for (const auto* ours : parleys_of(table)) out += fmt::format("{:>{}}", ratio_text(*ours, row), spread_width);
    if (!row.failure.empty()) out += "  failed: " + row.failure;
    out += '\n';
  }
  return out;
}

}  // namespace

bool peers_report::has_failures() const {
  return std::any_of(works.begin(), works.end(), [](const auto& table) {
    return std::any_of(table.rows.begin(), table.rows.end(),
                       [](const auto& row) { return !row.failure.empty() || (row.is_parley && row.has_lost()); });
  });
}

bool peer_row::has_lost() const {
  return std::any_of(turns.begin(), turns.end(),
                     [](const auto& turn) { return turn && turn->lost + turn->repeated + turn->reordered > 0; });
}

turn_values peer_row::values(const std::function<double(const peer_figures&)>& of) const {
  turn_values out;
  out.reserve(turns.size());
  for (const auto& figures : turns) out.push_back(figures ? std::optional(of(*figures)) : std::nullopt);
  return out;
}

latency_histogram peer_row::delivery() const {
  latency_histogram out;
  for (const auto& figures : turns)
    if (figures) out.merge(figures->delivery);
  return out;
}

std::string to_text(const peers_report& report) {
  auto out = fmt::format("{}\n{}\n{} turns of {:g} s; medians, and where there are three figures min, median, max\n",
                         report.machine, report.processors, report.runs, report.seconds);
  for (const auto& table : report.works) out += table_text(table);
  out += fmt::format("\n{}\n\n", explanation());
  for (const auto& [title, version] : report.versions) out += fmt::format("{:<{}}{}\n", title, name_width, version);
  for (const auto& [title, reason] : report.left_out)
    out += fmt::format("{:<{}}left out: {}\n", title, name_width, reason);
  return out;
}

std::string to_json(const peers_report& report) {
  boost::json::object out{{"machine", report.machine},
                          {"processors", report.processors},
                          {"runs", report.runs},
                          {"seconds", report.seconds}};
  boost::json::object versions, left_out;
  for (const auto& [title, version] : report.versions) versions[title] = version;
  for (const auto& [title, reason] : report.left_out) left_out[title] = reason;
  out["versions"] = std::move(versions);
  out["left_out"] = std::move(left_out);
  boost::json::array works;
  for (const auto& table : report.works) {
    boost::json::array rows;
    for (const auto& row : table.rows) rows.push_back(to_object(table, row));
    works.push_back(boost::json::object{{"name", table.work.name},
                                        {"rooms", table.work.rooms},
                                        {"members", table.work.members},
                                        {"outstanding", table.work.outstanding},
                                        {"size", table.work.size},
                                        {"peers", std::move(rows)}});
  }
  out["works"] = std::move(works);
  return boost::json::serialize(out) + "\n";
}

}  // namespace parley::bench
