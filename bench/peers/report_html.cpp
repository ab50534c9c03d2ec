// The page: a table and plots of each work.
#include <fmt/format.h>

#include <array>

#include "peers/report.hpp"
#include "peers/report_rows.hpp"
#include "report/page.hpp"
#include "report/percentile_plot.hpp"
#include "report/plot.hpp"

namespace parley::bench {
namespace {

constexpr std::array<const char*, 10> colours{blue,      orange,    red,       green,     "#7a4fc9",
                                              "#0f8b8d", "#b5179e", "#8d6e00", "#5c6b7a", "#e0568f"};

std::string cell(const char* kind, const std::string& text) {
  return fmt::format("<{0}>{1}</{0}>", kind, escape_html(text));
}

std::string table_html(const work_table& table) {
  auto out = fmt::format("<h2>{}</h2>\n<table><tr><th></th><th>stored</th><th>answer</th>",
                         escape_html(fmt::format("{}, {} B", table.work.title, table.work.size)));
  for (const auto& column : figure_columns()) out += cell("th", column.title);
  for (const auto* ours : parleys_of(table)) out += cell("th", ours->name + " / it");
  out += "</tr>\n";
  for (const auto& row : table.rows) {
    out += "<tr>" + cell("td", row.title) + cell("td", row.stored) + cell("td", row.acknowledged);
    for (const auto& column : figure_columns()) out += cell("td", text_of(column, row));
    for (const auto* ours : parleys_of(table)) out += cell("td", ratio_text(*ours, row));
    out += "</tr>\n";
  }
  out += "</table>\n";
  for (const auto& row : table.rows) {
    if (!row.failure.empty())
      out += fmt::format("<p class='bad'>{} failed: {}</p>\n", escape_html(row.title), escape_html(row.failure));
  }
  return out;
}

std::string plot_of_turns(const work_table& table) {
  plot picture{"CPU for a delivery, server and database", "turn", "µs", {}};
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    plot_line line{table.rows[i].name, colours[i % colours.size()], {}};
    const auto values = table.rows[i].values(total);
    for (std::size_t turn = 0; turn < values.size(); ++turn) {
      if (values[turn]) line.points.emplace_back(static_cast<double>(turn + 1), *values[turn]);
    }
    picture.lines.push_back(std::move(line));
  }
  return to_svg(picture);
}

std::string plot_of_percentiles(const work_table& table) {
  auto picture = percentile_plot("Percentiles of deliveries");
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto times = table.rows[i].delivery();
    if (times.count() > 0)
      picture.lines.push_back(percentile_line(table.rows[i].name, colours[i % colours.size()], times));
  }
  return to_svg(picture);
}

std::string plots_of_courses(const work_table& table) {
  plot rate{"Messages that reached a member, in the last turn, its warm-up too", "seconds", "a second", {}};
  plot cpu{"CPU of server and database, in the last turn", "seconds", "cores", {}};
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    if (row.turns.empty() || !row.turns.back()) continue;
    plot_line delivered{row.name, colours[i % colours.size()], {}};
    auto busy = delivered;
    double began = 0;
    for (const auto& part : row.turns.back()->course) {
      const auto length = part.at - began;
      if (length <= 0) continue;
      delivered.points.emplace_back(part.at, static_cast<double>(part.delivered) / length);
      busy.points.emplace_back(part.at, part.cpu.value_or(0));
      began = part.at;
    }
    rate.lines.push_back(std::move(delivered));
    cpu.lines.push_back(std::move(busy));
  }
  return to_svg(rate) + to_svg(cpu);
}

std::string list_html(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out = "<ul>";
  for (const auto& [title, text] : entries)
    out += fmt::format("<li>{}: {}</li>\n", escape_html(title), escape_html(text));
  return out + "</ul>\n";
}

}  // namespace

std::string to_html(const peers_report& report) {
  auto out = page_head("parley-bench peers", "Parley beside other servers");
  out += "<style>body{max-width:1200px}table{display:block;overflow-x:auto;font-size:13px}</style>\n";
  out += fmt::format(
      "<p>{}.<br>{}.<br>{} turns of {:g} s; medians, and where there are three figures min, median, "
      "max.</p>\n<p>{}</p>\n",
      escape_html(report.machine), escape_html(report.processors), report.runs, report.seconds,
      escape_html(explanation()));
  for (const auto& table : report.works)
    out += table_html(table) + plot_of_turns(table) + plot_of_percentiles(table) + plots_of_courses(table);
  out += "<h2>Versions</h2>\n" + list_html(report.versions);
  if (!report.left_out.empty()) out += "<h2>Left out</h2>\n" + list_html(report.left_out);
  return out + "</html>\n";
}

}  // namespace parley::bench
