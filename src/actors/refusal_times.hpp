// When log-ins are answered that are refused since too many have failed; pure state of the account actor.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "parley/clock.hpp"

namespace parley {

/// Who is known at an address is checked where strangers are not, and nobody is to learn by the time who that is. So
/// both are answered a whole number of steps after they came: the one where its check ends, the other where a check
/// would have. A step is longer than a check and what the machine adds to it.
class refusal_times {
 public:
  static constexpr steady_time::duration step = std::chrono::milliseconds(500);

  /// How long a check took, without its wait for a thread: that depends on what others, or the guesser, do meanwhile.
  void note_check(steady_time::duration took) {
    newest_[noted_ % newest_.size()] = took;
    ++noted_;
  }
  /// For a refusal without a check, where `ahead` checks wait for `threads`.
  [[nodiscard]] steady_time::duration without_check(std::int64_t ahead, std::size_t threads) const {
    const auto turns = ahead / static_cast<std::int64_t>(std::max<std::size_t>(threads, 1)) + 1;
    return in_whole_steps(usual_check() * turns);
  }
  /// The least number of steps, at least one, that is as long.
  [[nodiscard]] static steady_time::duration in_whole_steps(steady_time::duration took) {
    return step * std::max<std::int64_t>((took + step - steady_time::duration(1)) / step, 1);
  }

 private:
  /// The median, which a single slow one does not move.
  [[nodiscard]] steady_time::duration usual_check() const {
    const auto known = std::min(noted_, newest_.size());
    if (known == 0) return {};
    auto sorted = newest_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(known / 2);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(known));
    return *middle;
  }

  std::array<steady_time::duration, 32> newest_{};
  std::size_t noted_ = 0;
};

}  // namespace parley
