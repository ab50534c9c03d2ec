// The conditions of a figure.
#include "across/tally.hpp"

#include <fmt/format.h>

namespace parley::bench {

std::string objection_to(const across_tally& tally) {
  if (!tally.broken.empty()) return "a connection ended: " + tally.broken;
  if (tally.refused > 0) return fmt::format("{} messages were refused: {}", tally.refused, tally.first_refusal);
  if (tally.sent < tally.planned)
    return fmt::format("the sender fell behind: {} of {} messages were sent", tally.sent, tally.planned);
  if (tally.acknowledged < tally.planned)
    return fmt::format("{} of {} messages were not acknowledged", tally.planned - tally.acknowledged, tally.planned);
  if (tally.received < tally.planned)
    return fmt::format("{} of {} messages did not arrive", tally.planned - tally.received, tally.planned);
  if (tally.doubled > 0) return fmt::format("{} messages came twice or to the wrong receiver", tally.doubled);
  if (tally.reordered > 0) return fmt::format("{} messages came behind later ones of their room", tally.reordered);
  if (tally.late * 1000 > tally.measured)
    return fmt::format("the sender fell behind: {} of {} messages went out more than {} ms after their time",
                       tally.late, tally.measured, late_ns / 1'000'000);
  return {};
}

}  // namespace parley::bench
