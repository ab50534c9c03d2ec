// What a message from node to node cannot do without, measured by itself while the load runs: one commit, and one hop
// through Redis. Each has connections and threads of its own, so that it waits for nobody but the servers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "across/options.hpp"

namespace parley::bench {

struct probe_sample {
  std::int64_t begun_ns = 0;
  std::int64_t took_ns = 0;
};

/// The times of those that began in that span.
std::vector<std::int64_t> times_between(const std::vector<probe_sample>& samples, std::int64_t from_ns,
                                        std::int64_t until_ns);

/// Measures from its making on, about so many times a second, at random, so that it keeps no step with the load.
class probe {
 public:
  virtual ~probe() = default;
  /// Ends it. Throws std::runtime_error when a server refused something meanwhile.
  virtual std::vector<probe_sample> finish() = 0;
};

/// From an XADD of `size` bytes to its arrival at another connection, which waits for it in an XREAD. The key is
/// deleted at the end. Throws std::runtime_error when Redis cannot be reached.
std::unique_ptr<probe> start_hop_probe(const redis_address& redis, std::size_t size, double per_second);

/// One INSERT of `size` bytes into a table of its own, with synchronous_commit = on, until its answer. The table is
/// dropped at the end. Throws std::runtime_error when PostgreSQL cannot be reached.
std::unique_ptr<probe> start_commit_probe(const std::string& store_url, std::size_t size, double per_second);

}  // namespace parley::bench
