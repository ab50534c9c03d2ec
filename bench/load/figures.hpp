// What a run at one rate has shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/latency_histogram.hpp"
#include "load/options.hpp"
#include "load/seq_watch.hpp"

namespace parley::bench {

/// One second of a run, the warm-up's too.
struct load_second {
  double at = 0;  ///< Its end, in seconds from the run's begin.
  std::uint64_t sent = 0, acknowledged = 0, delivered = 0, refused = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;  ///< Of the deliveries that came in it.
  std::optional<double> cpu;                  ///< Cores that the server kept busy.
  std::optional<double> resident_mib;
};

struct load_figures {
  double rate = 0;
  double seconds = 0;                                           ///< Measured, as the warm-up was not.
  std::uint64_t planned = 0, acknowledged = 0, deliveries = 0;  ///< Of the measured messages.
  std::uint64_t refused = 0, late = 0;
  seq_counts seqs;               ///< Of all messages.
  std::uint64_t missing = 0;     ///< Deliveries that were still due when waiting for them ended.
  std::uint64_t unanswered = 0;  ///< Messages without ack or error.
  std::string first_refusal;     ///< The frame.
  std::string broken;            ///< How a connection ended; empty: none did.
  latency_histogram delivery, ack, delay;
  std::vector<load_second> course;
  std::optional<double> cpu_us;  ///< Of the server, for a delivery.
  std::optional<double> database_cpu_us;

  [[nodiscard]] bool is_complete() const {
    return broken.empty() && missing == 0 && unanswered == 0 && seqs.lost + seqs.repeated + seqs.reordered == 0;
  }
};

/// Why this rate was not held; empty when it was.
std::string objection_to(const load_figures& figures, const service_level& level);

}  // namespace parley::bench
