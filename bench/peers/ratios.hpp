// What several turns say together.
#pragma once

#include <optional>
#include <vector>

namespace parley::bench {

struct spread {
  double least = 0, median = 0, greatest = 0;
};

/// Nothing without values.
std::optional<spread> spread_of(std::vector<double> values);

/// One value a turn; nothing where that turn failed.
using turn_values = std::vector<std::optional<double>>;

std::optional<spread> spread_of(const turn_values& values);
/// Each ratio is taken within a turn, since the machine's speed drifts between them. A turn without both has none.
std::optional<spread> ratio_of(const turn_values& ours, const turn_values& theirs);

}  // namespace parley::bench
