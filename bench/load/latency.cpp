// The server, the run or the trials, and the reports.
#include "load/latency.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <stdexcept>

#include "load/find_max.hpp"
#include "load/measured_server.hpp"
#include "load/open_load.hpp"
#include "load/pace.hpp"

namespace parley::bench {
namespace {

class latency_run {
 public:
  explicit latency_run(const latency_options& options)
      : options_(options),
        server_(options.server),
        world_(make_load_world(server_.address(), std::vector<std::size_t>(options.rooms, options.members))) {
    connect();
  }

  load_report run() {
    load_report report;
    load_figures figures;
    if (options_.find_max) {
      figures = find_max(report);
    } else {
      figures = measure(options_.rate, options_.warm_up, options_.seconds);
      if (!figures.troubles.broken.empty()) throw std::runtime_error("a connection ended: " + figures.troubles.broken);
    }
    describe(report, std::move(figures));
    return report;
  }

 private:
  load_figures measure(double rate, double warm_up, double seconds) {
    end_ = warm_up + seconds;
    const auto before = server_.database_cpu_seconds();
    auto figures = load_->run(rate, warm_up, seconds, server_.watch());
    // Of all messages: PostgreSQL is not read at the warm-up's end.
    const auto whole =
        figures.deliveries > 0 ? static_cast<double>(figures.deliveries) * (warm_up + seconds) / seconds : 0;
    if (before && whole > 0) figures.database_cpu_us = (*server_.database_cpu_seconds() - *before) * 1e6 / whole;
    std::fputc('\n', stderr);
    return figures;
  }

  /// With new connections.
  void connect() {
    load_.emplace(world_, options_.size, [this](const load_second& second) { show_progress(second, end_); });
    load_->connect(server_.address());
  }

  /// At the highest rate; at the first one, when none was held.
  load_figures find_max(load_report& report) {
    load_figures best;
    report.level = options_.level;
    report.highest_rate = find_max_rate(options_.rate, [&](double rate) {
      auto figures = measure(rate, trial_warm_up, trial_seconds);
      const auto objection = objection_to(figures, options_.level);
      const auto& level = options_.level;
      const auto measured = level.share < 1 ? figures.delivery.quantile_ms(level.share) : figures.delivery.max_ms();
      report.trials.push_back({rate, measured, objection});
      std::fprintf(stderr, "%.0f messages a second: %s\n", rate, objection.empty() ? "held" : objection.c_str());
      if (!figures.troubles.broken.empty()) connect();
      if (objection.empty() || report.trials.size() == 1) best = std::move(figures);
      return objection.empty();
    });
    return best;
  }

  void describe(load_report& report, load_figures figures) const {
    report.scenario = "latency";
    report.title = fmt::format("{:.0f} messages a second over {} rooms of {}, {} B, {:.0f} s", figures.rate,
                               options_.rooms, options_.members, options_.size, figures.seconds);
    report.server = server_.name();
    report.options = {{"rooms", static_cast<double>(options_.rooms)},
                      {"members", static_cast<double>(options_.members)},
                      {"size", static_cast<double>(options_.size)},
                      {"rate", figures.rate},
                      {"seconds", figures.seconds},
                      {"messages", static_cast<double>(figures.planned)},
                      {"acknowledged", static_cast<double>(figures.acknowledged)},
                      {"deliveries", static_cast<double>(figures.deliveries)},
                      {"late_sends", static_cast<double>(figures.late)}};
    report.troubles = std::move(figures.troubles);
    report.latencies = {{"delivery", "delivery: from its time to a receiver", figures.delivery},
                        {"ack", "ack: from its time to the sender", figures.ack},
                        {"send_delay", "send: after its time (the tool's own delay)", figures.delay}};
    if (figures.cpu_us)
      report.figures.push_back({"server_cpu_us", "the server's CPU for a delivery", *figures.cpu_us, "us"});
    if (figures.database_cpu_us)
      report.figures.push_back({"database_cpu_us", "PostgreSQL's CPU for a delivery", *figures.database_cpu_us, "us"});
    report.course = std::move(figures.course);
  }

  const latency_options& options_;
  measured_server server_;
  load_world world_;
  std::optional<open_load> load_;
  double end_ = 0;
};

}  // namespace

bool run_latency(const latency_options& options) {
  validate(options);
  const auto report = latency_run(options).run();
  tell(report, options.report);
  if (options.find_max) return report.highest_rate > 0;
  return report.troubles.is_complete() && report.troubles.refused == 0;
}

}  // namespace parley::bench
