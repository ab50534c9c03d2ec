// The affinity mask, which std::thread::hardware_concurrency() does not look at everywhere.
#include "parley/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace parley {

unsigned usable_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  // Fails where the system has more processors than fit into the set, 1,024.
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return std::max(1U, std::thread::hardware_concurrency());
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&allowed)));
}

}  // namespace parley
