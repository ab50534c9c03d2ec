// The pairs of runs, and their report.
#include "load/fanout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "load/measured_server.hpp"
#include "report/progress.hpp"
#include "storm/query_count.hpp"

namespace parley::bench {
namespace {

constexpr double most_warm_up = 1;

class fanout_pairs {
 public:
  explicit fanout_pairs(const fanout_options& options) : options_(options) {}

  load_report run() {
    load_report report;
    report.scenario = options_.scenario;
    for (int run = 0; run < options_.runs; ++run) {
      const auto ours = measure_parleyd(report);
      if (!options_.naive.empty()) {
        const auto naive = measure_naive();
        naive_us_.push_back(naive);
        ratios_.push_back(ours / naive);
      }
      ours_us_.push_back(ours);
    }
    describe(report);
    return report;
  }

 private:
  [[nodiscard]] std::size_t members() const { return options_.receivers + 1; }

  double measure_parleyd(load_report& report) {
    const measured_server server(options_.server);
    const auto world = make_load_world(server.address(), std::vector<std::size_t>(options_.rooms, members()));
    const auto database_before = server.database_cpu_seconds();
    const auto counters_before = sum_of_counters({server.address()});
    auto figures = measure(server.address(), world, server.watch(), options_.load);
    const auto database = server.database_cpu_seconds();
    const auto counters = sum_of_counters({server.address()});
    const auto grown = [&](const char* name) { return counters.at(name) - counters_before.at(name); };
    messages_per_commit_ = grown("parley_batch_commands_sum") / std::max(1.0, grown("parley_commits_total"));
    report.server = server.name();
    report.course = std::move(figures.course);
    report.latencies = {{"delivery", "delivery: from its send to a receiver", figures.delivery},
                        {"ack", "ack: from its send to the sender", figures.ack}};
    add(report.troubles, figures.troubles);
    messages_per_second_ = static_cast<double>(figures.acknowledged) / figures.seconds;
    deliveries_per_second_ = static_cast<double>(figures.deliveries) / figures.seconds;
    tool_share_ = figures.tool_cpu_seconds / figures.seconds;
    if (database && figures.deliveries > 0) {
      // Of the warm-up's and the last deliveries too: PostgreSQL is read before and behind all of them.
      const auto share = figures.seconds / (figures.seconds + warm_up());
      database_us_ = (*database - *database_before) * 1e6 * share / static_cast<double>(figures.deliveries);
    }
    print("parleyd", figures);
    return figures.cpu_us_per_delivery();
  }

  double measure_naive() {
    const auto server = start_naive(options_.server, options_.naive);
    const auto world = make_naive_world(std::vector<std::size_t>(options_.rooms, members()));
    auto load = options_.load;
    load.has_seqs = false;
    const auto figures = measure(server.address(), world, server_watch(server.pid()), load);
    print("naive", figures);
    return figures.cpu_us_per_delivery();
  }

  [[nodiscard]] double warm_up() const { return std::min(most_warm_up, options_.seconds / 4); }

  closed_figures measure(const support::target& node, const load_world& world, const server_watch& watch,
                         const closed_options& load) const {
    const auto end = warm_up() + options_.seconds;
    closed_load clients(node, world, load, [&](const load_part& part) { show_progress(part, end); });
    return clients.run(warm_up(), options_.seconds, watch);
  }

  void print(const char* name, const closed_figures& f) const {
    end_line();
    fmt::print(stderr,
               "{}: {:.0f} messages/s, {:.0f} deliveries/s, p50 {:.2f} ms, p99 {:.2f} ms, ack p50 {:.2f} ms p99 {:.2f}"
               " ms, server CPU {:.3f} us for a delivery, {}\n",
               name, static_cast<double>(f.acknowledged) / f.seconds, static_cast<double>(f.deliveries) / f.seconds,
               f.delivery.quantile_ms(0.5), f.delivery.quantile_ms(0.99), f.ack.quantile_ms(0.5),
               f.ack.quantile_ms(0.99), f.cpu_us_per_delivery(), to_text(f.troubles));
  }

  static void add(load_troubles& to, const load_troubles& more) {
    to.seqs.lost += more.seqs.lost;
    to.seqs.repeated += more.seqs.repeated;
    to.seqs.reordered += more.seqs.reordered;
    to.missing += more.missing;
    to.unanswered += more.unanswered;
    to.refused += more.refused;
    if (to.first_refusal.empty()) to.first_refusal = more.first_refusal;
    if (to.broken.empty()) to.broken = more.broken;
  }

  void describe(load_report& report) {
    report.title =
        fmt::format("{} rooms, {} receivers of a message, {} B, {} outstanding, {} x {:.0f} s", options_.rooms,
                    options_.receivers, options_.load.size, options_.load.outstanding, options_.runs, options_.seconds);
    report.options = {{"rooms", static_cast<double>(options_.rooms)},
                      {"receivers", static_cast<double>(options_.receivers)},
                      {"size", static_cast<double>(options_.load.size)},
                      {"outstanding", static_cast<double>(options_.load.outstanding)},
                      {"seconds", options_.seconds},
                      {"runs", static_cast<double>(options_.runs)}};
    auto& out = report.figures;
    out = {{"messages_per_second", "messages (of the last run)", messages_per_second_, "a second"},
           {"deliveries_per_second", "deliveries (of the last run)", deliveries_per_second_, "a second"},
           {"server_cpu_us", "the server's CPU for a delivery, median", median(ours_us_), "us"},
           {"messages_per_commit", "messages a transaction (of the last run)", messages_per_commit_, ""},
           {"tool_cores", "the tool's own CPU (of the last run)", tool_share_, "cores"}};
    if (database_us_) out.push_back({"database_cpu_us", "PostgreSQL's CPU for a delivery", *database_us_, "us"});
    if (ratios_.empty()) return;
    out.push_back({"naive_cpu_us", "the naive server's CPU for a delivery, median", median(naive_us_), "us"});
    out.push_back({"ratio", "parleyd / naive, median of the pairs", median(ratios_), ""});
    out.push_back({"ratio_min", "the least", ratios_.front(), ""});
    out.push_back({"ratio_max", "the greatest", ratios_.back(), ""});
  }

  /// Sorts them.
  static double median(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  const fanout_options& options_;
  std::vector<double> ours_us_, naive_us_, ratios_;
  double messages_per_second_ = 0, deliveries_per_second_ = 0, messages_per_commit_ = 0, tool_share_ = 0;
  std::optional<double> database_us_;
};

}  // namespace

bool run_fanout(const fanout_options& options) {
  validate(options.server);
  const auto report = fanout_pairs(options).run();
  tell(report, options.report);
  return report.troubles.is_complete() && report.troubles.refused == 0;
}

}  // namespace parley::bench
