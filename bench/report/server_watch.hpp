// What servers use of their machine, read beside the load.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "support/client_socket.hpp"

namespace parley::bench {

struct server_usage {
  double cpu_seconds = 0;     ///< User and system time so far.
  double resident_bytes = 0;  ///< 0: nobody looks.
};

/// From /proc where the processes are on this machine, else from their /metrics. Of several the sum. Or from whom else
/// it can be asked.
class server_watch {
 public:
  explicit server_watch(std::vector<pid_t> processes) : processes_(std::move(processes)) {}
  explicit server_watch(pid_t process) : processes_{process} {}
  explicit server_watch(std::vector<support::target> servers) : servers_(std::move(servers)) {}
  explicit server_watch(support::target server) : servers_{std::move(server)} {}
  explicit server_watch(std::function<server_usage()> usage) : usage_(std::move(usage)) {}

  /// Nothing when there is none, or one of them cannot be read any more.
  [[nodiscard]] std::optional<server_usage> read() const;
  /// To read it is work for the servers.
  [[nodiscard]] bool asks() const { return !servers_.empty(); }

 private:
  std::vector<pid_t> processes_;
  std::vector<support::target> servers_;
  std::function<server_usage()> usage_;
};

}  // namespace parley::bench
