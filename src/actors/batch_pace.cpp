// See batch_pace.hpp.
#include "actors/batch_pace.hpp"

#include <algorithm>
#include <utility>

namespace parley {

void batch_pace::note_handed_over(steady_time now, std::size_t events) {
  handed_over_ = now;
  last_ = events;
  gathered_ = 0;
  if (++batches_ < tries_each) return;
  batches_ = 0;
  most_ = std::numeric_limits<std::size_t>::max();
}

bool batch_pace::must_wait(steady_time now, steady_time served, std::size_t waiting) {
  if (waiting < expected()) {
    const auto wait = (served - handed_over_) / share_of_serving;
    until_ = served + std::min<steady_time::duration>(wait, most_wait);
    if (wait >= least_wait && now < until_) return is_waiting_ = true;
    // Half way, since one wait that was too short by chance says little.
    if (is_waiting_) most_ = (expected() + waiting) / 2;
  }
  is_waiting_ = false;
  return false;
}

std::size_t batch_pace::expected() const { return std::min(last_ + gathered_, most_); }

}  // namespace parley
