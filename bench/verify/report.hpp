// What a run found, for people, for programs, and as a page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/report.hpp"
#include "verify/client.hpp"
#include "verify/guest.hpp"
#include "verify/load.hpp"
#include "verify/options.hpp"

namespace parley::bench {

struct run_report {
  const verify_options& options;
  const load_state& state;
  const std::vector<fault_record>& faults;
  const guest_report& guests;
  double presence_seconds = -1;  ///< Until presence was true at the end; below 0: it was not.
  double seconds = 0;
  double cpu_seconds = 0;  ///< Of the tool itself.
  /// Times in the run that nodes had to compare rooms with the store since news of others may have been missed; of a
  /// node that was restarted, since then. Nothing when a node could not be asked.
  std::optional<std::uint64_t> gaps_heard;
};

std::string to_text(const run_report& report);
std::string to_json(const run_report& report);
/// The page: the same in tables, without plots.
load_report to_report(const run_report& report);

}  // namespace parley::bench
