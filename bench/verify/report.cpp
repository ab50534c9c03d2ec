// The counts, each kind of fault with its times to recover, and the histories of what went wrong.
#include "verify/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

namespace parley::bench {
namespace {

constexpr std::size_t most_shown = 5;  ///< Violations with their history: the first of each kind, then others.
constexpr std::size_t line_width = 230;

/// A kind of fault, and how long it took until everybody was connected and had everything.
struct recovery {
  std::string name;
  std::size_t count = 0;
  std::size_t unrecovered = 0;
  std::vector<double> seconds;  ///< In order.

  /// 0 without any.
  [[nodiscard]] double at(double share) const {
    if (seconds.empty()) return 0;
    return seconds[static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1))];
  }
};

std::vector<recovery> recoveries_of(const std::vector<fault_record>& faults) {
  std::vector<recovery> out;
  for (const auto& fault : faults) {
    const auto name = fault.text.substr(0, fault.text.find(' '));
    auto at = std::find_if(out.begin(), out.end(), [&](const auto& r) { return r.name == name; });
    if (at == out.end()) at = out.insert(out.end(), recovery{name, 0, 0, {}});
    ++at->count;
    if (fault.recovered < 0)
      ++at->unrecovered;
    else
      at->seconds.push_back(fault.recovered - fault.healed);
  }
  for (auto& each : out) std::sort(each.seconds.begin(), each.seconds.end());
  return out;
}

std::vector<const violation*> chosen_of(const findings& found) {
  std::vector<const violation*> out;
  std::set<broken> kinds;
  for (const auto& v : found.list())
    if (kinds.insert(v.kind).second) out.push_back(&v);
  for (const auto& v : found.list())
    if (out.size() < most_shown && std::find(out.begin(), out.end(), &v) == out.end()) out.push_back(&v);
  if (out.size() > most_shown) out.resize(std::max(most_shown, kinds.size()));
  return out;
}

std::string line_of(const history_entry& e) {
  const auto who = e.who.client < 0
                       ? std::string("-")
                       : fmt::format("client {} connection {} node {}", e.who.client, e.who.connection, e.who.node);
  return fmt::format("    {:8.3f} s  {:<32} {} {}\n", e.at, who, e.way, e.text->substr(0, line_width));
}

boost::json::object object_of(const history_entry& e) {
  return {{"at", e.at},     {"client", e.who.client}, {"connection", e.who.connection}, {"node", e.who.node},
          {"room", e.room}, {"seq", e.seq},           {"way", std::string(1, e.way)},   {"text", *e.text}};
}

template <class Count>
std::string list_of(const std::map<std::string, Count>& counts) {
  std::string out;
  for (const auto& [name, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, count);
  return out.empty() ? "none" : out;
}

report_cell seconds_or_nothing(double seconds) { return seconds < 0 ? report_cell() : report_cell(seconds); }

report_table table_of(const std::string& key, const std::string& name,
                      const std::map<std::string, std::uint64_t>& counts) {
  report_table out{key, name, {{"name", ""}, {"count", "count"}}, {}};
  for (const auto& [what, count] : counts) out.rows.push_back({what, static_cast<double>(count)});
  return out;
}

report_table table_of_recoveries(const std::vector<fault_record>& faults) {
  report_table out{"recoveries",
                   "Recovered after, in seconds",
                   {{"fault", "fault"},
                    {"count", "times"},
                    {"min", "min"},
                    {"median", "median"},
                    {"max", "max"},
                    {"never", "never"}},
                   {}};
  for (const auto& each : recoveries_of(faults)) {
    out.rows.push_back({each.name, static_cast<double>(each.count), each.at(0), each.at(0.5), each.at(1),
                        static_cast<double>(each.unrecovered)});
  }
  return out;
}

report_table table_of_faults(const std::vector<fault_record>& faults) {
  report_table out{"faults",
                   "Faults, in seconds since the begin",
                   {{"fault", "fault"}, {"began", "began"}, {"healed", "healed"}, {"recovered", "recovered"}},
                   {}};
  for (const auto& fault : faults) {
    out.rows.push_back(
        {fault.text, fault.began, seconds_or_nothing(fault.healed), seconds_or_nothing(fault.recovered)});
  }
  return out;
}

/// What is said of it, besides its text.
std::string place_of(const violation& v, const run_report& report) {
  return fmt::format(
      "seed {}, {:.3f} s{}{}{}", report.options.seed, v.at,
      v.who.client < 0 ? "" : fmt::format(", client {}", v.who.client),
      v.room < 0 ? "" : fmt::format(", room {} ({})", v.room, report.state.room_ids[static_cast<std::size_t>(v.room)]),
      v.seq == 0 ? "" : fmt::format(", seq {}", v.seq));
}

report_table table_of_history(const violation& v, const run_report& report) {
  report_table out{"history",
                   fmt::format("{}: {} ({})", to_string(v.kind), v.text, place_of(v, report)),
                   {{"at", "s"},
                    {"client", "client"},
                    {"connection", "connection"},
                    {"node", "node"},
                    {"way", ""},
                    {"text", "what"}},
                   {}};
  const auto number = [&](int value, bool is_known) { return is_known ? report_cell(double(value)) : report_cell(); };
  for (const auto& e : report.state.log.excerpt(v)) {
    const bool is_known = e.who.client >= 0;
    out.rows.push_back({fmt::format("{:.3f}", e.at), number(e.who.client, is_known), number(e.who.connection, is_known),
                        number(e.who.node, is_known), std::string(1, e.way), e.text->substr(0, line_width)});
  }
  return out;
}

}  // namespace

std::string to_text(const run_report& report) {
  const auto& state = report.state;
  std::string out = fmt::format("attempted {} acknowledged {} sent again {}\n", state.book.attempted(),
                                state.book.acknowledged(), state.book.retried());
  for (std::size_t kind = 0; kind < broken_kinds; ++kind)
    out += fmt::format("{}{} {}", kind == 0 ? "" : " ", to_string(static_cast<broken>(kind)),
                       state.found.count(static_cast<broken>(kind)));
  out +=
      fmt::format("\noperations {} deliveries {} connections {}\nerrors: {}\nconnections ended: {}\n", state.operations,
                  state.deliveries, state.connections, list_of(state.errors), list_of(state.connection_ends));
  out += fmt::format("guests: {} log-outs, {} connections closed by them; {} removals; {} tries afterwards\n",
                     report.guests.log_outs, report.guests.closed, report.guests.removals, report.guests.tries);
  out += fmt::format("suspensions of guests: {}, {} connections closed by them\nguests outlived: {}\n",
                     report.guests.suspensions, report.guests.closed_by_suspensions, list_of(report.guests.outlived));
  out += fmt::format("sends by REST: {}, {} acknowledged\n", state.posts, state.posts_acknowledged);
  for (const auto& each : recoveries_of(report.faults)) {
    out += fmt::format("{:<20} {:3} times, recovered after min {:.2f} s, median {:.2f} s, max {:.2f} s{}\n", each.name,
                       each.count, each.at(0), each.at(0.5), each.at(1),
                       each.unrecovered == 0 ? "" : fmt::format(", {} never", each.unrecovered));
  }
  out += report.presence_seconds < 0 ? std::string("presence never true\n")
                                     : fmt::format("presence true after {:.2f} s\n", report.presence_seconds);
  out += fmt::format("news of other nodes missed {} times\n",
                     report.gaps_heard ? std::to_string(*report.gaps_heard) : "an unknown number of");
  out += fmt::format("{:.1f} s, the tool used {:.2f} s of CPU\n", report.seconds, report.cpu_seconds);
  for (const auto* v : chosen_of(state.found)) {
    out += fmt::format("\n{}: {}\n  {}\n", to_string(v->kind), v->text, place_of(*v, report));
    for (const auto& e : state.log.excerpt(*v)) out += line_of(e);
  }
  return out + (state.found.total() == 0 ? "PASS\n" : fmt::format("FAIL (seed {})\n", report.options.seed));
}

std::string to_json(const run_report& report) {
  const auto& state = report.state;
  boost::json::object out{
      {"seed", report.options.seed},         {"verdict", state.found.total() == 0 ? "PASS" : "FAIL"},
      {"attempted", state.book.attempted()}, {"acknowledged", state.book.acknowledged()},
      {"sent_again", state.book.retried()},  {"operations", state.operations},
      {"deliveries", state.deliveries},      {"connections", state.connections},
      {"seconds", report.seconds},           {"cpu_seconds", report.cpu_seconds}};
  for (std::size_t kind = 0; kind < broken_kinds; ++kind)
    out[to_string(static_cast<broken>(kind))] = state.found.count(static_cast<broken>(kind));
  out["presence_seconds"] =
      report.presence_seconds < 0 ? boost::json::value() : boost::json::value(report.presence_seconds);
  out["gaps_heard"] = report.gaps_heard ? boost::json::value(*report.gaps_heard) : boost::json::value();
  out["log_outs"] = report.guests.log_outs;
  out["removals"] = report.guests.removals;
  out["tries_afterwards"] = report.guests.tries;
  out["suspensions"] = report.guests.suspensions;
  out["outlived_by_check"] = boost::json::value_from(report.guests.outlived);
  out["posts"] = state.posts;
  out["posts_acknowledged"] = state.posts_acknowledged;
  out["errors"] = boost::json::value_from(state.errors);
  out["connection_ends"] = boost::json::value_from(state.connection_ends);
  auto& faults = out["faults"].emplace_array();
  for (const auto& fault : report.faults) {
    boost::json::object told{{"fault", fault.text}, {"began", fault.began}, {"healed", fault.healed}};
    told["seconds_to_recover"] =
        fault.recovered < 0 ? boost::json::value() : boost::json::value(fault.recovered - fault.healed);
    faults.push_back(std::move(told));
  }
  auto& violations = out["violations"].emplace_array();
  for (const auto* v : chosen_of(state.found)) {
    boost::json::object told{{"kind", to_string(v->kind)}, {"text", v->text}, {"at", v->at},
                             {"client", v->who.client},    {"room", v->room}, {"seq", v->seq}};
    auto& entries = told["history"].emplace_array();
    for (const auto& e : state.log.excerpt(*v)) entries.push_back(object_of(e));
    violations.push_back(std::move(told));
  }
  return boost::json::serialize(out) + "\n";
}

load_report to_report(const run_report& report) {
  const auto& options = report.options;
  const auto& state = report.state;
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  load_report out;
  out.scenario = "verify";
  out.title = fmt::format("{} clients in {} rooms on {} nodes, {:g} s, seed {}", options.clients, options.rooms,
                          state.nodes.size(), options.seconds, options.seed);
  out.server = options.node_urls.empty() ? "a cluster of its own" : "nodes that run already";
  out.verdict = {state.found.total() == 0 ? "PASS" : fmt::format("FAIL (seed {})", options.seed),
                 state.found.total() == 0};
  out.figures = {{"attempted", "attempted", number(state.book.attempted()), ""},
                 {"acknowledged", "acknowledged", number(state.book.acknowledged()), ""},
                 {"sent_again", "sent again", number(state.book.retried()), ""}};
  for (std::size_t i = 0; i < broken_kinds; ++i) {
    const auto kind = static_cast<broken>(i);
    out.figures.push_back({to_string(kind), to_string(kind), number(state.found.count(kind)), ""});
  }
  out.figures.push_back({"operations", "operations", number(state.operations), ""});
  out.figures.push_back({"deliveries", "deliveries", number(state.deliveries), ""});
  out.figures.push_back({"connections", "connections", number(state.connections), ""});
  if (report.presence_seconds >= 0)
    out.figures.push_back({"presence_seconds", "presence true after", report.presence_seconds, "s"});
  if (report.gaps_heard)
    out.figures.push_back({"gaps_heard", "news of other nodes missed, times", number(*report.gaps_heard), ""});
  out.figures.push_back({"log_outs", "log-outs of guests", number(report.guests.log_outs), ""});
  out.figures.push_back({"removals", "removals of guests", number(report.guests.removals), ""});
  out.figures.push_back({"suspensions", "suspensions of guests", number(report.guests.suspensions), ""});
  out.figures.push_back({"tries_afterwards", "tries of guests afterwards", number(report.guests.tries), ""});
  out.figures.push_back({"posts", "sends by REST", number(state.posts), ""});
  out.figures.push_back({"posts_acknowledged", "of them acknowledged", number(state.posts_acknowledged), ""});
  out.figures.push_back({"seconds", "time", report.seconds, "s"});
  out.figures.push_back({"cpu_seconds", "the tool's CPU", report.cpu_seconds, "s"});
  if (!report.faults.empty()) {
    out.tables.push_back(table_of_recoveries(report.faults));
    out.tables.push_back(table_of_faults(report.faults));
  }
  if (!report.guests.outlived.empty())
    out.tables.push_back(table_of("outlived_by_check", "What guests found", report.guests.outlived));
  if (!state.errors.empty()) out.tables.push_back(table_of("errors", "Errors that clients were told", state.errors));
  if (!state.connection_ends.empty())
    out.tables.push_back(table_of("connection_ends", "Connections that ended", state.connection_ends));
  for (const auto* v : chosen_of(state.found)) out.tables.push_back(table_of_history(*v, report));
  return out;
}

}  // namespace parley::bench
