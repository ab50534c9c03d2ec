// A run's figures, for people, for programs, and as a page.
#pragma once

#include <string>
#include <vector>

#include "load/figures.hpp"

namespace parley::bench {

/// What was tried at one rate while the highest was looked for.
struct load_trial {
  double rate = 0;
  double measured_ms = 0;  ///< What the level is about.
  std::string objection;   ///< Empty: it was held.
};

struct load_report {
  latency_options options;
  std::string server;              ///< What was measured, in words.
  std::vector<load_trial> trials;  ///< In order; empty without --find-max.
  double highest_rate = 0;         ///< Held; 0 without --find-max.
  load_figures figures;            ///< Of the run, or of the trial at the highest rate.
};

std::string to_text(const load_report& report);
std::string to_json(const load_report& report);
/// One file without any other: the plots are SVG in it.
std::string to_html(const load_report& report);

}  // namespace parley::bench
