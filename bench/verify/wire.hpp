// A WebSocket that never blocks: a stopped node answers neither a connection nor a handshake.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "support/client_socket.hpp"
#include "verify/stream_socket.hpp"

namespace parley::bench {

/// Used from one thread.
class wire {
 public:
  /// Begins to connect and to upgrade.
  wire(const support::target& server, const std::string& path, const std::string& token);

  [[nodiscard]] int descriptor() const { return stream_.descriptor(); }
  /// Upgraded, so that frames may be sent.
  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] bool wants_write() const { return stream_.wants_write(); }
  /// Does what can be done now. False when the connection is over; then `end()` says how.
  bool advance(const std::function<void(std::string_view)>& on_frame);
  /// Until there is something to do, or for so many milliseconds.
  void wait(int milliseconds) const { stream_.wait(milliseconds); }
  void send_text(std::string_view payload);
  /// The close code, 0 when there was none.
  [[nodiscard]] int close_code() const { return close_code_; }
  [[nodiscard]] const std::string& end() const { return end_.empty() ? stream_.end() : end_; }
  /// Ends the connection as a lost network would, without a word: at the destructor.
  void reset_when_destroyed() { stream_.reset_when_destroyed(); }

 private:
  bool fail(const std::string& how);
  bool take(std::string_view bytes, const std::function<void(std::string_view)>& on_frame);
  bool take_frames(const std::function<void(std::string_view)>& on_frame);

  stream_socket stream_;
  bool is_open_ = false;
  std::string head_;  ///< Of the answer to the upgrade, as far as it has come.
  support::server_frames frames_;
  int close_code_ = 0;
  std::string end_;
};

}  // namespace parley::bench
