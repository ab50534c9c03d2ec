// A REST call that never blocks, for those who cannot wait for a node that stands still.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rest.hpp"
#include "verify/stream_socket.hpp"

namespace parley::bench {

/// One call on a connection of its own; used from one thread. How long to wait is the caller's matter, whatever the
/// request says.
class rest_exchange {
 public:
  /// Begins to connect and to ask.
  rest_exchange(const support::target& server, const rest_request& request);
  /// By a node's admin socket.
  rest_exchange(const std::string& admin_socket, const rest_request& request);

  /// Does what can be done now. False when it is over: there is an answer, or none will come.
  bool advance();
  /// Until there is something to do, or for so many milliseconds.
  void wait(int milliseconds) const { stream_.wait(milliseconds); }
  /// Nothing unless all of it has come.
  [[nodiscard]] const std::optional<rest_answer>& answer() const { return answer_; }

 private:
  bool take(std::string_view bytes);

  stream_socket stream_;
  std::string received_;
  std::optional<rest_answer> answer_;
};

}  // namespace parley::bench
