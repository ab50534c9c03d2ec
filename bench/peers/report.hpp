// What a comparison found, for people, for programs, and as a page.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "peers/closed_load.hpp"
#include "peers/ratios.hpp"
#include "report/latency_histogram.hpp"

namespace parley::bench {

/// A peer at one work.
struct peer_row {
  std::string name, title, stored, acknowledged;
  bool is_parley = false;
  std::vector<std::optional<peer_figures>> turns;  ///< Nothing: that turn failed.
  std::string failure;                             ///< The last one.

  [[nodiscard]] bool has_lost() const;
  [[nodiscard]] turn_values values(const std::function<double(const peer_figures&)>& of) const;
  /// Of all turns together, in which each delivery counts the same.
  [[nodiscard]] latency_histogram delivery() const;
};

struct work_table {
  peer_work work;
  std::vector<peer_row> rows;
};

struct peers_report {
  std::string machine;     ///< Processor, kernel, system.
  std::string processors;  ///< What ran where.
  int runs = 0;
  double seconds = 0;
  std::vector<std::pair<std::string, std::string>> versions;  ///< Title and version of each.
  std::vector<std::pair<std::string, std::string>> left_out;  ///< Title and reason.
  std::vector<work_table> works;

  /// A turn failed, or Parley lost or reordered something.
  [[nodiscard]] bool has_failures() const;
};

std::string to_text(const peers_report& report);
std::string to_json(const peers_report& report);
/// One file without any other.
std::string to_html(const peers_report& report);

}  // namespace parley::bench
