// The runs in turn, and their ratios.
#include "load/connect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "load/connect_course.hpp"
#include "load/connecting.hpp"
#include "load/crowd_clients.hpp"
#include "load/measured_server.hpp"
#include "load/pace.hpp"
#include "report/progress.hpp"
#include "report/report.hpp"

namespace parley::bench {
namespace {

struct connect_figures {
  double rate = 0;  ///< Connections a second.
  double cpu_us = 0;
};

/// `work` connects that many, and notes in the course how.
template <class Work>
connect_figures measure(const server_watch& server, connect_course& course, std::size_t connections, Work work) {
  course.begin(steady_ns());
  const auto before = server.read();
  const auto from = steady_ns();
  work();
  const auto to = steady_ns();
  const auto after = server.read();
  course.end(to);
  end_line();
  if (!before || !after) throw std::runtime_error("the server's CPU cannot be read");
  const auto count = static_cast<double>(connections);
  return {count * 1e9 / static_cast<double>(to - from), (after->cpu_seconds - before->cpu_seconds) * 1e6 / count};
}

struct connect_turn {
  connect_figures ours;
  std::optional<connect_figures> bare;
  latency_histogram times;  ///< Ours.
  load_troubles troubles;
  std::vector<load_part> course;
};

/// Its `ready` is the last thing that happens to a connection.
connect_turn measure_parleyd(const connect_options& options, const measured_server& server, const crowd& people) {
  connect_course course("parleyd", options.connections, server.watch());
  crowd_clients clients(server.address(), people, warm_up_connections + options.connections,
                        [&](std::size_t, std::string_view frame) {
                          if (is_of_type(frame, "error")) course.note_refused(frame);
                        });
  clients.connect(0, warm_up_connections, options.at_once);
  clients.on_connect = [&](std::size_t client) { course.note_begun(client - warm_up_connections, steady_ns()); };
  clients.on_ready = [&](std::size_t client) { course.note_ready(client - warm_up_connections, steady_ns()); };
  clients.on_step = [&] { course.tick(steady_ns()); };
  connect_turn turn;
  turn.ours = measure(server.watch(), course, options.connections,
                      [&] { clients.connect(warm_up_connections, options.connections, options.at_once); });
  turn.times = course.times();
  turn.troubles = course.troubles();
  turn.course = course.take();
  return turn;
}

/// The answer to the upgrade is.
connect_figures measure_naive(const connect_options& options) {
  const auto server = start_naive(options.server, options.naive);
  const server_watch watch(server.pid());
  connect_course course("accept and upgrade", options.connections, watch);
  std::string broken;
  const auto total = warm_up_connections + options.connections;
  wire_loop loop(
      total, [](std::size_t, std::string_view) {},
      [&](std::size_t, const std::string& how) { broken = how.empty() ? "without a word" : how; });
  std::size_t open = 0;
  std::function<void()> on_step;  // none while it warms up
  const auto connect_until = [&](std::size_t end) {
    const auto first = open;
    connect_all(loop, {.clients = end - first,
                       .at_once = options.at_once,
                       .begin =
                           [&](std::size_t number) {
                             if (on_step) course.note_begun(number, steady_ns());
                             loop.connect(first + number, server.address(), "/ws", "-");
                           },
                       .done =
                           [&] {
                             // In the order in which they began: behind a slow one the time is a little too long.
                             for (; open < end && loop.is_open(open); ++open)
                               if (on_step) course.note_ready(open - first, steady_ns());
                             return open - first;
                           },
                       .broken = [&]() -> const std::string& { return broken; },
                       .on_step = on_step});
  };
  connect_until(warm_up_connections);
  on_step = [&] { course.tick(steady_ns()); };
  return measure(watch, course, options.connections, [&] { connect_until(total); });
}

/// Of `value(turn)`.
template <class Value>
double median(const std::vector<connect_turn>& turns, Value value) {
  std::vector<double> values;
  values.reserve(turns.size());
  for (const auto& turn : turns) values.push_back(value(turn));
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

report_table table_of(const std::vector<connect_turn>& turns) {
  report_table out{"turns",
                   "Each turn",
                   {{"turn", "turn"}, {"connections_per_second", "a second"}, {"server_cpu_us", "CPU, us"}},
                   {}};
  const bool has_bare = turns.front().bare.has_value();
  if (has_bare) {
    out.columns.insert(out.columns.end(), {{"bare_per_second", "alone, a second"},
                                           {"bare_cpu_us", "its CPU, us"},
                                           {"rate_ratio", "rate, parleyd / alone"},
                                           {"cpu_ratio", "CPU, parleyd / alone"}});
  }
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const auto& ours = turns[i].ours;
    const auto& bare = turns[i].bare;
    auto& row = out.rows.emplace_back();
    row = {static_cast<double>(i + 1), ours.rate, ours.cpu_us};
    if (bare) row.insert(row.end(), {bare->rate, bare->cpu_us, ours.rate / bare->rate, ours.cpu_us / bare->cpu_us});
  }
  return out;
}

load_report report_of(const connect_options& options, const std::string& server,
                      const std::vector<connect_turn>& turns) {
  load_report report;
  report.scenario = "connect";
  report.title = fmt::format("{} connections of {} users in {} rooms each, {} at once, {} runs", options.connections,
                             options.users, options.rooms_each, options.at_once, options.runs);
  report.server = server;
  report.options = {{"connections", static_cast<double>(options.connections)},
                    {"users", static_cast<double>(options.users)},
                    {"rooms", static_cast<double>(options.rooms)},
                    {"rooms_each", static_cast<double>(options.rooms_each)},
                    {"at_once", static_cast<double>(options.at_once)},
                    {"runs", static_cast<double>(options.runs)}};
  const auto of = [&](auto value) { return median(turns, value); };
  report.figures = {{"connections_per_second", "connections, from TCP to ready, median",
                     of([](const auto& turn) { return turn.ours.rate; }), "a second"},
                    {"server_cpu_us", "the server's CPU for one, median",
                     of([](const auto& turn) { return turn.ours.cpu_us; }), "us"}};
  if (turns.front().bare) {
    report.figures.insert(
        report.figures.end(),
        {{"bare_per_second", "accept and upgrade alone, median", of([](const auto& turn) { return turn.bare->rate; }),
          "a second"},
         {"bare_cpu_us", "its CPU for one, median", of([](const auto& turn) { return turn.bare->cpu_us; }), "us"},
         {"rate_ratio", "rate, parleyd / alone, median of the pairs",
          of([](const auto& turn) { return turn.ours.rate / turn.bare->rate; }), ""},
         {"cpu_ratio", "CPU, parleyd / alone, median of the pairs",
          of([](const auto& turn) { return turn.ours.cpu_us / turn.bare->cpu_us; }), ""}});
  }
  latency_histogram times;
  for (const auto& turn : turns) {
    times.merge(turn.times);
    report.troubles += turn.troubles;
  }
  // Nothing but `ready` is looked at, without which there are no figures, and errors, though nobody asked for anything.
  const auto refused = report.troubles.refused;
  report.verdict = {refused == 0 ? "all got their ready frame"
                                 : fmt::format("all got their ready frame, and {} errors beside it", refused),
                    refused == 0};
  report.latencies.push_back({"ready", "from TCP to ready, all turns", times});
  report.tables.push_back(table_of(turns));
  report.course = turns.back().course;
  return report;
}

}  // namespace

bool run_connect(const connect_options& options) {
  validate(options.server);
  std::vector<connect_turn> turns;
  std::string name;
  for (int run = 0; run < options.runs; ++run) {
    const measured_server server(options.server);
    name = server.name();
    const auto people = make_crowd(server.address(), options.users, options.rooms, options.rooms_each);
    auto& turn = turns.emplace_back(measure_parleyd(options, server, people));
    fmt::print(stderr, "parleyd: {:.0f} a second, {:.1f} us of CPU each\n", turn.ours.rate, turn.ours.cpu_us);
    if (options.naive.empty()) continue;
    turn.bare = measure_naive(options);
    fmt::print(stderr, "accept and upgrade: {:.0f} a second, {:.1f} us of CPU each\n", turn.bare->rate,
               turn.bare->cpu_us);
  }
  const auto report = report_of(options, name, turns);
  tell(report, options.report);
  return report.verdict->is_good;
}

}  // namespace parley::bench
