// A server that Parley is measured beside: what it is, and one that runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "peers/client.hpp"
#include "support/client_socket.hpp"

namespace parley::bench {

struct cpu_times {
  double server = 0;    ///< Seconds so far, of all its processes.
  double database = 0;  ///< Of a database of its own process.
};

/// Ends its processes and removes its folder when destroyed.
class peer_server {
 public:
  virtual ~peer_server() = default;
  [[nodiscard]] virtual support::target address() const = 0;
  [[nodiscard]] virtual cpu_times cpu() const = 0;
  [[nodiscard]] virtual std::unique_ptr<peer_client> new_client(const member_place& place) const = 0;
};

struct peer {
  std::string name;              ///< As --peers has it.
  std::string title;             ///< As a report has it.
  std::string stored;            ///< What is kept of a message before its sender is answered.
  std::string acknowledged;      ///< What answers the sender.
  bool is_parley = false;        ///< The others are compared with it.
  bool is_only_by_name = false;  ///< Not among those that are measured when none is named.
  /// Why it cannot be started on this machine; nothing when it can.
  std::function<std::optional<std::string>()> missing;
  /// Starts one and waits until it answers. Throws std::runtime_error.
  std::function<std::unique_ptr<peer_server>()> start;
  std::function<std::string()> version;
};

/// The programs of this build that are started.
struct peer_programs {
  std::string parleyd;
  std::string floor;
  std::vector<std::string> settings;  ///< KEY=VALUE for parleyd.
};

/// All of them, Parley last.
std::vector<peer> all_peers(const peer_programs& programs);

}  // namespace parley::bench
