// A WebSocket that never blocks: a stopped node answers neither a connection nor a handshake.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "support/client_socket.hpp"

namespace parley::bench {

/// Owns its descriptor. Used from one thread.
class wire {
 public:
  /// Begins to connect and to upgrade.
  wire(const support::target& server, const std::string& path, const std::string& token);
  ~wire();
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Upgraded, so that frames may be sent.
  [[nodiscard]] bool is_open() const { return stage_ == stage::open; }
  [[nodiscard]] bool wants_write() const { return stage_ == stage::connecting || !outgoing_.empty(); }
  /// Does what can be done now. False when the connection is over; then `end()` says how.
  bool advance(const std::function<void(std::string_view)>& on_frame);
  void send_text(std::string_view payload);
  /// The close code, 0 when there was none.
  [[nodiscard]] int close_code() const { return close_code_; }
  [[nodiscard]] const std::string& end() const { return end_; }
  /// Ends the connection as a lost network would, without a word: at the destructor.
  void reset_when_destroyed();

 private:
  enum class stage { connecting, upgrading, open };

  bool fail(const std::string& how);
  bool flush();
  bool receive(const std::function<void(std::string_view)>& on_frame);
  bool take_frames(const std::function<void(std::string_view)>& on_frame);

  int descriptor_;
  stage stage_ = stage::connecting;
  std::string outgoing_;
  std::string head_;  ///< Of the answer to the upgrade, as far as it has come.
  support::server_frames frames_;
  int close_code_ = 0;
  std::string end_;
};

}  // namespace parley::bench
