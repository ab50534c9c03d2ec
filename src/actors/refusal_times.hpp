// How long log-ins took that were refused behind a check of the password; pure state of the account actor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "parley/clock.hpp"

namespace parley {

/// Whoever is refused without a check is to wait as long: who is known at an address is checked where strangers are
/// not, and nobody is to learn by the time who that is.
class refusal_times {
 public:
  void note(steady_time::duration took) {
    newest_[noted_ % newest_.size()] = took;
    ++noted_;
  }
  /// One of the newest; nothing as long as there was none. `random`: evenly from 0 to 255.
  [[nodiscard]] steady_time::duration one_of_them(std::uint8_t random) const {
    const auto known = noted_ < newest_.size() ? noted_ : newest_.size();
    return known == 0 ? steady_time::duration{} : newest_[random % known];
  }

 private:
  std::array<steady_time::duration, 32> newest_{};
  std::size_t noted_ = 0;
};

}  // namespace parley
