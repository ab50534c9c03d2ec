// PostgreSQL, Redis and the nodes of a run, each node behind proxies of its own, so that it alone can be cut off.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/fault_proxy.hpp"
#include "support/postgres_server.hpp"
#include "support/redis_server.hpp"
#include "support/server_process.hpp"
#include "verify/options.hpp"

namespace parley::bench {

/// Starts everything, and ends it when destroyed. Throws std::runtime_error when something does not start. The thread
/// that starts something again must live as long as it is to run.
class world {
 public:
  explicit world(const verify_options& options);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  [[nodiscard]] std::vector<support::target> nodes() const;
  /// Of the first node, by which a moderator is made; empty where no guest needs one, or the user has set it.
  [[nodiscard]] const std::string& admin_socket() const { return admin_socket_; }
  [[nodiscard]] support::server_process& node(std::size_t number) { return *nodes_[number]; }
  /// Between that node and that Redis.
  [[nodiscard]] support::fault_proxy& redis_proxy(std::size_t node, std::size_t server) {
    return *redis_proxies_[node][server];
  }
  /// Throws std::runtime_error when PostgreSQL is not on this machine.
  [[nodiscard]] support::fault_proxy& postgres_proxy(std::size_t node);
  /// They share the streams' partitions.
  [[nodiscard]] std::size_t redis_count() const { return redis_.size(); }
  [[nodiscard]] support::redis_server& redis(std::size_t server) { return *redis_[server]; }
  /// Only one that was started here.
  [[nodiscard]] support::postgres_server& postgres() { return *postgres_; }

 private:
  void start_node(const verify_options& options, int number, const std::string& store_url, std::uint16_t store_port);
  std::string bus_url_of_next_node(std::uint64_t seed);

  std::string folder_;  ///< For the admin socket, and for the logs, unless they are to stay.
  std::string logs_;
  std::string admin_socket_;
  std::unique_ptr<support::postgres_server> postgres_;
  std::vector<std::unique_ptr<support::redis_server>> redis_;
  std::vector<std::vector<std::unique_ptr<support::fault_proxy>>>
      redis_proxies_;  ///< Of each node, one for each Redis.
  std::vector<std::unique_ptr<support::fault_proxy>> postgres_proxies_;
  std::vector<std::unique_ptr<support::server_process>> nodes_;
};

}  // namespace parley::bench
