// /proc/PID, or what the node says of its process in Prometheus' format.
#include "report/server_watch.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "rest.hpp"
#include "support/process_times.hpp"

namespace parley::bench {
namespace {

std::optional<double> sample_in(std::string_view metrics, std::string_view name) {
  const auto line = "\n" + std::string(name) + " ";
  const auto at = metrics.find(line);
  if (at == std::string_view::npos) return std::nullopt;
  return std::strtod(metrics.data() + at + line.size(), nullptr);
}

std::optional<double> resident_bytes_of(pid_t process) {
  std::ifstream statm("/proc/" + std::to_string(process) + "/statm");
  double total = 0, resident = 0;
  if (!(statm >> total >> resident)) return std::nullopt;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::optional<server_usage> usage_of(pid_t process) {
  const auto resident = resident_bytes_of(process);
  if (!resident) return std::nullopt;
  return server_usage{support::cpu_seconds_of(process), *resident};
}

std::optional<server_usage> usage_of(const support::target& server) {
  const auto metrics = call(server, {"GET", "/metrics", {}, {}, 1'000}).body;
  const auto cpu = sample_in(metrics, "parley_process_cpu_seconds_total");
  const auto resident = sample_in(metrics, "parley_process_resident_memory_bytes");
  if (!cpu || !resident) return std::nullopt;
  return server_usage{*cpu, *resident};
}

}  // namespace

std::optional<server_usage> server_watch::read() const {
  if (processes_.empty() && servers_.empty() && !usage_) return std::nullopt;
  server_usage sum;
  const auto add = [&](const auto& one) {
    const auto usage = usage_of(one);
    if (!usage) return false;
    sum.cpu_seconds += usage->cpu_seconds;
    sum.resident_bytes += usage->resident_bytes;
    return true;
  };
  try {
    if (usage_) return usage_();
    const bool is_whole =
        std::all_of(processes_.begin(), processes_.end(), add) && std::all_of(servers_.begin(), servers_.end(), add);
    return is_whole ? std::optional(sum) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace parley::bench
