// A run for each rate, with the probes beside it.
#include "across/across.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "across/across_load.hpp"
#include "across/own_cluster.hpp"
#include "across/probes.hpp"
#include "across/report.hpp"
#include "report/progress.hpp"
#include "rest.hpp"
#include "support/process_times.hpp"
#include "verify/options.hpp"

namespace parley::bench {
namespace {

// Often enough for a p99 of some seconds, and nothing beside the load.
constexpr double hops_per_second = 100;
constexpr double commits_per_second = 50;
constexpr std::int64_t lead_ns = 100'000'000;

/// Everything that only grows, at one moment.
struct across_readings {
  double node_cpu = 0, database_cpu = 0, tool_cpu = 0;
  histogram_counts transactions;
};

class across_run {
 public:
  explicit across_run(const across_options& options) : options_(options) {
    if (options.node_urls.empty()) {
      own_.emplace(options.parleyd, options.settings);
      nodes_ = own_->nodes();
      redis_url_ = own_->redis_url();
      store_url_ = own_->store_url();
    } else {
      for (const auto& url : options.node_urls) nodes_.push_back(parse_node(url));
      redis_url_ = options.redis_url;
      store_url_ = options.store_url;
    }
    // Nodes elsewhere would have to be asked for their /metrics, for which the receivers would wait.
    load_.emplace(make_across_rooms(nodes_[0], nodes_[1], options.rooms), options.size,
                  server_watch(own_ ? own_->pids() : std::vector<pid_t>()));
    load_->connect(nodes_[0], nodes_[1]);
  }

  /// When it has no figures it has said why.
  across_figures run(double rate) {
    std::fprintf(stderr, "%.0f messages a second for %.0f s\n", rate, options_.warm_up + options_.seconds);
    std::unique_ptr<probe> hops, commits;
    if (!redis_url_.empty()) hops = start_hop_probe(parse_redis_address(redis_url_), options_.size, hops_per_second);
    if (!store_url_.empty()) commits = start_commit_probe(store_url_, options_.size, commits_per_second);
    const send_schedule schedule(rate, options_.warm_up, options_.seconds, steady_ns() + lead_ns);
    load_->begin(schedule);
    sleep_until_ns(schedule.measured_from_ns());
    const auto before = read();
    auto tally = load_->finish();
    const auto after = read();
    end_line();
    across_figures out;
    out.rate = rate;
    out.course = load_->take_course();
    const auto times = [&](probe& each, const char* key, const char* name) {
      auto took_ns = times_between(each.finish(), schedule.measured_from_ns(), schedule.end_ns());
      return add_times(out, key, name, std::move(took_ns));
    };
    out.objection = objection_to(tally);
    out.messages = tally.deliveries_ns.size();
    out.delivery = add_times(out, "delivery", "delivery: from its time to the other node's client",
                             std::move(tally.deliveries_ns));
    out.ack = add_times(out, "ack", "ack: from its time to the sender", std::move(tally.acks_ns));
    out.delay = add_times(out, "send_delay", "send: after its time (the tool's own delay)", std::move(tally.delays_ns));
    if (hops) out.hop = times(*hops, "raw_hop", "raw hop: XADD to a waiting XREAD");
    if (commits) out.commit = times(*commits, "commit", "commit of one row");
    if (out.objection.empty()) {
      set_costs(out, before, after);
    } else {
      std::fprintf(stderr, "parley-bench: no figures at %.0f messages a second: %s\n", rate, out.objection.c_str());
    }
    return out;
  }

 private:
  static percentiles add_times(across_figures& out, const char* key, const char* name,
                               std::vector<std::int64_t> values_ns) {
    named_latency all{key, name, {}};
    for (const auto value : values_ns) all.times.add(value);
    out.latencies.push_back(std::move(all));
    return percentiles_of(std::move(values_ns));
  }

  [[nodiscard]] across_readings read() const {
    across_readings out;
    if (own_) {
      out.node_cpu = own_->node_cpu_seconds();
      out.database_cpu = own_->database_cpu_seconds();
    }
    out.tool_cpu = support::cpu_seconds_of(::getpid());
    // A cluster may keep its metrics to itself; then they are left out.
    const auto metrics = call(nodes_[0], {"GET", "/metrics", {}, {}});
    if (metrics.status == 200) out.transactions = read_histogram(metrics.body, "parley_commit_seconds");
    return out;
  }

  void set_costs(across_figures& out, const across_readings& before, const across_readings& after) const {
    const auto us_each = [&](double seconds) { return seconds * 1e6 / static_cast<double>(out.messages); };
    if (own_) {
      out.node_cpu_us = us_each(after.node_cpu - before.node_cpu);
      out.database_cpu_us = us_each(after.database_cpu - before.database_cpu);
    }
    out.tool_cpu_us = us_each(after.tool_cpu - before.tool_cpu);
    out.transactions = growth(before.transactions, after.transactions);
    (void)::getloadavg(&out.load_average, 1);
  }

  const across_options& options_;
  std::optional<own_cluster> own_;
  std::vector<support::target> nodes_;
  std::string redis_url_, store_url_;
  std::optional<across_load> load_;
};

}  // namespace

bool run_across(const across_options& options) {
  validate(options);
  across_run measuring(options);
  std::vector<across_figures> runs;
  std::vector<load_report> reports;
  for (const auto rate : options.rates) {
    auto figures = measuring.run(rate);
    reports.push_back(to_report(options, figures));
    if (!figures.objection.empty()) break;
    if (!options.report.json) {
      fmt::print("{}", to_text(options, figures));
      std::fflush(stdout);
    }
    runs.push_back(std::move(figures));
  }
  const bool is_whole = runs.size() == options.rates.size();
  if (options.report.json && is_whole) fmt::print("{}", to_json(options, runs));
  write_page(reports, options.report.page);
  return is_whole;
}

}  // namespace parley::bench
