// /proc/PID, or what the node says of its process in Prometheus' format.
#include "load/server_watch.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/process_times.hpp"
#include "verify/rest.hpp"

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

}  // namespace

std::optional<server_usage> server_watch::read() const {
  try {
    if (process_) {
      const auto resident = resident_bytes_of(*process_);
      if (!resident) return std::nullopt;
      return server_usage{support::cpu_seconds_of(*process_), *resident};
    }
    const auto metrics = call(server_, {"GET", "/metrics", {}, {}, 1'000}).body;
    const auto cpu = sample_in(metrics, "parley_process_cpu_seconds_total");
    const auto resident = sample_in(metrics, "parley_process_resident_memory_bytes");
    if (!cpu || !resident) return std::nullopt;
    return server_usage{*cpu, *resident};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace parley::bench
