// How long something takes where nothing holds it up.
#pragma once

#include <algorithm>
#include <chrono>

namespace parley::support {

/// The least of three times: a machine that stands still for a moment does so in one of them, and what is too slow by
/// itself is so in each.
template <class Step>
std::chrono::steady_clock::duration shortest_of_three(Step step) {
  auto shortest = std::chrono::steady_clock::duration::max();
  for (int tries = 0; tries < 3; ++tries) {
    const auto begun = std::chrono::steady_clock::now();
    step();
    shortest = std::min(shortest, std::chrono::steady_clock::now() - begun);
  }
  return shortest;
}

}  // namespace parley::support
