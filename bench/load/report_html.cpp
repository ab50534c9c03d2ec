// The report as a page: figures in tables, the course as plots.
#include <fmt/format.h>

#include <cmath>

#include "load/plot.hpp"
#include "load/report.hpp"

namespace parley::bench {
namespace {

constexpr const char* style =
    R"(body{font:15px/1.5 system-ui,sans-serif;max-width:780px;margin:2rem auto;padding:0 1rem;color:#1d2330;background:#fff}
h1{font-size:1.4rem}table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #d9dde5}
td:first-child,th:first-child{text-align:left}svg{width:100%;margin:.6rem 0}svg text{font:11px system-ui,sans-serif;fill:currentColor}
svg .title{font-weight:600;font-size:13px}.grid{stroke:#d9dde5;stroke-width:1}.bad{color:#b42318}
@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14171d}td,th{border-color:#343a46}.grid{stroke:#343a46}.bad{color:#ff8a80}})";

constexpr const char* blue = "#2f6fde";
constexpr const char* orange = "#d9730d";
constexpr const char* red = "#c4314b";
constexpr const char* green = "#2a8f4e";

std::string row(const char* name, const latency_histogram& h) {
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td></tr>\n",
      name, h.count(), h.quantile_ms(0.5), h.quantile_ms(0.9), h.quantile_ms(0.99), h.quantile_ms(0.999), h.max_ms());
}

template <class Read>
plot_line line_of(const char* name, const char* colour, const std::vector<load_second>& course, Read read) {
  plot_line line{name, colour, {}};
  for (const auto& second : course) line.points.emplace_back(second.at, read(second));
  return line;
}

/// Percentiles on an axis on which each further nine takes as much room.
plot_line curve_of(const char* name, const char* colour, const latency_histogram& h) {
  constexpr double greatest = 5;
  plot_line line{name, colour, {}};
  for (const auto& [ms, share] : h.curve()) {
    line.points.emplace_back(std::min(greatest, share < 1 ? -std::log10(1 - share) : greatest), ms);
  }
  return line;
}

std::string trials(const load_report& report) {
  if (report.trials.empty()) return {};
  auto out = fmt::format("<p>Highest rate with {} of at most {:g} ms: <strong>{:.0f} messages a second</strong>.</p>\n",
                         report.options.level.name, report.options.level.limit_ms, report.highest_rate);
  out += fmt::format("<table><tr><th>messages a second</th><th>{} ms</th><th></th></tr>\n", report.options.level.name);
  for (const auto& trial : report.trials) {
    out +=
        fmt::format("<tr><td>{:.0f}</td><td>{:.2f}</td><td>{}</td></tr>\n", trial.rate, trial.measured_ms,
                    trial.objection.empty() ? "held" : "<span class='bad'>" + escape_html(trial.objection) + "</span>");
  }
  return out + "</table>\n";
}

std::string plots(const load_figures& f) {
  auto out = to_svg({"Latency of deliveries",
                     "seconds",
                     "ms",
                     {line_of("p50", blue, f.course, [](const auto& s) { return s.p50_ms; }),
                      line_of("p99", orange, f.course, [](const auto& s) { return s.p99_ms; }),
                      line_of("longest", red, f.course, [](const auto& s) { return s.max_ms; })}});
  out += to_svg({"Percentiles",
                 "share of all that took no longer",
                 "ms",
                 {curve_of("delivery", blue, f.delivery), curve_of("ack", green, f.ack)},
                 {{0, "0"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}, {5, "100 %"}}});
  out += to_svg({"Throughput",
                 "seconds",
                 "a second",
                 {line_of("sent", blue, f.course, [](const auto& s) { return static_cast<double>(s.sent); }),
                  line_of("delivered", green, f.course, [](const auto& s) { return static_cast<double>(s.delivered); }),
                  line_of("refused", red, f.course, [](const auto& s) { return static_cast<double>(s.refused); })}});
  out += to_svg({"The server's processor", "seconds", "cores", {line_of("busy", orange, f.course, [](const auto& s) {
                   return s.cpu.value_or(0);
                 })}});
  out += to_svg({"The server's memory", "seconds", "MiB", {line_of("resident", blue, f.course, [](const auto& s) {
                   return s.resident_mib.value_or(0);
                 })}});
  return out;
}

}  // namespace

std::string to_html(const load_report& report) {
  const auto& f = report.figures;
  auto out = fmt::format(
      "<!doctype html>\n<html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
      "<title>parley-bench latency</title>\n<style>{}</style>\n<h1>{:.0f} messages a second over {} rooms of {}</h1>\n",
      style, f.rate, report.options.rooms, report.options.members);
  out += fmt::format(
      "<p>{}; {} B of content; {:.0f} s measured. Messages go out by a schedule; each latency counts from when its "
      "message was due.</p>\n",
      escape_html(report.server), report.options.size, f.seconds);
  out += trials(report);
  out +=
      "<table><tr><th></th><th>count</th><th>p50 ms</th><th>p90</th><th>p99</th><th>p99.9</th><th>longest</th></tr>\n";
  out += row("delivery: from its time to a receiver", f.delivery);
  out += row("ack: from its time to the sender", f.ack);
  out += row("send: after its time (the tool's own delay)", f.delay);
  out += "</table>\n";
  out += fmt::format("<p{}>Lost {}, repeated {}, reordered {}, never delivered {}, unanswered {}, refused {}.</p>\n",
                     f.is_complete() && f.refused == 0 ? "" : " class='bad'", f.seqs.lost, f.seqs.repeated,
                     f.seqs.reordered, f.missing, f.unanswered, f.refused);
  if (f.cpu_us) out += fmt::format("<p>The server's CPU for a delivery: {:.1f} µs.</p>\n", *f.cpu_us);
  if (f.database_cpu_us) out += fmt::format("<p>PostgreSQL's CPU for a delivery: {:.1f} µs.</p>\n", *f.database_cpu_us);
  return out + plots(f) + "</html>\n";
}

}  // namespace parley::bench
