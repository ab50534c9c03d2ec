// Where a report goes, and the level of service that one may be about.
#pragma once

#include <string>

namespace parley::bench {

/// Where the figures go.
struct report_options {
  bool json = false;
  std::string page;  ///< A file that gets the report as HTML; empty: none.
};

/// What a load must keep within to be held: p50=…, p99=…, p999=… or max=…, with ms or s.
struct service_level {
  std::string name = "p99";
  double share = 0.99;  ///< 1: the longest.
  double limit_ms = 50;
};

/// `p99=50ms`. Throws std::invalid_argument.
service_level parse_service_level(const std::string& text);

}  // namespace parley::bench
