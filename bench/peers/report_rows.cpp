// Columns and their texts.
#include "peers/report_rows.hpp"

#include <fmt/format.h>

namespace parley::bench {
namespace {

std::string text_of_spread(const std::optional<spread>& values, int decimals) {
  if (!values) return "-";
  return fmt::format("{:.{}f}, {:.{}f}, {:.{}f}", values->least, decimals, values->median, decimals, values->greatest,
                     decimals);
}

}  // namespace

double total(const peer_figures& figures) { return figures.total_us(); }

const std::vector<figure_column>& figure_columns() {
  static const std::vector<figure_column> columns{
      {"deliveries_per_second", "deliver/s", 0, false, [](const auto& f) { return f.deliveries_per_second(); }},
      {"p50_ms", "p50 ms", 2, false, [](const auto& f) { return f.delivery.quantile_ms(0.5); }},
      {"p99_ms", "p99 ms", 2, false, [](const auto& f) { return f.delivery.quantile_ms(0.99); }},
      {"answer_p50_ms", "answer p50", 2, false, [](const auto& f) { return f.answer.quantile_ms(0.5); }},
      {"server_cpu_us", "server CPU us", 2, true, [](const auto& f) { return f.server_us(); }},
      {"database_cpu_us", "database", 2, false, [](const auto& f) { return f.database_us(); }},
      {"lost", "lost", 0, false, [](const auto& f) { return static_cast<double>(f.lost); }},
      {"repeated", "repeated", 0, false, [](const auto& f) { return static_cast<double>(f.repeated); }},
      {"reordered", "reordered", 0, false, [](const auto& f) { return static_cast<double>(f.reordered); }}};
  return columns;
}

std::vector<const peer_row*> parleys_of(const work_table& table) {
  std::vector<const peer_row*> found;
  found.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    if (row.is_parley) found.push_back(&row);
  }
  return found;
}

std::string text_of(const figure_column& column, const peer_row& row) {
  const auto values = spread_of(row.values(column.of));
  if (column.is_spread || !values) return text_of_spread(values, column.decimals);
  return fmt::format("{:.{}f}", values->median, column.decimals);
}

std::string ratio_text(const peer_row& ours, const peer_row& row) {
  if (ours.name == row.name) return "";
  return text_of_spread(ratio_of(ours.values(total), row.values(total)), 3);
}

std::string explanation() {
  return "A delivery is a message that reached a member, or the ack or echo that answers its sender. CPU is user and\n"
         "system time for one delivery, of all processes of the server; its database's stands apart, and both count "
         "in\n"
         "the ratios, each of which is taken within a turn. p50 and p99 are from a send to a receiver's read.";
}

}  // namespace parley::bench
