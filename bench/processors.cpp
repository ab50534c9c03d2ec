// By the scheduler's affinity, which processes inherit.
#include "processors.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace parley::bench {

on_processor::on_processor(int number) {
  ::sched_getaffinity(0, sizeof before_, &before_);
  if (number < 0) return;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<unsigned>(number), &only);
  if (::sched_setaffinity(0, sizeof only, &only) != 0)
    throw std::runtime_error(fmt::format("processor {}: {}", number, std::strerror(errno)));
}

on_processor::~on_processor() { ::sched_setaffinity(0, sizeof before_, &before_); }

processors choose_processors() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return {};
  processors chosen;
  for (int number = 0; number < CPU_SETSIZE && chosen.tool < 0; ++number) {
    if (!CPU_ISSET(static_cast<unsigned>(number), &allowed)) continue;
    (chosen.server < 0 ? chosen.server : chosen.tool) = number;
  }
  return chosen;
}

int servers_processor(bool pin) {
  if (!pin) return -1;
  static const processors chosen = choose_processors();
  if (chosen.server < 0) throw std::runtime_error("--pin needs two processors that this process may use");
  static const on_processor here(chosen.tool);
  return chosen.server;
}

std::string describe(const processors& chosen) {
  if (chosen.server < 0) return "servers and load tool share the only processor: nothing is pinned";
  return fmt::format("servers and databases on processor {}, the load tool on {}", chosen.server, chosen.tool);
}

}  // namespace parley::bench
