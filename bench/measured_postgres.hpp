// The PostgreSQL of all measurements, so that they compare.
#pragma once

#include <string>
#include <vector>

namespace parley::bench {

/// For support::postgres_server. The cache holds what a run writes, and no checkpoint is due in one, so that runs of
/// different lengths compare. It flushes at each commit. `more` stands behind.
inline std::vector<std::string> measured_postgres_options(const std::vector<std::string>& more = {}) {
  std::vector<std::string> options{"-c", "shared_buffers=1GB",      "-c", "max_wal_size=8GB",
                                   "-c", "checkpoint_timeout=30min"};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

}  // namespace parley::bench
