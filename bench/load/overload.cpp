// Full, half, too much, half again.
#include "load/overload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "across/background.hpp"
#include "load/find_max.hpp"
#include "load/measured_server.hpp"
#include "load/open_load.hpp"
#include "load/pace.hpp"
#include "report/progress.hpp"

namespace parley::bench {
namespace {

/// At most so long, and no longer than the overload.
constexpr double most_beside_seconds = 10;
/// A node's default, which nodes for the other scenarios do without.
constexpr double overload_ms = 500;
/// Where the search begins.
constexpr double first_rate = 2'000;
/// As full as can be, not as is pleasant: half of what a message may wait before others are refused.
const service_level full_load{"p99", 0.99, overload_ms / 2};
/// Half of what a connection may have unanswered before it is not read any more.
constexpr std::size_t most_unanswered = 32;

// What is asked for.
constexpr double most_growth_mib = 64;
constexpr double most_slower = 5;
constexpr int most_lowered = 6;
constexpr double lowered_to = 0.9;
/// Two equal loads differ by as much on a shared machine.
constexpr double as_before = 2;
constexpr double as_before_ms = 5;
/// A database cleans up behind a million messages.
constexpr double longest_recovery = 60;

double p99(const load_figures& figures) { return figures.ack.quantile_ms(0.99); }

bool is_as_before(const load_figures& after, const load_figures& before) {
  return p99(after) <= std::max(as_before * p99(before), p99(before) + as_before_ms);
}

class overload_run {
 public:
  explicit overload_run(const overload_options& options)
      : options_(options),
        server_(with_the_bound(options.server)),
        world_(make_load_world(server_.address(), std::vector<std::size_t>(options.rooms, options.members))),
        load_(world_, options.size, [this](const load_part& part) { show_progress(part, end_); }) {
    load_.connect(server_.address());
  }

  bool run() {
    auto full_rate = options_.full > 0 ? options_.full : find_full();
    if (full_rate <= 0) throw std::runtime_error("no rate is held");
    auto full = measure_behind_the_index(full_rate);
    // What was held for the moment of a trial may be too much for longer.
    for (int tries = 0; tries < most_lowered && options_.full <= 0 && !objection_to(full, full_load).empty(); ++tries) {
      full_rate *= lowered_to;
      full = measure_behind_the_index(full_rate);
    }
    if (options_.full <= 0 && !objection_to(full, full_load).empty())
      throw std::runtime_error("no rate is held for long");
    const auto before = measure_behind_the_index(full_rate / 2);
    load_.leave_out_above(most_unanswered);
    auto over = measure(full_rate * options_.times, options_.seconds);
    load_.leave_out_above(0);
    const auto indexing = wait_for_search(server_.address());
    const auto recovering_from = steady_ns();
    const auto recovered_by = [&] { return static_cast<double>(steady_ns() - recovering_from) / 1e9; };
    double recovered = 0;
    auto after = measure(full_rate / 2, beside_seconds_);
    bool is_whole = after.troubles.is_complete() && after.troubles.refused == 0;
    while (is_whole && !is_as_before(after, before) && recovered_by() < longest_recovery) {
      recovered = recovered_by();
      after = measure(full_rate / 2, beside_seconds_);
      is_whole = after.troubles.is_complete() && after.troubles.refused == 0;
    }

    const auto memory_before = full.course.back().resident_mib.value_or(0);
    double memory = memory_before;
    for (const auto& part : over.course) memory = std::max(memory, part.resident_mib.value_or(0));
    const auto memory_after = after.course.back().resident_mib.value_or(0);

    load_report report;
    report.scenario = "overload";
    report.title = fmt::format("{:.0f} messages a second, {:g} times what is held, over {} rooms of {}, {} B, {:.0f} s",
                               full_rate * options_.times, options_.times, options_.rooms, options_.members,
                               options_.size, options_.seconds);
    report.server = server_.name();
    report.options = {{"full_rate", full_rate}, {"times", options_.times}, {"seconds", options_.seconds}};
    report.latencies = {{"ack_half", "ack at half of the full load, before", before.ack},
                        {"ack_full", "ack at full load", full.ack},
                        {"ack_over", "ack at the overload", over.ack},
                        {"ack_after", "ack at half of the full load, afterwards", after.ack}};
    report.figures = {
        {"growth_mib", fmt::format("memory's growth (at most {:g})", most_growth_mib), memory - memory_before, "MiB"},
        {"growth_after_mib", "of which it had afterwards", memory_after - memory_before, "MiB"},
        {"slower", fmt::format("acks' p99, overload / full load (at most {:g})", most_slower), p99(over) / p99(full),
         ""},
        {"acknowledged_per_second", "acknowledged at the overload", per_second(over.acknowledged, over), "a second"},
        {"busy_per_second", "refused with busy", per_second(over.measured_busy, over), "a second"},
        {"left_out_per_second", "not sent, as much was unanswered", per_second(over.left_out, over), "a second"},
        {"indexed_after", "the search index came up with it after", indexing, "s"},
        {"as_before_after",
         fmt::format(
             "and then it took half of the load to be as quick as before, p99 at most {:g} times or {:g} ms more"
             " (at most {:g})",
             as_before, as_before_ms, longest_recovery),
         recovered, "s"},
        {"refused_otherwise", "refused for another reason", static_cast<double>(over.troubles.refused - over.busy),
         ""}};
    const bool is_kept = before.troubles.is_complete() && full.troubles.is_complete() && is_whole &&
                         over.troubles.is_complete() && over.troubles.refused == over.busy &&
                         memory - memory_before <= most_growth_mib && p99(over) <= most_slower * p99(full) &&
                         is_as_before(after, before);
    report.troubles = std::move(over.troubles);
    report.course = std::move(over.course);
    tell(report, options_.report);
    return is_kept;
  }

 private:
  static server_options with_the_bound(server_options options) {
    if (options.node_url.empty())
      options.settings.insert(options.settings.begin(), fmt::format("limits.overload_ms={:.0f}", overload_ms));
    return options;
  }

  static double per_second(std::uint64_t count, const load_figures& figures) {
    return static_cast<double>(count) / figures.seconds;
  }

  load_figures measure_behind_the_index(double rate) {
    wait_for_search(server_.address());
    return measure(rate, beside_seconds_);
  }

  load_figures measure(double rate, double seconds) {
    end_ = trial_warm_up + seconds;
    auto figures = load_.run(rate, trial_warm_up, seconds, server_.watch());
    end_line();
    fmt::print(stderr, "{:.0f} messages a second: acks' p99 {:.2f} ms, {}\n", rate, figures.ack.quantile_ms(0.99),
               to_text(figures.troubles));
    if (!figures.troubles.broken.empty()) throw std::runtime_error("a connection ended: " + figures.troubles.broken);
    return figures;
  }

  double find_full() {
    return find_max_rate(first_rate, [&](double rate) {
      wait_for_search(server_.address());
      return objection_to(measure(rate, trial_seconds), full_load).empty();
    });
  }

  const overload_options& options_;
  const double beside_seconds_ = std::min(options_.seconds, most_beside_seconds);
  measured_server server_;
  load_world world_;
  open_load load_;
  double end_ = 0;
};

}  // namespace

bool run_overload(const overload_options& options) {
  validate(options.server);
  return overload_run(options).run();
}

}  // namespace parley::bench
