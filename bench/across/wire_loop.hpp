// Many WebSockets in one epoll loop, none of which ever makes the others wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "verify/wire.hpp"

namespace parley::bench {

/// Used from one thread at a time. Handlers may send, but neither connect nor cut.
class wire_loop {
 public:
  using frame_handler = std::function<void(std::size_t client, std::string_view frame)>;
  using end_handler = std::function<void(std::size_t client, const std::string& how)>;

  /// Clients are numbered from 0 and begin without a connection.
  wire_loop(std::size_t clients, frame_handler on_frame, end_handler on_end);
  ~wire_loop();
  wire_loop(const wire_loop&) = delete;
  wire_loop& operator=(const wire_loop&) = delete;

  void connect(std::size_t client, const support::target& server, const std::string& path, const std::string& token);
  /// Upgraded, and not ended since.
  [[nodiscard]] bool is_open(std::size_t client) const {
    return places_[client].connection && places_[client].connection->is_open();
  }
  /// As a lost network would, without a word; `on_end` is not called.
  void cut(std::size_t client);
  void send_text(std::size_t client, std::string_view payload);
  /// Waits no longer than that for something to come, and handles what has come.
  void step(std::chrono::nanoseconds at_most);

 private:
  struct place {
    std::unique_ptr<wire> connection;
    bool is_watched = false;
    bool waits_to_write = false;
  };

  void watch(std::size_t client);
  void advance(std::size_t client);

  frame_handler on_frame_;
  end_handler on_end_;
  int epoll_;
  std::vector<place> places_;
};

}  // namespace parley::bench
