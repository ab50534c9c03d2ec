// Seconds, and how they look while they pass.
#include "report/course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/progress.hpp"

namespace parley::bench {
namespace {

constexpr std::int64_t length_ns = 1'000'000'000;

}  // namespace

void load_course::begin(std::int64_t now_ns, const server_watch& server) {
  seconds_.clear();
  second_ = {};
  times_ = {};
  begin_ns_ = second_began_ns_ = now_ns;
  amiss_.reset();
  amiss_before_ = 0;
  usage_before_ = server.read();
}

void load_course::tick(std::int64_t now_ns, const server_watch& server) {
  if (now_ns - second_began_ns_ >= length_ns) end_second(now_ns, server);
}

void load_course::end_second(std::int64_t now_ns, const server_watch& server) {
  const auto usage = server.read();
  second_.at = static_cast<double>(now_ns - begin_ns_) / 1e9;
  second_.p50_ms = times_.quantile_ms(0.5);
  second_.p99_ms = times_.quantile_ms(0.99);
  second_.max_ms = times_.max_ms();
  if (usage && usage_before_) {
    second_.cpu =
        (usage->cpu_seconds - usage_before_->cpu_seconds) * 1e9 / static_cast<double>(now_ns - second_began_ns_);
    if (usage->resident_bytes > 0) second_.resident_mib = usage->resident_bytes / (1024.0 * 1024);
  }
  if (amiss_) second_.amiss = *amiss_ - std::exchange(amiss_before_, *amiss_);
  seconds_.push_back(second_);
  if (on_second_) on_second_(second_);
  second_ = {};
  times_ = {};
  usage_before_ = usage;
  second_began_ns_ = now_ns;
}

std::string to_text(const load_second& second, std::optional<double> end) {
  // Some loads look at their acks only.
  const bool has_deliveries = second.delivered > 0 || second.acknowledged == 0;
  return fmt::format(
      "{:4.0f} s  {:7} sent  {:8} {}  p50 {:8.2f}  p99 {:8.2f}  max {:8.2f} ms  refused {}{}"
      "  cpu {:4.2f}{}",
      second.at, second.sent, has_deliveries ? second.delivered : second.acknowledged,
      has_deliveries ? "delivered" : "acknowledged", second.p50_ms, second.p99_ms, second.max_ms, second.refused,
      second.amiss ? fmt::format("  amiss {}", *second.amiss) : "", second.cpu.value_or(0),
      end ? fmt::format("  {:4.0f} s left", std::max(0.0, *end - second.at)) : "");
}

void show_progress(const load_second& second, std::optional<double> end) { show_line(to_text(second, end)); }

}  // namespace parley::bench
