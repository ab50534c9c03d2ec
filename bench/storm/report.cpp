// Sentences for a terminal, figures and tables for everything else.
#include "storm/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "across/percentiles.hpp"

namespace parley::bench {
namespace {

constexpr std::size_t statements_shown = 8;
constexpr std::size_t statement_width = 110;
constexpr std::size_t parts_of_a_drain = 10;

const char* nodes_of(const storm_options& options) { return options.drain ? "the node that stays" : "both nodes"; }

std::string what_happens(const storm_options& options) {
  return fmt::format("{}{}", options.drain ? "while a node stops" : "are cut off and come back",
                     options.unread ? " by ?replay=unread" : "");
}

std::string statements_text(const storm_options& options, const storm_findings& found) {
  const auto calls = calls_of(found.statements);
  auto out = fmt::format(
      "PostgreSQL's statements from the cut to the last one's return: {:.0f}; the messages alone take {:.0f} in that"
      " time, so {:.2f} a client; most often:\n",
      calls, found.usual_statements, (calls - found.usual_statements) / static_cast<double>(options.clients));
  for (std::size_t i = 0; i < std::min(found.statements.size(), statements_shown); ++i)
    out += fmt::format("  {:>7} {}\n", found.statements[i].calls, found.statements[i].sql.substr(0, statement_width));
  return out;
}

std::string tally_text(const storm_options& options, const storm_load::tally& tally) {
  const auto back = percentiles_of(tally.back_ns);
  auto out = fmt::format(
      "\n{} clients of {} users in {} rooms, {:.0f} messages a second: sent {}, unacknowledged {}, refused {}\n"
      "lost {} doubled {} not back {}; replayed {}\n"
      "live again after the cut: p50 {:.2f} s, p99 {:.2f} s, max {:.2f} s\n",
      options.clients, options.users, options.rooms, options.rate, tally.sent, tally.unacknowledged, tally.refused,
      tally.lost, tally.doubled, tally.not_live, tally.replayed, back.p50_ms / 1e3, back.p99_ms / 1e3,
      back.max_ms / 1e3);
  for (const auto& [how, count] : tally.ends) out += fmt::format("connections {}: {}\n", how, count);
  return out;
}

std::string drain_text(const storm_load::tally& tally, int exit_code) {
  const auto first = tally.back_ns.empty() ? 0 : *std::min_element(tally.back_ns.begin(), tally.back_ns.end());
  const auto parts = spread_of(tally.back_ns, parts_of_a_drain);
  return fmt::format(
      "the node exited with {}; {} of its clients came to the other one, {} without having been told; the first after"
      " {:.2f} s, then in each tenth of the time {} (even: {})\n",
      exit_code, tally.back_ns.size(), tally.unannounced, static_cast<double>(first) / 1e9, fmt::join(parts, " "),
      tally.back_ns.size() / parts_of_a_drain);
}

std::vector<named_figure> figures_of(const storm_options& options, const storm_findings& found) {
  const auto& tally = found.tally;
  const auto number = [](auto value) { return static_cast<double>(value); };
  std::vector<named_figure> out{
      {"sent", "messages sent", number(tally.sent), ""},
      {"unacknowledged", "of them not acknowledged", number(tally.unacknowledged), ""},
      {"refused", "refused", number(tally.refused), ""},
      {"lost", "lost", number(tally.lost), ""},
      {"doubled", "doubled", number(tally.doubled), ""},
      {"not_back", "clients that did not come back", number(tally.not_live), ""},
      {"replayed", "events replayed", number(tally.replayed), ""},
      {"replayed_from_memory", "from memory", found.ring_events, ""},
      {"replayed_from_tails", "from tails in Redis", found.tail_events, ""},
      {"replayed_from_store", "from the store", found.store_events, ""},
      {"store_pages", "pages read in the store", found.store_pages, ""},
      {"statements", "PostgreSQL's statements, from the cut to the last one's return", calls_of(found.statements), ""},
      {"usual_statements", "what the messages alone take in that time", found.usual_statements, ""},
      {"node_cpu_seconds", std::string("CPU of ") + nodes_of(options), found.node_cpu, "s"},
      {"database_cpu_seconds", "CPU of PostgreSQL", found.database_cpu, "s"},
      {"tool_cpu_seconds", "CPU of the tool", found.tool_cpu, "s"},
      {"load_average", "the machine's load average", found.load_average, ""}};
  if (found.exit_code) {
    out.push_back({"exit_code", "exit code of the node that was stopped", number(*found.exit_code), ""});
    out.push_back({"unannounced", "its connections that ended untold", number(tally.unannounced), ""});
  }
  return out;
}

report_table table_of_statements(const std::vector<statement_count>& statements) {
  report_table out{
      "most_frequent_statements", "PostgreSQL's statements, most often", {{"statement", ""}, {"calls", "calls"}}, {}};
  for (std::size_t i = 0; i < std::min(statements.size(), statements_shown); ++i)
    out.rows.push_back({statements[i].sql.substr(0, statement_width), static_cast<double>(statements[i].calls)});
  return out;
}

report_table table_of_parts(const std::vector<std::int64_t>& back_ns) {
  report_table out{"came_in_tenths",
                   "Clients that came to the other node, in each tenth of the time",
                   {{"tenth", "tenth"}, {"clients", "clients"}},
                   {}};
  const auto parts = spread_of(back_ns, parts_of_a_drain);
  for (std::size_t i = 0; i < parts.size(); ++i)
    out.rows.push_back({static_cast<double>(i + 1), static_cast<double>(parts[i])});
  return out;
}

report_table table_of_ends(const std::map<std::string, std::uint64_t>& ends) {
  report_table out{"connection_ends", "Connections that ended by themselves", {{"how", ""}, {"count", "count"}}, {}};
  for (const auto& [how, count] : ends) out.rows.push_back({how, static_cast<double>(count)});
  return out;
}

}  // namespace

bool storm_findings::is_good() const {
  // Those of a node that is stopped come to one on which their rooms may not have been in use.
  const bool came_from_memory = exit_code.has_value() || store_pages == 0;
  return came_from_memory && statements_each.value_or(0) <= 1 && tally.lost == 0 && tally.doubled == 0 &&
         tally.not_live == 0 && tally.unacknowledged == 0 && tally.unannounced == 0 && exit_code.value_or(0) == 0;
}

std::string to_text(const storm_options& options, const storm_findings& found) {
  auto out = tally_text(options, found.tally);
  if (found.exit_code) out += drain_text(found.tally, *found.exit_code);
  out += statements_text(options, found);
  out += fmt::format(
      "events replayed from memory {:.0f}, from tails in Redis {:.0f}, from the store {:.0f} in {:.0f} pages\n",
      found.ring_events, found.tail_events, found.store_events, found.store_pages);
  out += fmt::format("CPU of the storm: {} {:.2f} s, PostgreSQL {:.2f} s, the tool {:.2f} s; load average {:.1f}\n",
                     nodes_of(options), found.node_cpu, found.database_cpu, found.tool_cpu, found.load_average);
  return out;
}

load_report to_report(const storm_options& options, const storm_findings& found) {
  const auto& tally = found.tally;
  load_report out;
  out.scenario = "storm";
  out.title = fmt::format("{} clients of {} users in {} rooms {}, {:.0f} messages a second", options.clients,
                          options.users, options.rooms, what_happens(options), options.rate);
  out.server = "two nodes on PostgreSQL and Redis";
  out.options = {{"clients", static_cast<double>(options.clients)},
                 {"users", static_cast<double>(options.users)},
                 {"rooms", static_cast<double>(options.rooms)},
                 {"rate", options.rate},
                 {"unread", options.unread ? 1.0 : 0.0},
                 {"size", static_cast<double>(options.size)}};
  out.verdict = {fmt::format("lost {}, doubled {}, not back {}, unacknowledged {}, refused {}", tally.lost,
                             tally.doubled, tally.not_live, tally.unacknowledged, tally.refused),
                 found.is_good()};
  latency_histogram back;
  for (const auto ns : tally.back_ns) back.add(ns);
  out.latencies = {{"back", "live again after the cut", back},
                   {"delivery", "delivery: from its send to a client that is live", tally.deliveries}};
  out.figures = figures_of(options, found);
  if (found.exit_code) out.tables.push_back(table_of_parts(tally.back_ns));
  if (!tally.ends.empty()) out.tables.push_back(table_of_ends(tally.ends));
  out.tables.push_back(table_of_statements(found.statements));
  out.course = tally.course;
  return out;
}

}  // namespace parley::bench
