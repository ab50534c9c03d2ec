// A storm from its beginning to its report.
#include "storm/storm.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <stdexcept>

#include "across/own_cluster.hpp"
#include "across/percentiles.hpp"
#include "storm/query_count.hpp"
#include "storm/storm_load.hpp"
#include "support/process_times.hpp"

namespace parley::bench {
namespace {

constexpr std::size_t statements_shown = 8;
constexpr std::size_t statement_width = 110;
constexpr std::size_t parts_of_a_drain = 10;

struct storm_readings {
  double node_cpu = 0, database_cpu = 0, tool_cpu = 0;
  std::map<std::string, double> counters;
};

/// Of the nodes from `first` on, since one that was stopped tells nothing.
storm_readings read(const own_cluster& cluster, std::size_t first) {
  const auto all = cluster.nodes();
  return {cluster.node_cpu_seconds(first), cluster.database_cpu_seconds(), support::cpu_seconds_of(::getpid()),
          sum_of_counters({all.begin() + static_cast<std::ptrdiff_t>(first), all.end()})};
}

std::uint64_t calls_of(const std::vector<statement_count>& statements) {
  std::uint64_t calls = 0;
  for (const auto& each : statements) calls += each.calls;
  return calls;
}

/// `usual` is what the messages alone cost in as much time.
void print_statements(const std::vector<statement_count>& statements, double usual, std::size_t clients) {
  const auto calls = static_cast<double>(calls_of(statements));
  fmt::print(
      "PostgreSQL's statements from the cut to the last one's return: {:.0f}; the messages alone take {:.0f} in that"
      " time, so {:.2f} a client; most often:\n",
      calls, usual, (calls - usual) / static_cast<double>(clients));
  for (std::size_t i = 0; i < std::min(statements.size(), statements_shown); ++i)
    fmt::print("  {:>7} {}\n", statements[i].calls, statements[i].sql.substr(0, statement_width));
}

void print(const storm_options& options, const storm_load::tally& tally) {
  const auto back = percentiles_of(tally.back_ns);
  fmt::print(
      "\n{} clients of {} users in {} rooms, {:.0f} messages a second: sent {}, unacknowledged {}, refused {}\n"
      "lost {} doubled {} not back {}; replayed {}\n"
      "live again after the cut: p50 {:.2f} s, p99 {:.2f} s, max {:.2f} s\n",
      options.clients, options.users, options.rooms, options.rate, tally.sent, tally.unacknowledged, tally.refused,
      tally.lost, tally.doubled, tally.not_live, tally.replayed, back.p50_ms / 1e3, back.p99_ms / 1e3,
      back.max_ms / 1e3);
  for (const auto& [how, count] : tally.ends) fmt::print("connections {}: {}\n", how, count);
}

void print_drain(const storm_load::tally& tally, int exit_code) {
  const auto first = tally.back_ns.empty() ? 0 : *std::min_element(tally.back_ns.begin(), tally.back_ns.end());
  const auto parts = spread_of(tally.back_ns, parts_of_a_drain);
  fmt::print(
      "the node exited with {}; {} of its clients came to the other one, {} without having been told; the first after"
      " {:.2f} s, then in each tenth of the time {} (even: {})\n",
      exit_code, tally.back_ns.size(), tally.unannounced, static_cast<double>(first) / 1e9, fmt::join(parts, " "),
      tally.back_ns.size() / parts_of_a_drain);
}

}  // namespace

bool run_storm(const storm_options& options) {
  if (options.users < options.rooms || options.clients < options.users)
    throw std::invalid_argument("there are at least as many users as rooms, and as many clients as users");
  own_cluster cluster(options.parleyd, options.settings,
                      {"-c", "shared_preload_libraries=pg_stat_statements", "-c", "pg_stat_statements.max=10000"});
  storm_load load(options, cluster.nodes(), make_storm_people(options, cluster.nodes()));
  load.connect();
  std::fprintf(stderr, "%zu clients are connected\n", options.clients);
  const query_count queries(cluster.store_url());
  queries.begin();
  load.run(options.seconds);
  const auto usual_in_a_second = static_cast<double>(calls_of(queries.read())) / options.seconds;
  queries.begin();
  const std::size_t first_read = options.drain ? 1 : 0;
  const auto before = read(cluster, first_read);
  std::future<int> exit_code;
  if (options.drain) {
    const auto stop = [&] { exit_code = std::async(std::launch::async, [&] { return cluster.terminate_first(); }); };
    load.drain_and_return(stop, options.bound);
  } else {
    load.cut_and_return(options.bound);
  }
  const auto statements = queries.read();
  const auto after = read(cluster, first_read);
  load.run(options.seconds);
  load.settle(options.bound);
  const auto tally = load.judge();
  print(options, tally);
  const int code = options.drain ? exit_code.get() : 0;
  if (options.drain) print_drain(tally, code);
  const auto back_ns = tally.back_ns.empty() ? 0 : *std::max_element(tally.back_ns.begin(), tally.back_ns.end());
  print_statements(statements, usual_in_a_second * static_cast<double>(back_ns) / 1e9, options.clients);
  const auto grew = [&](const char* name) {
    const auto was = before.counters.find(name);
    const auto is = after.counters.find(name);
    return (is == after.counters.end() ? 0 : is->second) - (was == before.counters.end() ? 0 : was->second);
  };
  fmt::print("events replayed from memory {:.0f}, from tails in Redis {:.0f}, from the store {:.0f} in {:.0f} pages\n",
             grew("parley_replay_events_ring_total"), grew("parley_replay_events_tail_total"),
             grew("parley_replay_events_store_total"), grew("parley_replay_pages_store_total"));
  double load_average = 0;
  (void)::getloadavg(&load_average, 1);
  fmt::print("CPU of the storm: {} {:.2f} s, PostgreSQL {:.2f} s, the tool {:.2f} s; load average {:.1f}\n",
             options.drain ? "the node that stays" : "both nodes", after.node_cpu - before.node_cpu,
             after.database_cpu - before.database_cpu, after.tool_cpu - before.tool_cpu, load_average);
  return tally.lost == 0 && tally.doubled == 0 && tally.not_live == 0 && tally.unacknowledged == 0 &&
         tally.unannounced == 0 && code == 0;
}

}  // namespace parley::bench
