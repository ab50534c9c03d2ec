// The world, the run or the trials, and the report.
#include "load/mixed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "load/figures.hpp"
#include "load/find_max.hpp"
#include "load/measured_server.hpp"
#include "load/mixed_load.hpp"
#include "load/pace.hpp"
#include "report/progress.hpp"

namespace parley::bench {
namespace {

constexpr std::size_t rooms_a_large_one = 5;

struct operation_name {
  operation what;
  const char* key;
  const char* name;
};
constexpr operation_name names[] = {
    {operation::send, "send", "message: from its time to its ack"},
    {operation::react, "react", "reaction"},
    {operation::type, "typing", "typing"},
    {operation::read, "read", "reading"},
    {operation::come_back, "come_back", "coming back: until all that was missed is there"},
    {operation::history, "history", "history by REST, a connection each"},
};

/// With new connections.
mixed_figures measure_mix(const mixed_options& options, const measured_server& server, const load_world& world) {
  const auto end = options.warm_up + options.seconds;
  mixed_load load(server.address(), world, options, [&](const load_part& part) { show_progress(part, end); });
  auto figures = load.run(server.watch());
  end_line();
  return figures;
}

/// At the highest rate; at the first one, when none was held.
mixed_figures find_max_of_mix(load_report& report, const mixed_options& options, const measured_server& server,
                              const load_world& world) {
  mixed_figures best;
  auto trial = options;
  trial.warm_up = std::min(options.warm_up, trial_warm_up);
  trial.seconds = std::min(options.seconds, trial_seconds);
  report.level = options.level;
  report.highest_rate = find_max_rate(options.rate, [&](double rate) {
    wait_for_search(server.address());
    trial.rate = rate;
    auto figures = measure_mix(trial, server, world);
    const bool is_held = note_trial(report, figures);
    if (is_held || report.trials.size() == 1) best = std::move(figures);
    return is_held;
  });
  return best;
}

void describe(load_report& report, const mixed_options& options, const measured_server& server, mixed_figures figures) {
  report.title =
      fmt::format("{:.0f} operations a second in {} rooms of {} and, one in {}, of {}, {} B, {:.0f} s", figures.rate,
                  options.rooms, options.small, rooms_a_large_one, options.large, options.size, figures.seconds);
  report.server = server.name();
  report.options = {{"rooms", static_cast<double>(options.rooms)},
                    {"small", static_cast<double>(options.small)},
                    {"large", static_cast<double>(options.large)},
                    {"size", static_cast<double>(options.size)},
                    {"rate", figures.rate},
                    {"seconds", figures.seconds},
                    {"seed", static_cast<double>(options.seed)},
                    {"late_sends", static_cast<double>(figures.late)}};
  report.troubles = std::move(figures.troubles);
  report.latencies.push_back({"delivery", "delivery of a message: from its time", figures.delivery});
  for (const auto& [what, key, name] : names)
    report.latencies.push_back({key, name, figures.times[static_cast<std::size_t>(what)]});
  report.latencies.push_back({"send_delay", "the tool's own delay", figures.delay});
  report.figures.push_back({"deliveries_per_second", "deliveries of messages",
                            static_cast<double>(figures.deliveries) / figures.seconds, "a second"});
  if (figures.cpu_seconds) {
    report.figures.push_back({"server_cores", "the server's CPU", *figures.cpu_seconds / figures.seconds, "cores"});
    report.figures.push_back({"server_cpu_us", "the server's CPU for an operation",
                              *figures.cpu_seconds * 1e6 / (figures.rate * figures.seconds), "us"});
  }
  report.course = std::move(figures.course);
}

}  // namespace

bool run_mixed(const mixed_options& options) {
  validate(options.server);
  const measured_server server(options.server);
  std::vector<std::size_t> sizes(options.rooms, options.small);
  for (std::size_t room = rooms_a_large_one - 1; room < options.rooms; room += rooms_a_large_one)
    sizes[room] = options.large;
  const auto world = make_load_world(server.address(), sizes);
  load_report report;
  report.scenario = "mixed";
  report.rated = "operations";
  describe(report, options, server,
           options.find_max ? find_max_of_mix(report, options, server, world) : measure_mix(options, server, world));
  tell(report, options.report);
  if (options.find_max) return report.highest_rate > 0;
  return report.troubles.is_complete() && report.troubles.refused == 0;
}

}  // namespace parley::bench
