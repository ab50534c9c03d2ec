// A WebSocket client socket for tests and load: one descriptor, non-blocking after its handshake.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/websocket_frames.hpp"

namespace parley::support {

/// Where the server listens.
struct target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
};

/// Owns its descriptor. Used from one thread. Throws std::runtime_error when the server refuses or hangs up.
class client_socket {
 public:
  /// Connects and upgrades, blocking; `source` is the local address to bind (127.0.0.x), so that more than 28,000
  /// connections find ports; `subprotocol` is offered unless it is empty.
  client_socket(const target& server, const std::string& path, const std::string& source = {},
                const std::string& subprotocol = {});
  client_socket(client_socket&& other) noexcept;
  client_socket& operator=(client_socket&&) = delete;
  ~client_socket();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// False when nothing came within that time.
  [[nodiscard]] bool wait_readable(int timeout_ms) const;
  /// Sends one text frame.
  void send_text(std::string_view payload);
  /// Sends what client_frame() made, several frames at once.
  void send_framed(std::string_view frames) { write_all(frames.data(), frames.size()); }
  /// Reads what has come and calls `on_frame` with each data frame's payload. Answers pings. False when closed.
  bool read_frames(const std::function<void(std::string_view)>& on_frame);

 private:
  void handshake(const target& server, const std::string& path, const std::string& subprotocol);
  bool take_frames(const std::function<void(std::string_view)>& on_frame);
  void write_all(const char* data, std::size_t size) const;
  void send_frame(opcode code, std::string_view payload) const;

  int descriptor_ = -1;
  server_frames frames_;
};

}  // namespace parley::support
