// Sorting, and the buckets of a histogram.
#include "across/percentiles.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace parley::bench {
namespace {

double at_share(const std::vector<std::int64_t>& sorted_ns, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted_ns.size())));
  return static_cast<double>(sorted_ns[std::max<std::size_t>(rank, 1) - 1]) / 1e6;
}

}  // namespace

percentiles percentiles_of(std::vector<std::int64_t> values_ns) {
  percentiles out;
  out.count = values_ns.size();
  if (values_ns.empty()) return out;
  std::sort(values_ns.begin(), values_ns.end());
  out.p50_ms = at_share(values_ns, 0.5);
  out.p99_ms = at_share(values_ns, 0.99);
  out.p999_ms = at_share(values_ns, 0.999);
  out.max_ms = at_share(values_ns, 1);
  return out;
}

std::vector<std::size_t> spread_of(const std::vector<std::int64_t>& values_ns, std::size_t parts) {
  std::vector<std::size_t> out(parts, 0);
  if (values_ns.empty()) return out;
  const auto [first, last] = std::minmax_element(values_ns.begin(), values_ns.end());
  const auto whole = static_cast<double>(std::max<std::int64_t>(1, *last - *first));
  for (const auto value : values_ns) {
    const auto at = static_cast<std::size_t>(static_cast<double>(value - *first) / whole * static_cast<double>(parts));
    ++out[std::min(at, parts - 1)];
  }
  return out;
}

double histogram_counts::quantile(double share) const {
  const double wanted = share * count();
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (cumulative[i] < wanted || cumulative[i] == 0) continue;
    const double lower = i == 0 ? 0 : bounds[i - 1];
    const double below = i == 0 ? 0 : cumulative[i - 1];
    if (std::isinf(bounds[i])) return lower;
    return lower + (bounds[i] - lower) * (wanted - below) / (cumulative[i] - below);
  }
  return 0;
}

histogram_counts read_histogram(std::string_view metrics, const std::string& name) {
  histogram_counts out;
  const std::string opening = name + "_bucket{le=\"";
  while (!metrics.empty()) {
    const auto end = std::min(metrics.find('\n'), metrics.size());
    const std::string line(metrics.substr(0, end));
    metrics.remove_prefix(std::min(end + 1, metrics.size()));
    const auto value = line.find("\"} ");
    if (!line.starts_with(opening) || value == std::string::npos) continue;
    const auto bound = line.substr(opening.size(), value - opening.size());
    out.bounds.push_back(bound == "+Inf" ? std::numeric_limits<double>::infinity()
                                         : std::strtod(bound.c_str(), nullptr));
    out.cumulative.push_back(std::strtod(line.c_str() + value + 3, nullptr));
  }
  return out;
}

histogram_counts growth(const histogram_counts& before, const histogram_counts& after) {
  if (before.bounds != after.bounds || before.count() > after.count()) return {};
  auto out = after;
  for (std::size_t i = 0; i < out.cumulative.size(); ++i) out.cumulative[i] -= before.cumulative[i];
  return out;
}

}  // namespace parley::bench
