// Text and JSON.
#include "load/report.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
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

boost::json::object object_of(const latency_histogram& h) {
  boost::json::object out{{"count", h.count()}, {"max_ms", h.max_ms()}};
  for (const auto share : shares) out[fmt::format("p{:g}_ms", share * 100)] = h.quantile_ms(share);
  return out;
}

boost::json::value number_or_null(const std::optional<double>& value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

boost::json::object object_of(const load_second& second) {
  return {{"at", second.at},
          {"sent", second.sent},
          {"acknowledged", second.acknowledged},
          {"delivered", second.delivered},
          {"refused", second.refused},
          {"p50_ms", second.p50_ms},
          {"p99_ms", second.p99_ms},
          {"max_ms", second.max_ms},
          {"cpu", number_or_null(second.cpu)},
          {"resident_mib", number_or_null(second.resident_mib)}};
}

}  // namespace

std::string to_text(const load_troubles& t) {
  return fmt::format("lost {}, repeated {}, reordered {}, never delivered {}, unanswered {}, refused {}", t.seqs.lost,
                     t.seqs.repeated, t.seqs.reordered, t.missing, t.unanswered, t.refused);
}

std::string to_text(const load_report& report) {
  const auto& t = report.troubles;
  std::string out = "\n";
  for (const auto& trial : report.trials) {
    out += fmt::format("  {:>9.0f} messages a second: {} {:.1f} ms, {}\n", trial.rate, report.level.name,
                       trial.measured_ms, trial.objection.empty() ? "held" : trial.objection);
  }
  if (!report.trials.empty()) {
    out += fmt::format("highest rate with {} of at most {:g} ms: {:.0f} messages a second\n", report.level.name,
                       report.level.limit_ms, report.highest_rate);
  }
  out += fmt::format("{}, {}: {}\n", report.title, report.server, to_text(t));
  if (!t.first_refusal.empty()) out += "  the first refusal: " + t.first_refusal + "\n";
  if (!t.broken.empty()) out += "  a connection ended: " + t.broken + "\n";
  if (!report.latencies.empty()) {
    out +=
        fmt::format("  {:<48}{:>10}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "count", "p50 ms", "p90", "p99", "p99.9", "max");
  }
  for (const auto& latency : report.latencies) out += line(latency);
  for (const auto& figure : report.figures) {
    out += fmt::format("  {:<48}{:>10.{}f} {}\n", figure.name, figure.value, figure.value < 100 ? 2 : 0, figure.unit);
  }
  return out;
}

std::string to_json(const load_report& report) {
  const auto& t = report.troubles;
  boost::json::object out{{"scenario", report.scenario}, {"title", report.title}, {"server", report.server}};
  for (const auto& [key, value] : report.options) out[key] = value;
  out["lost"] = t.seqs.lost;
  out["repeated"] = t.seqs.repeated;
  out["reordered"] = t.seqs.reordered;
  out["never_delivered"] = t.missing;
  out["unanswered"] = t.unanswered;
  out["refused"] = t.refused;
  for (const auto& latency : report.latencies) out[latency.key] = object_of(latency.times);
  for (const auto& figure : report.figures) out[figure.key] = figure.value;
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
  for (const auto& second : report.course) course.push_back(object_of(second));
  return boost::json::serialize(out) + "\n";
}

void tell(const load_report& report, const report_options& where) {
  std::fputs((where.json ? to_json(report) : to_text(report)).c_str(), stdout);
  if (where.page.empty()) return;
  std::ofstream file(where.page);
  file << to_html(report);
  if (!file.flush()) throw std::runtime_error("cannot write " + where.page);
  fmt::print(stderr, "{}\n", where.page);
}

}  // namespace parley::bench
