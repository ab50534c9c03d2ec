// Percentiles as a plot, on an axis on which each further nine takes as much room.
#pragma once

#include <string>

#include "report/latency_histogram.hpp"
#include "report/plot.hpp"

namespace parley::bench {

/// Without lines.
plot percentile_plot(const std::string& title);
plot_line percentile_line(const std::string& name, const std::string& colour, const latency_histogram& times);

}  // namespace parley::bench
