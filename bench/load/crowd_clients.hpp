// The connections of a crowd: who is ready, and what each room's clients are sent.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "across/wire_loop.hpp"
#include "load/world.hpp"

namespace parley::bench {

/// Used from one thread.
class crowd_clients {
 public:
  /// Gets every frame but `ready`.
  using frame_handler = std::function<void(std::size_t client, std::string_view frame)>;

  /// Client N is a device of user N modulo the users. `people` outlives it.
  crowd_clients(support::target node, const crowd& people, std::size_t clients, frame_handler on_frame);

  /// Called before a client begins to connect.
  std::function<void(std::size_t client)> on_connect;
  /// Called when a client has its `ready`; may send.
  std::function<void(std::size_t client)> on_ready;
  /// Called often while they connect; shows how many are ready, in place of their count.
  std::function<void()> on_step;

  /// Connects the clients from `first` on, `at_once` at a time, and waits until all are ready. Throws
  /// std::runtime_error when one is not.
  void connect(std::size_t first, std::size_t count, std::size_t at_once);
  void cut(std::size_t first, std::size_t count);
  void send_text(std::size_t client, std::string_view frame) { loop_.send_text(client, frame); }
  void step(std::chrono::nanoseconds at_most) { loop_.step(at_most); }
  void run_for(double seconds);
  /// How a connection ended that should not have; empty: none did.
  [[nodiscard]] const std::string& broken() const { return broken_; }

 private:
  support::target node_;
  const crowd& people_;
  frame_handler on_frame_;
  std::size_t ready_ = 0;
  std::string broken_;
  wire_loop loop_;
};

}  // namespace parley::bench
