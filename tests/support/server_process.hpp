// The server under test or measurement: started in a temporary folder with its limits off, watched through /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "support/client_socket.hpp"

namespace parley::support {

/// Starts a program and ends it when destroyed; it also ends with the thread that started it. Throws std::runtime_error
/// when it does not become ready.
class server_process {
 public:
  /// parleyd in development mode on a free port, its store in a temporary folder, rate limits off.
  static server_process parleyd(const std::string& program, const std::vector<std::string>& settings);
  /// parleyd as it is run, with nothing set but its port; what it says goes to `log`.
  static server_process node(const std::string& program, const std::vector<std::string>& settings,
                             const std::string& log);
  /// The naive server.
  static server_process naive(const std::string& program);

  /// Any program that listens on that port; `command` begins with its path, what it says goes to `log`.
  static server_process other(std::vector<std::string> command, std::uint16_t port, const std::string& log);

  server_process(server_process&& other) noexcept;
  server_process& operator=(server_process&&) = delete;
  ~server_process();

  [[nodiscard]] target address() const { return address_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The folder that holds the store; empty where the caller has it, and for the naive server.
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// SIGKILL, and waits until the process is gone.
  void kill();
  /// SIGTERM, waits, and returns the exit code (128 + signal when a signal ended it).
  int terminate();
  /// SIGSTOP: its connections stay and say nothing.
  void pause() const;
  void resume() const;
  /// Starts the same command again on the same port and store.
  void restart();
  /// User and system time of the process so far.
  [[nodiscard]] double cpu_seconds() const;
  /// And of all processes that descend from it.
  [[nodiscard]] double cpu_seconds_with_children() const;
  [[nodiscard]] std::uint64_t resident_bytes() const;

 private:
  server_process(std::vector<std::string> command, std::uint16_t port, std::string folder, std::string log = {});

  std::vector<std::string> command_;
  pid_t pid_ = -1;
  target address_;
  std::string folder_;
  std::string log_;  ///< The file that gets its output; empty: with ours.
};

}  // namespace parley::support
