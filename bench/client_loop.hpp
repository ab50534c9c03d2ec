// All clients of a load in one epoll loop, so that the tool itself stays small beside the server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/client_socket.hpp"

namespace parley::bench {

std::int64_t now_ns();
/// Whether a frame of the server is of that type, which is given with its quotes.
bool is_type(std::string_view payload, std::string_view type);
/// `share` 0.5 is the median. Reorders the values.
double percentile_ms(std::vector<std::int64_t>& values_ns, double share);

/// Used from one thread. Throws std::runtime_error when the server closes a connection.
class client_loop {
 public:
  /// Gets the client's number and a frame's payload.
  using frame_handler = std::function<void(std::size_t client, std::string_view payload)>;
  /// Gets the client's number when all that had come for it is handled.
  using read_handler = std::function<void(std::size_t client)>;

  explicit client_loop(frame_handler on_frame, read_handler on_read = {});
  ~client_loop();
  client_loop(const client_loop&) = delete;
  client_loop& operator=(const client_loop&) = delete;

  /// Connects one more and gives its number, counted from 0. Reads from time to time, so that nobody is slow, and shows
  /// on standard error how many of the `total` there are, unless that is 0.
  std::size_t connect(const support::target& server, const std::string& path, std::size_t total,
                      const std::string& subprotocol = {});
  void send_text(std::size_t client, std::string_view payload) { clients_[client].send_text(payload); }
  void send_framed(std::size_t client, std::string_view frames) { clients_[client].send_framed(frames); }
  /// Reads what has come for one client; what came with the upgrade wakes nobody.
  void read(std::size_t client);
  /// Reads what comes, for so long.
  void run_for(double seconds);

 private:
  frame_handler on_frame_;
  read_handler on_read_;
  int epoll_;
  std::vector<support::client_socket> clients_;
};

}  // namespace parley::bench
