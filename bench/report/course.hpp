// What happened in each second of a run, for the line in the terminal and for the plots.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "report/latency_histogram.hpp"
#include "report/seq_watch.hpp"
#include "report/server_watch.hpp"

namespace parley::bench {

/// One second of a run, the warm-up's too.
struct load_second {
  double at = 0;  ///< Its end, in seconds from the run's begin.
  std::uint64_t sent = 0, acknowledged = 0, delivered = 0, refused = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;  ///< Of the deliveries that came in it; of operations, where none do.
  std::optional<double> cpu;                  ///< Cores that the servers kept busy.
  std::optional<double> resident_mib;
  /// What its frames newly show to be lost, repeated or out of order, where the load looks at seqs; one that was taken
  /// for lost and comes late is not counted again.
  std::optional<std::uint64_t> amiss{};
};

/// Used from one thread.
class load_course {
 public:
  using second_handler = std::function<void(const load_second&)>;

  /// `on_second` is told each second when it is over.
  explicit load_course(second_handler on_second) : on_second_(std::move(on_second)) {}

  void begin(std::int64_t now_ns, const server_watch& server);
  void note_sent(std::uint64_t times = 1) { second_.sent += times; }
  void note_acknowledged(std::uint64_t times = 1) { second_.acknowledged += times; }
  void note_refused(std::uint64_t times = 1) { second_.refused += times; }
  void note_delivered(std::int64_t latency_ns) {
    ++second_.delivered;
    times_.add(latency_ns);
  }
  /// Not every delivery of a closed loop is timed.
  void note_delivered() { ++second_.delivered; }
  void note_time(std::int64_t latency_ns) { times_.add(latency_ns); }
  /// Of the whole run so far.
  void note_seqs(const seq_counts& so_far) { amiss_ = so_far.lost + so_far.repeated + so_far.reordered; }
  /// Often: ends the second when it is over.
  void tick(std::int64_t now_ns, const server_watch& server);
  /// The run is over, and with it the second that had begun.
  void end(std::int64_t now_ns, const server_watch& server) { end_second(now_ns, server); }
  [[nodiscard]] std::vector<load_second> take() { return std::move(seconds_); }

 private:
  void end_second(std::int64_t now_ns, const server_watch& server);

  second_handler on_second_;
  std::vector<load_second> seconds_;
  load_second second_;
  latency_histogram times_;
  std::optional<server_usage> usage_before_;
  std::optional<std::uint64_t> amiss_;
  std::uint64_t amiss_before_ = 0;
  std::int64_t begin_ns_ = 0;
  std::int64_t second_began_ns_ = 0;
};

/// In a line; `end` is the whole run's, in seconds, where it is known.
std::string to_text(const load_second& second, std::optional<double> end);
/// Shows it, see progress.hpp.
void show_progress(const load_second& second, std::optional<double> end);

}  // namespace parley::bench
