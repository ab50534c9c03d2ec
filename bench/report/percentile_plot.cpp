// The axis, and where a share of all stands on it.
#include "report/percentile_plot.hpp"

#include <algorithm>
#include <cmath>

namespace parley::bench {

plot percentile_plot(const std::string& title) {
  return {title,
          "share of all that took no longer",
          "ms",
          {},
          {{0, "0"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}, {5, "100 %"}}};
}

plot_line percentile_line(const std::string& name, const std::string& colour, const latency_histogram& times) {
  constexpr double greatest = 5;
  plot_line line{name, colour, {}};
  for (const auto& [ms, share] : times.curve()) {
    line.points.emplace_back(std::min(greatest, share < 1 ? -std::log10(1 - share) : greatest), ms);
  }
  return line;
}

}  // namespace parley::bench
