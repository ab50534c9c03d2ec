// RFC 6455 framing from the client's side, without a socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::support {

enum class opcode : std::uint8_t { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA };

/// One masked frame of at most 65,535 bytes (the mask is zero: allowed, and free).
std::string client_frame(opcode code, std::string_view payload);

/// Takes a server's bytes as they come and gives its whole frames. Servers of ours do not fragment.
class server_frames {
 public:
  struct frame {
    opcode code;
    std::string_view payload;  ///< Until the next call of feed().
  };

  void feed(std::string_view bytes);
  /// Nothing when the next frame has not come as a whole.
  std::optional<frame> next();

 private:
  std::string pending_;
  std::size_t used_ = 0;
};

}  // namespace parley::support
