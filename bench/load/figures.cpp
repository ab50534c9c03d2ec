// What a level says of a run.
#include "load/figures.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace parley::bench {
namespace {

double measured_ms(const load_figures& figures, const service_level& level) {
  return level.share < 1 ? figures.delivery.quantile_ms(level.share) : figures.delivery.max_ms();
}

}  // namespace

std::string objection_to(const load_figures& figures, const service_level& level) {
  constexpr double late_share = 0.001;
  if (!figures.troubles.broken.empty()) return "a connection ended: " + figures.troubles.broken;
  if (!figures.troubles.is_complete()) return "deliveries were lost, repeated or out of order";
  if (figures.troubles.refused > 0) return fmt::format("{} were refused", figures.troubles.refused);
  if (static_cast<double>(figures.late) > late_share * static_cast<double>(figures.planned))
    return fmt::format("{} of {} sends went out 50 ms late: the tool's own limit", figures.late, figures.planned);
  const auto measured = measured_ms(figures, level);
  if (measured > level.limit_ms) return fmt::format("{} was {:.1f} ms", level.name, measured);
  return {};
}

bool note_trial(load_report& report, const load_figures& figures) {
  const auto objection = objection_to(figures, report.level);
  report.trials.push_back({figures.rate, measured_ms(figures, report.level), objection});
  fmt::print(stderr, "{:.0f} {} a second: {}\n", figures.rate, report.rated, objection.empty() ? "held" : objection);
  return objection.empty();
}

}  // namespace parley::bench
