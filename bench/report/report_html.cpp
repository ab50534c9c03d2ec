// The report as a page: figures in tables, the course as plots.
#include <fmt/format.h>

#include <algorithm>

#include "report/page.hpp"
#include "report/percentile_plot.hpp"
#include "report/plot.hpp"
#include "report/report.hpp"

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
plot_line line_of(const char* name, const char* colour, const std::vector<load_part>& course, Read read) {
  plot_line line{name, colour, {}};
  for (const auto& part : course) line.points.emplace_back(part.at, read(part));
  return line;
}

std::string trials(const load_report& report) {
  if (report.trials.empty()) return {};
  auto out = fmt::format("<p>Highest rate with {} of at most {:g} ms: <strong>{:.0f} {} a second</strong>.</p>\n",
                         report.level.name, report.level.limit_ms, report.highest_rate, report.rated);
  out += fmt::format("<table><tr><th>{} a second</th><th>{} ms</th><th></th></tr>\n", report.rated, report.level.name);
  for (const auto& trial : report.trials) {
    out +=
        fmt::format("<tr><td>{:.0f}</td><td>{:.2f}</td><td>{}</td></tr>\n", trial.rate, trial.measured_ms,
                    trial.objection.empty() ? "held" : "<span class='bad'>" + escape_html(trial.objection) + "</span>");
  }
  return out + "</table>\n";
}

std::string table_html(const report_table& table) {
  auto out = fmt::format("<h3>{}</h3>\n<table><tr>", escape_html(table.name));
  for (const auto& column : table.columns) out += "<th>" + escape_html(column.name) + "</th>";
  for (const auto& row : table.rows) {
    out += "</tr>\n<tr>";
    for (const auto& cell : row) {
      const bool is_text = std::holds_alternative<std::string>(cell);
      out += fmt::format("<td{}>{}</td>", is_text ? " class='text'" : "", escape_html(to_text(cell)));
    }
  }
  return out + "</tr></table>\n";
}

std::string course_plots(const std::vector<load_part>& course) {
  auto out = to_svg({"Latency",
                     "seconds",
                     "ms",
                     {line_of("p50", blue, course, [](const auto& s) { return s.p50_ms; }),
                      line_of("p99", orange, course, [](const auto& s) { return s.p99_ms; }),
                      line_of("longest", red, course, [](const auto& s) { return s.max_ms; })}});
  plot throughput{"Throughput", "seconds", "a second", {}};
  const auto add = [&](const char* name, const char* colour, std::uint64_t load_part::*count) {
    // What a load does not look at is nothing that did not happen.
    if (std::any_of(course.begin(), course.end(), [&](const auto& s) { return s.*count > 0; }))
      throughput.lines.push_back(
          line_of(name, colour, course, [&](const auto& s) { return static_cast<double>(s.*count) / s.length; }));
  };
  add("sent", blue, &load_part::sent);
  add("acknowledged", orange, &load_part::acknowledged);
  add("delivered", green, &load_part::delivered);
  add("refused", red, &load_part::refused);
  out += to_svg(throughput);
  if (std::none_of(course.begin(), course.end(), [](const auto& s) { return s.cpu.has_value(); })) return out;
  out += to_svg({"The server's processor", "seconds", "cores", {line_of("busy", orange, course, [](const auto& s) {
                   return s.cpu.value_or(0);
                 })}});
  out += to_svg({"The server's memory", "seconds", "MiB", {line_of("resident", blue, course, [](const auto& s) {
                   return s.resident_mib.value_or(0);
                 })}});
  return out;
}

std::string percentiles_svg(const std::vector<named_latency>& latencies) {
  auto what = percentile_plot("Percentiles");
  for (const auto& latency : latencies) {
    if (latency.times.count() == 0) continue;
    const char* colour = colours[what.lines.size() % std::size(colours)];
    what.lines.push_back(percentile_line(latency.key, colour, latency.times));
  }
  return to_svg(what);
}

std::string body_of(const load_report& report) {
  const auto& t = report.troubles;
  const report_verdict verdict = report.verdict.value_or(report_verdict{to_text(t), t.is_complete() && t.refused == 0});
  auto out = fmt::format("<p>parley-bench {}, {}.</p>\n", escape_html(report.scenario), escape_html(report.server));
  out += trials(report);
  if (!report.latencies.empty()) {
    out +=
        "<table><tr><th></th><th>count</th><th>p50 "
        "ms</th><th>p90</th><th>p99</th><th>p99.9</th><th>longest</th></tr>\n";
    for (const auto& latency : report.latencies) out += row(latency);
    out += "</table>\n";
  }
  out += fmt::format("<p{}>{}.</p>\n", verdict.is_good ? "" : " class='bad'", escape_html(verdict.text));
  if (!report.figures.empty()) {
    out += "<table>\n";
    for (const auto& figure : report.figures) {
      out += fmt::format("<tr><td>{}</td><td>{} {}</td></tr>\n", escape_html(figure.name),
                         to_text(report_cell(figure.value)), escape_html(figure.unit));
    }
    out += "</table>\n";
  }
  for (const auto& table : report.tables) out += table_html(table);
  if (!report.course.empty()) out += course_plots(report.course);
  if (!report.latencies.empty()) out += percentiles_svg(report.latencies);
  return out;
}

}  // namespace

std::string to_html(const load_report& report) { return to_html(std::vector<load_report>{report}); }

std::string to_html(const std::vector<load_report>& reports) {
  if (reports.empty()) return {};
  const auto& first = reports.front();
  auto out = page_head("parley-bench " + first.scenario, first.title) + body_of(first);
  for (std::size_t i = 1; i < reports.size(); ++i) {
    out += fmt::format("<h2>{}</h2>\n", escape_html(reports[i].title)) + body_of(reports[i]);
  }
  return out + "</html>\n";
}

}  // namespace parley::bench
