// Text and JSON.
#include "report/report.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace parley::bench {
namespace {

constexpr double shares[] = {0.5, 0.9, 0.99, 0.999};

std::string line(const named_latency& latency) {
  const auto& h = latency.times;
  return fmt::format("  {:<48}{:>10}{:>9.2f}{:>9.2f}{:>9.2f}{:>9.2f}{:>9.2f}\n", latency.name, h.count(),
                     h.quantile_ms(0.5), h.quantile_ms(0.9), h.quantile_ms(0.99), h.quantile_ms(0.999), h.max_ms());
}

std::string text_of(const report_table& table) {
  std::string out = "  " + table.name + "\n ";
  for (const auto& column : table.columns) out += fmt::format(" {:>14}", column.name);
  for (const auto& row : table.rows) {
    out += "\n ";
    for (const auto& cell : row) out += fmt::format(" {:>14}", to_text(cell));
  }
  return out + "\n";
}

boost::json::object object_of(const latency_histogram& h) {
  boost::json::object out{{"count", h.count()}, {"max_ms", h.max_ms()}};
  for (const auto share : shares) out[fmt::format("p{:g}_ms", share * 100)] = h.quantile_ms(share);
  return out;
}

boost::json::value number_or_null(const std::optional<double>& value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

boost::json::object object_of(const load_part& part) {
  return {{"at", part.at},
          {"length", part.length},
          {"sent", part.sent},
          {"acknowledged", part.acknowledged},
          {"delivered", part.delivered},
          {"refused", part.refused},
          {"amiss", part.amiss ? boost::json::value(*part.amiss) : boost::json::value(nullptr)},
          {"p50_ms", part.p50_ms},
          {"p99_ms", part.p99_ms},
          {"max_ms", part.max_ms},
          {"cpu", number_or_null(part.cpu)},
          {"resident_mib", number_or_null(part.resident_mib)}};
}

boost::json::value value_of(const report_cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* text = std::get_if<std::string>(&cell)) return boost::json::value(*text);
  return nullptr;
}

boost::json::array array_of(const report_table& table) {
  boost::json::array out;
  for (const auto& row : table.rows) {
    boost::json::object told;
    for (std::size_t i = 0; i < row.size(); ++i) told[table.columns[i].key] = value_of(row[i]);
    out.push_back(std::move(told));
  }
  return out;
}

boost::json::object object_of(const load_troubles& t) {
  return {{"lost", t.seqs.lost},          {"repeated", t.seqs.repeated}, {"reordered", t.seqs.reordered},
          {"never_delivered", t.missing}, {"unanswered", t.unanswered},  {"refused", t.refused}};
}

std::string judgement(const load_report& report) {
  return report.verdict ? report.verdict->text : to_text(report.troubles);
}

boost::json::object object_of(const load_report& report) {
  boost::json::object out{{"scenario", report.scenario}, {"title", report.title}, {"server", report.server}};
  for (const auto& [key, value] : report.options) out[key] = value;
  if (report.verdict) {
    out["verdict"] = report.verdict->text;
    out["good"] = report.verdict->is_good;
  } else {
    for (const auto& [key, value] : object_of(report.troubles)) out[key] = value;
  }
  for (const auto& latency : report.latencies) out[latency.key] = object_of(latency.times);
  for (const auto& figure : report.figures) out[figure.key] = figure.value;
  for (const auto& table : report.tables) out[table.key] = array_of(table);
  if (!report.trials.empty()) {
    out["slo"] = fmt::format("{}={:g}ms", report.level.name, report.level.limit_ms);
    out["highest_rate"] = report.highest_rate;
    auto& trials = out["trials"].emplace_array();
    for (const auto& trial : report.trials) {
      trials.push_back(boost::json::object{{"rate", trial.rate},
                                           {"measured_ms", trial.measured_ms},
                                           {"held", trial.objection.empty()},
                                           {"objection", trial.objection}});
    }
  }
  auto& course = out["course"].emplace_array();
  for (const auto& part : report.course) course.push_back(object_of(part));
  return out;
}

}  // namespace

load_troubles& load_troubles::operator+=(const load_troubles& other) {
  seqs.lost += other.seqs.lost;
  seqs.repeated += other.seqs.repeated;
  seqs.reordered += other.seqs.reordered;
  missing += other.missing;
  unanswered += other.unanswered;
  refused += other.refused;
  if (first_refusal.empty()) first_refusal = other.first_refusal;
  if (broken.empty()) broken = other.broken;
  return *this;
}

std::string to_text(const report_cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  const auto* number = std::get_if<double>(&cell);
  if (number == nullptr) return "-";
  return fmt::format("{:.{}f}", *number, *number < 100 && std::trunc(*number) != *number ? 2 : 0);
}

std::string to_text(const load_troubles& t) {
  return fmt::format("lost {}, repeated {}, reordered {}, never delivered {}, unanswered {}, refused {}", t.seqs.lost,
                     t.seqs.repeated, t.seqs.reordered, t.missing, t.unanswered, t.refused);
}

std::string to_text(const load_report& report) {
  const auto& t = report.troubles;
  std::string out = "\n";
  for (const auto& trial : report.trials) {
    out += fmt::format("  {:>9.0f} {} a second: {} {:.1f} ms, {}\n", trial.rate, report.rated, report.level.name,
                       trial.measured_ms, trial.objection.empty() ? "held" : trial.objection);
  }
  if (!report.trials.empty()) {
    out += fmt::format("highest rate with {} of at most {:g} ms: {:.0f} {} a second\n", report.level.name,
                       report.level.limit_ms, report.highest_rate, report.rated);
  }
  out += fmt::format("{}, {}: {}\n", report.title, report.server, judgement(report));
  if (!t.first_refusal.empty()) out += "  the first refusal: " + t.first_refusal + "\n";
  if (!t.broken.empty()) out += "  a connection ended: " + t.broken + "\n";
  if (!report.latencies.empty()) {
    out +=
        fmt::format("  {:<48}{:>10}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "count", "p50 ms", "p90", "p99", "p99.9", "max");
  }
  for (const auto& latency : report.latencies) out += line(latency);
  for (const auto& figure : report.figures) {
    out += fmt::format("  {:<48}{:>10} {}\n", figure.name, to_text(report_cell(figure.value)), figure.unit);
  }
  for (const auto& table : report.tables) out += text_of(table);
  return out;
}

std::string to_json(const load_report& report) { return boost::json::serialize(object_of(report)) + "\n"; }

std::string to_json(const std::vector<load_report>& reports) {
  if (reports.size() == 1) return to_json(reports.front());
  boost::json::object out;
  auto& runs = out["runs"].emplace_array();
  for (const auto& report : reports) runs.push_back(object_of(report));
  return boost::json::serialize(out) + "\n";
}

void tell(const load_report& report, const report_options& where) {
  std::fputs((where.json ? to_json(report) : to_text(report)).c_str(), stdout);
  write_page({report}, where.page);
}

void write_page(const std::vector<load_report>& reports, const std::string& file) {
  if (file.empty()) return;
  std::ofstream out(file);
  out << to_html(reports);
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
  fmt::print(stderr, "{}\n", file);
}

}  // namespace parley::bench
