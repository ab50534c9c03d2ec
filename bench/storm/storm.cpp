// A storm from its beginning to its report.
#include "storm/storm.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <map>
#include <stdexcept>

#include "across/own_cluster.hpp"
#include "report/progress.hpp"
#include "storm/report.hpp"
#include "support/process_times.hpp"

namespace parley::bench {
namespace {

/// Clients, whose sessions the store is asked for together.
constexpr std::size_t many = 1'000;
constexpr double marking_seconds = 1;

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

void set_costs(storm_findings& found, const storm_readings& before, const storm_readings& after) {
  const auto grew = [&](const char* name) {
    const auto was = before.counters.find(name);
    const auto is = after.counters.find(name);
    return (is == after.counters.end() ? 0 : is->second) - (was == before.counters.end() ? 0 : was->second);
  };
  found.ring_events = grew("parley_replay_events_ring_total");
  found.tail_events = grew("parley_replay_events_tail_total");
  found.store_events = grew("parley_replay_events_store_total");
  found.store_pages = grew("parley_replay_pages_store_total");
  found.node_cpu = after.node_cpu - before.node_cpu;
  found.database_cpu = after.database_cpu - before.database_cpu;
  found.tool_cpu = after.tool_cpu - before.tool_cpu;
  (void)::getloadavg(&found.load_average, 1);
}

}  // namespace

bool run_storm(const storm_options& options) {
  if (options.users < options.rooms || options.clients < options.users)
    throw std::invalid_argument("there are at least as many users as rooms, and as many clients as users");
  own_cluster cluster(options.parleyd, options.settings,
                      {"-c", "shared_preload_libraries=pg_stat_statements", "-c", "pg_stat_statements.max=10000"});
  // A node that is stopped cannot be read behind it.
  const std::size_t first_read = options.drain ? 1 : 0;
  storm_load load(options, cluster.nodes(), make_storm_people(options, cluster.nodes()),
                  server_watch(cluster.pids(first_read)));
  load.connect();
  std::fprintf(stderr, "%zu clients are connected\n", options.clients);
  const query_count queries(cluster.store_url());
  if (options.unread) {
    load.mark_read();
    load.run(marking_seconds);
  }
  queries.begin();
  load.run(options.seconds);
  const auto usual_in_a_second = calls_of(queries.read()) / options.seconds;
  queries.begin();
  const auto before = read(cluster, first_read);
  std::future<int> exit_code;
  if (options.drain) {
    const auto stop = [&] { exit_code = std::async(std::launch::async, [&] { return cluster.terminate_first(); }); };
    load.drain_and_return(stop, options.bound);
  } else {
    load.cut_and_return(options.bound);
  }
  storm_findings found;
  found.statements = queries.read();
  const auto after = read(cluster, first_read);
  load.run(options.seconds);
  load.settle(options.bound);
  end_line();
  found.tally = load.judge();
  if (options.drain) found.exit_code = exit_code.get();
  const auto& back_ns = found.tally.back_ns;
  const auto last_back_ns = back_ns.empty() ? 0 : *std::max_element(back_ns.begin(), back_ns.end());
  found.usual_statements = usual_in_a_second * static_cast<double>(last_back_ns) / 1e9;
  if (!options.drain && options.clients >= many) {
    found.statements_each =
        (calls_of(found.statements) - found.usual_statements) / static_cast<double>(options.clients);
  }
  set_costs(found, before, after);
  const auto report = to_report(options, found);
  std::fputs((options.report.json ? to_json(report) : to_text(options, found)).c_str(), stdout);
  write_page({report}, options.report.page);
  return found.is_good();
}

}  // namespace parley::bench
