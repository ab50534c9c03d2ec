// A connection that never blocks: a stopped node answers neither a connection nor what is asked on it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "support/client_socket.hpp"

namespace parley::bench {

/// Owns its descriptor. Used from one thread.
class stream_socket {
 public:
  /// Begins to connect.
  explicit stream_socket(const support::target& server);
  /// To a local socket, by its path.
  explicit stream_socket(const std::string& path);
  ~stream_socket();
  stream_socket(const stream_socket&) = delete;
  stream_socket& operator=(const stream_socket&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] bool wants_write() const { return is_connecting_ || !outgoing_.empty(); }
  /// As much as goes now, and the rest later. A lost connection shows in advance().
  void send(std::string_view bytes);
  /// Does what can be done now. `on_bytes` gets what has come, and says whether more is wanted. False when it is not,
  /// or when the connection is over; then `end()` says how.
  bool advance(const std::function<bool(std::string_view)>& on_bytes);
  /// Until there is something to do, or for so many milliseconds.
  void wait(int milliseconds) const;
  [[nodiscard]] const std::string& end() const { return end_; }
  /// Ends the connection as a lost network would, without a word: at the destructor.
  void reset_when_destroyed();

 private:
  bool is_connected();
  bool fail(const std::string& how);
  bool flush();
  bool receive(const std::function<bool(std::string_view)>& on_bytes);

  int descriptor_;
  bool is_connecting_ = true;
  std::string outgoing_;
  std::string end_;
};

}  // namespace parley::bench
