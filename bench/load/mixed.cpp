// The world, the run, and the report.
#include "load/mixed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "load/measured_server.hpp"
#include "load/mixed_load.hpp"
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

load_report report_of(const mixed_options& options, const measured_server& server, mixed_figures figures) {
  load_report report;
  report.scenario = "mixed";
  report.title =
      fmt::format("{:.0f} operations a second in {} rooms of {} and, one in {}, of {}, {} B, {:.0f} s", options.rate,
                  options.rooms, options.small, rooms_a_large_one, options.large, options.size, options.seconds);
  report.server = server.name();
  report.options = {{"rooms", static_cast<double>(options.rooms)},
                    {"small", static_cast<double>(options.small)},
                    {"large", static_cast<double>(options.large)},
                    {"size", static_cast<double>(options.size)},
                    {"rate", options.rate},
                    {"seconds", options.seconds},
                    {"seed", static_cast<double>(options.seed)}};
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
                              *figures.cpu_seconds * 1e6 / (options.rate * figures.seconds), "us"});
  }
  report.course = std::move(figures.course);
  return report;
}

}  // namespace

bool run_mixed(const mixed_options& options) {
  validate(options.server);
  const measured_server server(options.server);
  std::vector<std::size_t> sizes(options.rooms, options.small);
  for (std::size_t room = rooms_a_large_one - 1; room < options.rooms; room += rooms_a_large_one)
    sizes[room] = options.large;
  const auto world = make_load_world(server.address(), sizes);
  const auto end = options.warm_up + options.seconds;
  mixed_load load(server.address(), world, options, [&](const load_second& second) { show_progress(second, end); });
  const auto report = report_of(options, server, load.run(server.watch()));
  end_line();
  tell(report, options.report);
  return report.troubles.is_complete() && report.troubles.refused == 0;
}

}  // namespace parley::bench
