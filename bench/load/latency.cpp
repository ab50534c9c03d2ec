// The server, the run or the trials, and the reports.
#include "load/latency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "across/probes.hpp"
#include "load/find_max.hpp"
#include "load/measured_server.hpp"
#include "load/open_load.hpp"
#include "load/pace.hpp"
#include "report/progress.hpp"

namespace parley::bench {
namespace {

/// So few that they do not load the server.
constexpr double commits_per_second = 50;
/// What a message may take at the median besides the commits.
constexpr double beside_commits_ms = 0.5;

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
      std::unique_ptr<probe> commits;
      if (is_compared() && server_.store_url())
        commits = start_commit_probe(*server_.store_url(), options_.size, commits_per_second);
      figures = measure(options_.rate, options_.warm_up, options_.seconds);
      if (!figures.troubles.broken.empty()) throw std::runtime_error("a connection ended: " + figures.troubles.broken);
      if (commits)
        for (const auto& sample : commits->finish()) commit_.add(sample.took_ns);
    }
    const auto delivery = figures.delivery;
    describe(report, std::move(figures));
    if (is_compared()) compare(report, delivery);
    return report;
  }

 private:
  [[nodiscard]] bool is_compared() const { return !options_.naive.empty(); }

  /// Behind the run, when the machine has nothing else to do: as many connections and messages, which come back at
  /// once.
  latency_histogram measure_echo() {
    const auto server = start_naive(options_.server, options_.naive);
    const auto world = make_naive_world(std::vector<std::size_t>(options_.rooms * options_.members, 1));
    const auto end = options_.warm_up + options_.seconds;
    open_load echo(world, options_.size, [&](const load_part& part) { show_progress(part, end); });
    echo.connect(server.address());
    const auto figures = echo.run(options_.rate, options_.warm_up, options_.seconds, server_watch(server.pid()));
    if (!figures.troubles.is_complete()) throw std::runtime_error("the echo: " + to_text(figures.troubles));
    return figures.ack;
  }

  /// A message goes to the store with the batch behind the one that is being committed, so that it waits for two
  /// commits at most, and takes its way through the sockets.
  void compare(load_report& report, const latency_histogram& delivery) {
    const auto echo = measure_echo();
    report.latencies.push_back({"echo", "bare Beast echo at that rate, behind the run", echo});
    if (commit_.count() == 0) return;
    report.latencies.push_back({"commit", "one INSERT and its commit, meanwhile", commit_});
    const auto p50 = 2 * commit_.quantile_ms(0.5) + beside_commits_ms;
    const auto p99 = commit_.quantile_ms(0.99) + echo.quantile_ms(0.99);
    report.figures.push_back({"p50_ratio", fmt::format("delivery's p50 / (2 commits + {:g} ms)", beside_commits_ms),
                              delivery.quantile_ms(0.5) / p50, ""});
    report.figures.push_back(
        {"p99_ratio", "delivery's p99 / (commit's p99 + echo's p99)", delivery.quantile_ms(0.99) / p99, ""});
  }

  load_figures measure(double rate, double warm_up, double seconds) {
    end_ = warm_up + seconds;
    const auto before = server_.database_cpu_seconds();
    auto figures = load_->run(rate, warm_up, seconds, server_.watch());
    // Of all messages: PostgreSQL is not read at the warm-up's end.
    const auto whole =
        figures.deliveries > 0 ? static_cast<double>(figures.deliveries) * (warm_up + seconds) / seconds : 0;
    if (before && whole > 0) figures.database_cpu_us = (*server_.database_cpu_seconds() - *before) * 1e6 / whole;
    end_line();
    return figures;
  }

  /// With new connections.
  void connect() {
    load_.emplace(world_, options_.size, [this](const load_part& part) { show_progress(part, end_); });
    load_->connect(server_.address());
  }

  /// At the highest rate; at the first one, when none was held.
  load_figures find_max(load_report& report) {
    load_figures best;
    report.level = options_.level;
    report.highest_rate = find_max_rate(options_.rate, [&](double rate) {
      wait_for_search(server_.address());
      auto figures =
          measure(rate, std::min(options_.warm_up, trial_warm_up), std::min(options_.seconds, trial_seconds));
      const bool is_held = note_trial(report, figures);
      if (!figures.troubles.broken.empty()) connect();
      if (is_held || report.trials.size() == 1) best = std::move(figures);
      return is_held;
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
  latency_histogram commit_;
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
