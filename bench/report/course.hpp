// What happened in each second of a run, or in shorter parts of a short one, for the line in the terminal and for the
// plots.
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

/// One second of a run, the warm-up's too; of a run that is over in a moment a shorter part.
struct load_part {
  double at = 0;  ///< Its end, in seconds from the run's begin.
  std::uint64_t sent = 0, acknowledged = 0, delivered = 0, refused = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;  ///< Of the deliveries that came in it; of operations, where none do.
  std::optional<double> cpu;                  ///< Cores that the servers kept busy.
  std::optional<double> resident_mib;
  /// What its frames newly show to be lost, repeated or out of order, where the load looks at seqs; one that was taken
  /// for lost and comes late is not counted again.
  std::optional<std::uint64_t> amiss{};
  double length = 1;     ///< In seconds.
  bool is_last = false;  ///< The run is over with it.
};

/// Used from one thread.
class load_course {
 public:
  using part_handler = std::function<void(const load_part&)>;

  /// `on_part` is told each part when it is over; the last one once more, when a rest counts with it.
  explicit load_course(part_handler on_part, std::int64_t part_ns = 1'000'000'000)
      : on_part_(std::move(on_part)), part_ns_(part_ns) {}

  void begin(std::int64_t now_ns, const server_watch& server);
  void note_sent(std::uint64_t times = 1) { part_.sent += times; }
  void note_acknowledged(std::uint64_t times = 1) { part_.acknowledged += times; }
  void note_refused(std::uint64_t times = 1) { part_.refused += times; }
  void note_delivered(std::int64_t latency_ns) {
    ++part_.delivered;
    times_.add(latency_ns);
  }
  /// Not every delivery of a closed loop is timed.
  void note_delivered() { ++part_.delivered; }
  void note_time(std::int64_t latency_ns) { times_.add(latency_ns); }
  /// Of the whole run so far.
  void note_seqs(const seq_counts& so_far) { amiss_ = so_far.lost + so_far.repeated + so_far.reordered; }
  /// Often: ends the part when it is over.
  void tick(std::int64_t now_ns, const server_watch& server);
  /// The run is over, and with it the part that had begun; of less than half of its length it counts with the one
  /// before.
  void end(std::int64_t now_ns, const server_watch& server);
  [[nodiscard]] std::vector<load_part> take() { return std::move(parts_); }

 private:
  void end_part(std::int64_t now_ns, const server_watch& server);
  void add_rest(std::int64_t now_ns, const server_watch& server);

  part_handler on_part_;
  std::int64_t part_ns_;
  std::vector<load_part> parts_;
  load_part part_;
  latency_histogram times_;
  latency_histogram times_before_;  ///< Of the last part that is over.
  std::optional<server_usage> usage_before_;
  std::optional<std::uint64_t> amiss_;
  std::uint64_t amiss_before_ = 0;
  std::int64_t begin_ns_ = 0;
  std::int64_t part_began_ns_ = 0;
};

/// Of a run that is over in a moment: a tenth of a second, as /proc counts CPU in hundredths. A node that has to be
/// asked for its CPU is asked once a second here too, since the question costs CPU.
std::int64_t short_part_ns(const server_watch& server);

/// In a line; `end` is the whole run's, in seconds, where it is known. What was sent and came is told for a second,
/// however long the part is.
std::string to_text(const load_part& part, std::optional<double> end);
/// Shows it, see progress.hpp.
void show_progress(const load_part& part, std::optional<double> end);
/// In these words. A log has a line a second, however short the parts are, and the last one.
void show_progress(const load_part& part, const std::string& text);

}  // namespace parley::bench
