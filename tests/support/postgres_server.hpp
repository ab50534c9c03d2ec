// A PostgreSQL server of the test's own: Debian's package in a temporary folder on a free port, with fsync.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace parley::support {

/// Starts the server and ends it, with its folder, when destroyed. Throws std::runtime_error when it does not start.
class postgres_server {
 public:
  /// `options` for postgres, as "-c", "NAME=VALUE".
  explicit postgres_server(std::vector<std::string> options = {});
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  /// An empty database of its own; its URL.
  std::string new_database();
  [[nodiscard]] std::string url_of(const std::string& database) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// User and system time of all its processes so far.
  [[nodiscard]] double cpu_seconds() const;

  /// SIGQUIT: at once, as a crash would; what was not written is gone.
  void stop_immediately();
  /// Again on the same port and folder, until it answers.
  void start();

 private:
  void stop(int signal);

  std::vector<std::string> options_;
  std::string folder_;
  std::uint16_t port_;
  pid_t pid_ = -1;
  int databases_ = 0;
};

/// Runs SQL on that database; throws std::runtime_error when it is refused. The rows' first column, as text.
std::vector<std::string> run_sql(const std::string& url, const std::string& sql);

}  // namespace parley::support
