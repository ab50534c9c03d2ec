// The count behind UUIDv7s: time in steps of 1/4096 ms, which only rises.
#pragma once

#include <cstdint>

namespace parley {

/// Ten seconds. Behind a step of the clock to an earlier time ids go on from where they are; further ahead they start
/// anew, since whoever set the clock back by so much meant it.
constexpr std::uint64_t most_steps_ahead = 10'000ULL << 12U;

/// The step of the id behind the one of step `before`, at the time `now`.
constexpr std::uint64_t step_behind(std::uint64_t before, std::uint64_t now) {
  return before >= now && before - now < most_steps_ahead ? before + 1 : now;
}

}  // namespace parley
