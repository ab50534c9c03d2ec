// How a node that stopped in good order stands in the control log while somebody may still be on there.
#pragma once

#include <limits>

#include "parley/control_log.hpp"

namespace parley {

/// Nobody need wait for it any more, so it has confirmed whatever comes. The others bury it when the grace time of its
/// users is over.
inline constexpr sequence confirmed_for_good = std::numeric_limits<sequence>::max();
inline bool has_left(const node_report& node) { return node.confirmed.front() == confirmed_for_good; }

}  // namespace parley
