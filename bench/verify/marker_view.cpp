// See marker_view.hpp.
#include "verify/marker_view.hpp"

namespace parley::bench {
namespace {
/// Older ones say nothing that these do not say too.
constexpr std::size_t most_kept = 100;
}  // namespace

void marker_view::told(double at, std::int64_t seq) {
  if (!told_.empty() && seq <= told_.back().second) return;
  told_.emplace_back(at, seq);
  if (told_.size() > most_kept) told_.pop_front();
}

std::int64_t marker_view::at_least(double asked_at, double settling) const {
  std::int64_t out = 0;
  for (const auto& [at, seq] : told_) {
    if (at + settling <= asked_at) out = seq;
  }
  return out;
}

}  // namespace parley::bench
