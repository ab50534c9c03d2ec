// What a server uses of its machine, read beside the load.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "support/client_socket.hpp"

namespace parley::bench {

struct server_usage {
  double cpu_seconds = 0;  ///< User and system time so far.
  double resident_bytes = 0;
};

/// From /proc where the process is on this machine, else from its /metrics.
class server_watch {
 public:
  explicit server_watch(pid_t process) : process_(process) {}
  explicit server_watch(support::target server) : server_(std::move(server)) {}

  /// Nothing when it cannot be read any more.
  [[nodiscard]] std::optional<server_usage> read() const;

 private:
  std::optional<pid_t> process_;
  support::target server_;
};

}  // namespace parley::bench
