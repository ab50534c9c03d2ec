// Parts of a run, and how they look while they pass.
#include "report/course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/progress.hpp"

namespace parley::bench {
namespace {

/// Two looks at the clock may be the same.
double seconds_between(std::int64_t from_ns, std::int64_t to_ns) {
  return static_cast<double>(std::max<std::int64_t>(1, to_ns - from_ns)) / 1e9;
}

void set_times(load_part& part, const latency_histogram& times) {
  part.p50_ms = times.quantile_ms(0.5);
  part.p99_ms = times.quantile_ms(0.99);
  part.max_ms = times.max_ms();
}

}  // namespace

void load_course::begin(std::int64_t now_ns, const server_watch& server) {
  parts_.clear();
  part_ = {};
  times_ = {};
  times_before_ = {};
  begin_ns_ = part_began_ns_ = now_ns;
  amiss_.reset();
  amiss_before_ = 0;
  usage_before_ = server.read();
}

void load_course::tick(std::int64_t now_ns, const server_watch& server) {
  if (now_ns - part_began_ns_ >= part_ns_) end_part(now_ns, server);
}

void load_course::end(std::int64_t now_ns, const server_watch& server) {
  if (!parts_.empty() && now_ns - part_began_ns_ < part_ns_ / 2) return add_rest(now_ns, server);
  part_.is_last = true;
  end_part(now_ns, server);
}

void load_course::end_part(std::int64_t now_ns, const server_watch& server) {
  const auto usage = server.read();
  part_.at = static_cast<double>(now_ns - begin_ns_) / 1e9;
  part_.length = seconds_between(part_began_ns_, now_ns);
  set_times(part_, times_);
  if (usage && usage_before_) {
    part_.cpu = (usage->cpu_seconds - usage_before_->cpu_seconds) / part_.length;
    if (usage->resident_bytes > 0) part_.resident_mib = usage->resident_bytes / (1024.0 * 1024);
  }
  if (amiss_) part_.amiss = *amiss_ - std::exchange(amiss_before_, *amiss_);
  parts_.push_back(part_);
  if (on_part_) on_part_(part_);
  part_ = {};
  times_before_ = times_;
  times_ = {};
  usage_before_ = usage;
  part_began_ns_ = now_ns;
}

/// By itself it would say little, and of CPU next to nothing, see short_part_ns().
void load_course::add_rest(std::int64_t now_ns, const server_watch& server) {
  auto& last = parts_.back();
  const auto usage = server.read();
  const auto length = last.length + seconds_between(part_began_ns_, now_ns);
  if (usage && usage_before_ && last.cpu)
    last.cpu = (*last.cpu * last.length + usage->cpu_seconds - usage_before_->cpu_seconds) / length;
  last.at = static_cast<double>(now_ns - begin_ns_) / 1e9;
  last.length = length;
  last.sent += part_.sent;
  last.acknowledged += part_.acknowledged;
  last.delivered += part_.delivered;
  last.refused += part_.refused;
  times_before_.merge(times_);
  set_times(last, times_before_);
  if (amiss_) last.amiss = last.amiss.value_or(0) + (*amiss_ - std::exchange(amiss_before_, *amiss_));
  last.is_last = true;
  if (on_part_) on_part_(last);
}

std::int64_t short_part_ns(const server_watch& server) { return server.asks() ? 1'000'000'000 : 100'000'000; }

std::string to_text(const load_part& part, std::optional<double> end) {
  // Some loads look at their acks only.
  const bool has_deliveries = part.delivered > 0 || part.acknowledged == 0;
  const auto in_a_second = [&](std::uint64_t count) { return static_cast<double>(count) / part.length; };
  const int digits = part.length < 0.9 ? 1 : 0;
  return fmt::format(
      "{:4.{}f} s  {:7.0f} sent/s  {:8.0f} {}/s  p50 {:8.2f}  p99 {:8.2f}  max {:8.2f} ms  refused {}{}"
      "  cpu {:4.2f}{}",
      part.at, digits, in_a_second(part.sent), in_a_second(has_deliveries ? part.delivered : part.acknowledged),
      has_deliveries ? "delivered" : "acknowledged", part.p50_ms, part.p99_ms, part.max_ms, part.refused,
      part.amiss ? fmt::format("  amiss {}", *part.amiss) : "", part.cpu.value_or(0),
      end ? fmt::format("  {:4.{}f} s left", std::max(0.0, *end - part.at), digits) : "");
}

void show_progress(const load_part& part, std::optional<double> end) { show_progress(part, to_text(part, end)); }

void show_progress(const load_part& part, const std::string& text) {
  const bool ends_a_second = std::floor(part.at) > std::floor(part.at - part.length);
  if (part.is_last || ends_a_second) return show_line(text);
  show_passing(text);
}

}  // namespace parley::bench
