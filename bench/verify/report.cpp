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
  std::vector<double> seconds;
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
  for (const auto& each : recoveries_of(report.faults)) {
    const auto at = [&](double share) {
      return each.seconds.empty()
                 ? 0
                 : each.seconds[static_cast<std::size_t>(share * static_cast<double>(each.seconds.size() - 1))];
    };
    out += fmt::format("{:<20} {:3} times, recovered after min {:.2f} s, median {:.2f} s, max {:.2f} s{}\n", each.name,
                       each.count, at(0), at(0.5), at(1),
                       each.unrecovered == 0 ? "" : fmt::format(", {} never", each.unrecovered));
  }
  out += report.presence_seconds < 0 ? std::string("presence never true\n")
                                     : fmt::format("presence true after {:.2f} s\n", report.presence_seconds);
  out += fmt::format("{:.1f} s, the tool used {:.2f} s of CPU\n", report.seconds, report.cpu_seconds);
  for (const auto* v : chosen_of(state.found)) {
    out += fmt::format(
        "\n{}: {}\n  seed {}, {:.3f} s{}{}{}\n", to_string(v->kind), v->text, report.options.seed, v->at,
        v->who.client < 0 ? "" : fmt::format(", client {}", v->who.client),
        v->room < 0 ? "" : fmt::format(", room {} ({})", v->room, state.room_ids[static_cast<std::size_t>(v->room)]),
        v->seq == 0 ? "" : fmt::format(", seq {}", v->seq));
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

}  // namespace parley::bench
