// The report as a page: figures in tables, the course as plots.
#include <fmt/format.h>

#include <cmath>

#include "load/page.hpp"
#include "load/plot.hpp"
#include "load/report.hpp"

namespace parley::bench {
namespace {

constexpr const char* violet = "#7a4fc4";
constexpr const char* colours[] = {blue, green, orange, red, violet};

std::string row(const named_latency& latency) {
  const auto& h = latency.times;
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td></tr>\n",
      escape_html(latency.name), h.count(), h.quantile_ms(0.5), h.quantile_ms(0.9), h.quantile_ms(0.99),
      h.quantile_ms(0.999), h.max_ms());
}

template <class Read>
plot_line line_of(const char* name, const char* colour, const std::vector<load_second>& course, Read read) {
  plot_line line{name, colour, {}};
  for (const auto& second : course) line.points.emplace_back(second.at, read(second));
  return line;
}

/// Percentiles on an axis on which each further nine takes as much room.
plot_line curve_of(const named_latency& latency, const char* colour) {
  constexpr double greatest = 5;
  plot_line line{latency.key, colour, {}};
  for (const auto& [ms, share] : latency.times.curve()) {
    line.points.emplace_back(std::min(greatest, share < 1 ? -std::log10(1 - share) : greatest), ms);
  }
  return line;
}

std::string trials(const load_report& report) {
  if (report.trials.empty()) return {};
  auto out = fmt::format("<p>Highest rate with {} of at most {:g} ms: <strong>{:.0f} messages a second</strong>.</p>\n",
                         report.level.name, report.level.limit_ms, report.highest_rate);
  out += fmt::format("<table><tr><th>messages a second</th><th>{} ms</th><th></th></tr>\n", report.level.name);
  for (const auto& trial : report.trials) {
    out +=
        fmt::format("<tr><td>{:.0f}</td><td>{:.2f}</td><td>{}</td></tr>\n", trial.rate, trial.measured_ms,
                    trial.objection.empty() ? "held" : "<span class='bad'>" + escape_html(trial.objection) + "</span>");
  }
  return out + "</table>\n";
}

std::string course_plots(const std::vector<load_second>& course) {
  auto out = to_svg({"Latency",
                     "seconds",
                     "ms",
                     {line_of("p50", blue, course, [](const auto& s) { return s.p50_ms; }),
                      line_of("p99", orange, course, [](const auto& s) { return s.p99_ms; }),
                      line_of("longest", red, course, [](const auto& s) { return s.max_ms; })}});
  out += to_svg({"Throughput",
                 "seconds",
                 "a second",
                 {line_of("sent", blue, course, [](const auto& s) { return static_cast<double>(s.sent); }),
                  line_of("delivered", green, course, [](const auto& s) { return static_cast<double>(s.delivered); }),
                  line_of("refused", red, course, [](const auto& s) { return static_cast<double>(s.refused); })}});
  out += to_svg({"The server's processor", "seconds", "cores", {line_of("busy", orange, course, [](const auto& s) {
                   return s.cpu.value_or(0);
                 })}});
  out += to_svg({"The server's memory", "seconds", "MiB", {line_of("resident", blue, course, [](const auto& s) {
                   return s.resident_mib.value_or(0);
                 })}});
  return out;
}

std::string percentile_plot(const std::vector<named_latency>& latencies) {
  plot what{"Percentiles",
            "share of all that took no longer",
            "ms",
            {},
            {{0, "0"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}, {5, "100 %"}}};
  for (const auto& latency : latencies) {
    if (latency.times.count() == 0) continue;
    what.lines.push_back(curve_of(latency, colours[what.lines.size() % std::size(colours)]));
  }
  return to_svg(what);
}

}  // namespace

std::string to_html(const load_report& report) {
  const auto& t = report.troubles;
  auto out = page_head("parley-bench " + report.scenario, report.title);
  out += fmt::format("<p>parley-bench {}, {}.</p>\n", escape_html(report.scenario), escape_html(report.server));
  out += trials(report);
  if (!report.latencies.empty()) {
    out +=
        "<table><tr><th></th><th>count</th><th>p50 "
        "ms</th><th>p90</th><th>p99</th><th>p99.9</th><th>longest</th></tr>\n";
    for (const auto& latency : report.latencies) out += row(latency);
    out += "</table>\n";
  }
  out += fmt::format("<p{}>{}.</p>\n", t.is_complete() && t.refused == 0 ? "" : " class='bad'", to_text(t));
  if (!report.figures.empty()) {
    out += "<table>\n";
    for (const auto& figure : report.figures) {
      out += fmt::format("<tr><td>{}</td><td>{:.{}f} {}</td></tr>\n", escape_html(figure.name), figure.value,
                         figure.value < 100 ? 2 : 0, escape_html(figure.unit));
    }
    out += "</table>\n";
  }
  if (!report.course.empty()) out += course_plots(report.course);
  if (!report.latencies.empty()) out += percentile_plot(report.latencies);
  return out + "</html>\n";
}

}  // namespace parley::bench
