// A whole node inside the test's process: real sockets, actors and store, and the places where a test makes it fail.
#pragma once

#include <memory>
#include <string>

#include "node.hpp"
#include "support/client_socket.hpp"

namespace parley::support {

/// In development mode with rate limits off, its store in a temporary folder. Throws when it cannot start.
class in_process_node {
 public:
  /// `store_options` follow the path in store.url, as in "?vfs=lossy".
  explicit in_process_node(fault_points faults = {}, const std::string& store_options = {});
  ~in_process_node();
  in_process_node(const in_process_node&) = delete;
  in_process_node& operator=(const in_process_node&) = delete;

  void start();
  /// As on SIGTERM, or at once. The port stays the same for the next start.
  void stop(bool quick);

  [[nodiscard]] target address() const { return {"127.0.0.1", port_}; }
  [[nodiscard]] std::string store_file() const { return folder_ + "/parley.db"; }
  /// The status of GET /readyz.
  [[nodiscard]] int readiness() const;

 private:
  std::string folder_;
  fault_points faults_;
  config settings_;
  std::uint16_t port_ = 0;
  std::unique_ptr<node> node_;
};

}  // namespace parley::support
