// The highest rate that is held: doubled while it is, then halved in between.
#pragma once

#include <functional>

namespace parley::bench {

/// `holds` tries a rate. Begins at `rate`, and ends when what was held and what was not are within 5 per cent of each
/// other. 0: not even a hundredth of `rate` was.
double find_max_rate(double rate, const std::function<bool(double)>& holds);

}  // namespace parley::bench
