// PostgreSQL, Redis and two nodes of our own, with nothing between them.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "support/postgres_server.hpp"
#include "support/redis_server.hpp"
#include "support/server_process.hpp"

namespace parley::bench {

/// Starts everything, and ends it when destroyed. Throws std::runtime_error when something does not start.
class own_cluster {
 public:
  /// `settings` come last, as KEY=VALUE; `postgres_options` as "-c", "NAME=VALUE".
  own_cluster(const std::string& parleyd, const std::vector<std::string>& settings,
              const std::vector<std::string>& postgres_options = {});
  ~own_cluster();
  own_cluster(const own_cluster&) = delete;
  own_cluster& operator=(const own_cluster&) = delete;

  [[nodiscard]] std::vector<support::target> nodes() const;
  [[nodiscard]] std::string redis_url() const { return redis_->url(); }
  [[nodiscard]] const std::string& store_url() const { return store_url_; }
  /// SIGTERM to the first node, and its exit code; blocks until it is gone.
  int terminate_first() { return nodes_.front().terminate(); }
  /// User and system time so far, of both nodes or of those from `first` on.
  [[nodiscard]] double node_cpu_seconds(std::size_t first = 0) const;
  /// As node_cpu_seconds().
  [[nodiscard]] std::vector<pid_t> pids(std::size_t first = 0) const;
  [[nodiscard]] double database_cpu_seconds() const { return postgres_->cpu_seconds(); }

 private:
  std::string folder_;  ///< For the nodes' logs.
  std::optional<support::postgres_server> postgres_;
  std::optional<support::redis_server> redis_;
  std::string store_url_;
  std::vector<support::server_process> nodes_;
};

}  // namespace parley::bench
