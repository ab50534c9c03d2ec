// A WebSocket client socket for tests and load: one descriptor, non-blocking after its handshake, parses server frames
// in place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

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
  /// connections find ports.
  client_socket(const target& server, const std::string& path, const std::string& source = {});
  client_socket(client_socket&& other) noexcept;
  client_socket& operator=(client_socket&&) = delete;
  ~client_socket();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// False when nothing came within that time.
  [[nodiscard]] bool wait_readable(int timeout_ms) const;
  /// Sends one masked text frame (the mask is zero: allowed, and free).
  void send_text(std::string_view payload);
  /// Reads what has come and calls `on_frame` with each complete payload. Answers pings. False when closed.
  bool read_frames(const std::function<void(std::string_view)>& on_frame);

 private:
  void handshake(const target& server, const std::string& path);
  std::size_t parse(const std::function<void(std::string_view)>& on_frame, bool& open);
  void write_all(const char* data, std::size_t size) const;
  void send_frame(unsigned opcode, std::string_view payload);

  int descriptor_ = -1;
  std::string pending_;  ///< Bytes of an incomplete frame.
};

}  // namespace parley::support
