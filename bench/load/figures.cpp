// What a level says of a run.
#include "load/figures.hpp"

#include <fmt/format.h>

namespace parley::bench {

std::string objection_to(const load_figures& figures, const service_level& level) {
  constexpr double late_share = 0.001;
  if (!figures.troubles.broken.empty()) return "a connection ended: " + figures.troubles.broken;
  if (!figures.troubles.is_complete()) return "deliveries were lost, repeated or out of order";
  if (figures.troubles.refused > 0) return fmt::format("{} messages were refused", figures.troubles.refused);
  if (static_cast<double>(figures.late) > late_share * static_cast<double>(figures.planned))
    return fmt::format("{} of {} sends went out 50 ms late: the tool's own limit", figures.late, figures.planned);
  const auto measured = level.share < 1 ? figures.delivery.quantile_ms(level.share) : figures.delivery.max_ms();
  if (measured > level.limit_ms) return fmt::format("{} was {:.1f} ms", level.name, measured);
  return {};
}

}  // namespace parley::bench
