// A Redis server of the test's own, on a free port, that keeps nothing on disk.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace parley::support {

/// Starts the server and ends it, with its folder, when destroyed. Throws std::runtime_error when it does not start.
class redis_server {
 public:
  /// `options` for redis-server, as "--requirepass", "secret".
  explicit redis_server(std::vector<std::string> options = {});
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  /// Whether the program is here at all.
  static bool is_installed();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// redis://[USER@]127.0.0.1:PORT/0
  [[nodiscard]] std::string url(const std::string& user = "") const;
  /// One command; its answer as text, lists with a line for each item. Throws when it is refused.
  std::string run(const std::vector<std::string>& words) const;

  /// SIGKILL; all it held is gone.
  void kill();
  /// Again on the same port, until it answers.
  void start();
  /// SIGSTOP: connections stay and say nothing.
  void pause() const;
  void resume() const;

 private:
  std::vector<std::string> options_;
  std::string folder_;
  std::uint16_t port_;
  pid_t pid_ = -1;
};

}  // namespace parley::support
