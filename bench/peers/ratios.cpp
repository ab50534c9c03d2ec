// Medians.
#include "peers/ratios.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace parley::bench {

std::optional<spread> spread_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  const auto median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return spread{values.front(), median, values.back()};
}

std::optional<spread> spread_of(const turn_values& values) {
  std::vector<double> known;
  known.reserve(values.size());
  for (const auto& value : values) {
    if (value) known.push_back(*value);
  }
  return spread_of(std::move(known));
}

std::optional<spread> ratio_of(const turn_values& ours, const turn_values& theirs) {
  std::vector<double> ratios;
  ratios.reserve(ours.size());
  for (std::size_t turn = 0; turn < std::min(ours.size(), theirs.size()); ++turn) {
    if (ours[turn] && theirs[turn] && *theirs[turn] > 0) ratios.push_back(*ours[turn] / *theirs[turn]);
  }
  return spread_of(std::move(ratios));
}

}  // namespace parley::bench
