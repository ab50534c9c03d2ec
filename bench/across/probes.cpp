// Which samples count.
#include "across/probes.hpp"

namespace parley::bench {

std::vector<std::int64_t> times_between(const std::vector<probe_sample>& samples, std::int64_t from_ns,
                                        std::int64_t until_ns) {
  std::vector<std::int64_t> out;
  for (const auto& sample : samples)
    if (sample.begun_ns >= from_ns && sample.begun_ns < until_ns) out.push_back(sample.took_ns);
  return out;
}

}  // namespace parley::bench
