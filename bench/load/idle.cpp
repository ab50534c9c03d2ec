// Memory before and after the connecting, processor time while nothing happens.
#include "load/idle.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>

#include "across/background.hpp"
#include "load/crowd_clients.hpp"
#include "load/measured_server.hpp"
#include "load/pace.hpp"
#include "report/progress.hpp"
#include "report/report.hpp"

namespace parley::bench {
namespace {

constexpr std::size_t connecting_at_once = 100;
constexpr double seconds_to_settle = 3;

server_usage usage_of(const measured_server& server) {
  const auto usage = server.watch().read();
  if (!usage) throw std::runtime_error("the server's CPU and memory cannot be read");
  return *usage;
}

}  // namespace

void run_idle(const idle_options& options) {
  validate(options.server);
  const measured_server server(options.server);
  const auto people = make_crowd(server.address(), options.users, options.rooms, options.rooms_each);
  crowd_clients clients(server.address(), people, warm_up_connections + options.connections,
                        [](std::size_t, std::string_view) {});
  clients.connect(0, warm_up_connections, connecting_at_once);
  clients.run_for(seconds_to_settle);
  const auto before = usage_of(server);
  clients.connect(warm_up_connections, options.connections, connecting_at_once);
  clients.run_for(seconds_to_settle);
  const auto after = usage_of(server);

  load_course course([&](const load_part& part) { show_progress(part, options.seconds); });
  const server_watch tool(::getpid());
  const auto tool_before = tool.read();
  const auto began = steady_ns();
  course.begin(began, server.watch());
  for (double second = 0; second < options.seconds; ++second) {
    clients.run_for(1);
    course.tick(steady_ns(), server.watch());
  }
  const auto end = usage_of(server);
  const auto idled = static_cast<double>(steady_ns() - began) / 1e9;
  const auto tool_after = tool.read();
  end_line();

  load_report report;
  report.scenario = "idle";
  report.title = fmt::format("{} idle connections of {} users, each in {} of {} rooms", options.connections,
                             options.users, options.rooms_each, options.rooms);
  report.server = server.name();
  report.options = {{"connections", static_cast<double>(options.connections)},
                    {"users", static_cast<double>(options.users)},
                    {"rooms", static_cast<double>(options.rooms)},
                    {"rooms_each", static_cast<double>(options.rooms_each)},
                    {"seconds", idled}};
  report.troubles.broken = clients.broken();
  const auto connections = static_cast<double>(options.connections);
  const auto all = static_cast<double>(options.connections + warm_up_connections);
  report.figures = {
      {"resident_kib", "memory of a connection", (after.resident_bytes - before.resident_bytes) / 1024 / connections,
       "KiB"},
      {"connect_cpu_us", "CPU to connect one", (after.cpu_seconds - before.cpu_seconds) * 1e6 / connections, "us"},
      {"idle_cpu_us", "CPU of an idle one in a second", (end.cpu_seconds - after.cpu_seconds) * 1e6 / all / idled,
       "us"}};
  if (tool_before && tool_after) {
    report.figures.push_back(
        {"tool_cores", "the tool's own CPU", (tool_after->cpu_seconds - tool_before->cpu_seconds) / idled, "cores"});
    report.figures.push_back({"tool_mib", "its memory", tool_after->resident_bytes / (1024.0 * 1024), "MiB"});
  }
  // What comes to them is not looked at.
  report.verdict = clients.broken().empty() ? report_verdict{"all stayed connected", true}
                                            : report_verdict{"a connection ended: " + clients.broken(), false};
  report.course = course.take();
  tell(report, options.report);
  if (!clients.broken().empty()) throw std::runtime_error("a connection ended: " + clients.broken());
}

}  // namespace parley::bench
