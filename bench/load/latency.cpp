// The server, the run or the trials, and the reports.
#include "load/latency.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "load/find_max.hpp"
#include "load/open_load.hpp"
#include "load/report.hpp"
#include "support/postgres_server.hpp"
#include "support/server_process.hpp"
#include "verify/options.hpp"

namespace parley::bench {
namespace {

/// Of one trial, when the highest rate is looked for: long enough for a p99, short enough to try ten.
constexpr double trial_seconds = 5;
constexpr double trial_warm_up = 1;

class latency_run {
 public:
  explicit latency_run(const latency_options& options) : options_(options) {
    start_server();
    world_ = make_load_world(node_, options.rooms, options.members);
    connect();
  }

  load_report run() {
    load_report report;
    report.options = options_;
    report.server = name_;
    if (options_.find_max) {
      find_max(report);
    } else {
      report.figures = measure(options_.rate, options_.warm_up, options_.seconds);
      if (!report.figures.broken.empty()) throw std::runtime_error("a connection ended: " + report.figures.broken);
    }
    return report;
  }

 private:
  void start_server() {
    if (!options_.node_url.empty()) {
      node_ = parse_node(options_.node_url);
      name_ = "the node at " + options_.node_url;
      watch_ = options_.process ? server_watch(*options_.process) : server_watch(node_);
      return;
    }
    auto settings = options_.settings;
    // Log-ins are not what is measured.
    settings.insert(settings.begin(), "auth.password_memory_kib=64");
    if (options_.store == "postgres") {
      database_.emplace();
      settings.insert(settings.begin(), "store.url=" + database_->new_database());
    }
    server_.emplace(support::server_process::parleyd(options_.parleyd, settings));
    node_ = server_->address();
    name_ = options_.store == "postgres" ? "one node on PostgreSQL" : "one node on SQLite";
    watch_ = server_watch(server_->pid());
  }

  load_figures measure(double rate, double warm_up, double seconds) {
    end_ = warm_up + seconds;
    const auto before = database_cpu();
    auto figures = load_->run(rate, warm_up, seconds, *watch_);
    // Of all messages: PostgreSQL is not read at the warm-up's end.
    const auto whole =
        figures.deliveries > 0 ? static_cast<double>(figures.deliveries) * (warm_up + seconds) / seconds : 0;
    if (before && whole > 0) figures.database_cpu_us = (*database_cpu() - *before) * 1e6 / whole;
    std::fputc('\n', stderr);
    return figures;
  }

  /// With new connections.
  void connect() {
    load_.emplace(world_, options_.size, [this](const load_second& second) { show(second); });
    load_->connect(node_);
  }

  void find_max(load_report& report) {
    report.highest_rate = find_max_rate(options_.rate, [&](double rate) {
      auto figures = measure(rate, trial_warm_up, trial_seconds);
      const auto objection = objection_to(figures, options_.level);
      const auto& level = options_.level;
      const auto measured = level.share < 1 ? figures.delivery.quantile_ms(level.share) : figures.delivery.max_ms();
      report.trials.push_back({rate, measured, objection});
      std::fprintf(stderr, "%.0f messages a second: %s\n", rate, objection.empty() ? "held" : objection.c_str());
      if (!figures.broken.empty()) connect();
      if (objection.empty() || report.figures.rate == 0) report.figures = std::move(figures);
      return objection.empty();
    });
  }

  [[nodiscard]] std::optional<double> database_cpu() const {
    return database_ ? std::optional(database_->cpu_seconds()) : std::nullopt;
  }

  void show(const load_second& second) const {
    std::fprintf(stderr,
                 "\r%4.0f s  %7llu sent  %8llu delivered  p50 %8.2f  p99 %8.2f  max %8.2f ms  refused %llu  cpu %4.2f  "
                 "%4.0f s left  ",
                 second.at, static_cast<unsigned long long>(second.sent),
                 static_cast<unsigned long long>(second.delivered), second.p50_ms, second.p99_ms, second.max_ms,
                 static_cast<unsigned long long>(second.refused), second.cpu.value_or(0),
                 std::max(0.0, end_ - second.at));
  }

  const latency_options& options_;
  std::optional<support::postgres_server> database_;
  std::optional<support::server_process> server_;
  support::target node_;
  std::string name_;
  std::optional<server_watch> watch_;
  load_world world_;
  std::optional<open_load> load_;
  double end_ = 0;
};

}  // namespace

bool run_latency(const latency_options& options) {
  validate(options);
  const auto report = latency_run(options).run();
  std::fputs((options.json ? to_json(report) : to_text(report)).c_str(), stdout);
  if (!options.report.empty()) {
    std::ofstream file(options.report);
    file << to_html(report);
    if (!file.flush()) throw std::runtime_error("cannot write " + options.report);
    std::fprintf(stderr, "%s\n", options.report.c_str());
  }
  if (options.find_max) return report.highest_rate > 0;
  return report.figures.is_complete() && report.figures.refused == 0;
}

}  // namespace parley::bench
