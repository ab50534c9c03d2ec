// See find_max.hpp.
#include "load/find_max.hpp"

namespace parley::bench {

double find_max_rate(double rate, const std::function<bool(double)>& holds) {
  constexpr double close_enough = 1.05;
  constexpr double least_share = 0.01;
  const double least = rate * least_share;
  double held = 0;
  double too_much = 0;
  for (double next = rate; held == 0 || too_much == 0; next = held > 0 ? held * 2 : too_much / 2) {
    if (next < least) return 0;
    (holds(next) ? held : too_much) = next;
  }
  while (too_much / held > close_enough) {
    const double middle = (held + too_much) / 2;
    (holds(middle) ? held : too_much) = middle;
  }
  return held;
}

}  // namespace parley::bench
