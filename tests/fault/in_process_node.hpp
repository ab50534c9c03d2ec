// A whole node inside the test's process: real sockets, actors and store, and the places where a test makes it fail.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fault/stored_log.hpp"
#include "node.hpp"
#include "support/client_socket.hpp"

namespace parley::support {

/// In development mode with rate limits off, its store in a temporary folder. Throws when it cannot start.
class in_process_node {
 public:
  /// On SQLite; `store_options` follow the path in store.url, as in "?vfs=lossy".
  explicit in_process_node(fault_points faults = {}, const std::string& store_options = {});
  /// On that PostgreSQL database; `change` has the last word on the configuration.
  explicit in_process_node(const std::string& postgres_url, const std::function<void(config&)>& change = {});
  ~in_process_node();
  in_process_node(const in_process_node&) = delete;
  in_process_node& operator=(const in_process_node&) = delete;

  void start();
  /// As on SIGTERM, or at once. The port stays the same for the next start.
  void stop(bool quick);

  [[nodiscard]] target address() const { return {"127.0.0.1", port_}; }
  [[nodiscard]] const stored_log& log() const { return log_; }
  /// The status of GET /readyz.
  [[nodiscard]] int readiness() const;

 private:
  void set_up();

  std::string folder_;
  fault_points faults_;
  stored_log log_;
  config settings_;
  std::uint16_t port_ = 0;
  std::unique_ptr<node> node_;
};

}  // namespace parley::support
