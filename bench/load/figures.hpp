// What an open loop at one rate has shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/report.hpp"

namespace parley::bench {

struct load_figures {
  double rate = 0;
  double seconds = 0;                                           ///< Measured, as the warm-up was not.
  std::uint64_t planned = 0, acknowledged = 0, deliveries = 0;  ///< Of the measured messages.
  std::uint64_t late = 0;
  std::uint64_t busy = 0;           ///< Of those refused, in the warm-up too.
  std::uint64_t measured_busy = 0;  ///< And without that.
  std::uint64_t left_out = 0;       ///< Due in the measured time, and not sent: see open_load::leave_out_above().
  load_troubles troubles;           ///< Of all messages.
  latency_histogram delivery, ack, delay;
  std::vector<load_part> course;
  std::optional<double> cpu_us;  ///< Of the server, for a delivery.
  std::optional<double> database_cpu_us;
};

/// Why this rate was not held; empty when it was.
std::string objection_to(const load_figures& figures, const service_level& level);
/// Adds to the report how one rate fared in the search for the highest, by the report's level, and says it on standard
/// error. True: it was held.
bool note_trial(load_report& report, const load_figures& figures);

}  // namespace parley::bench
