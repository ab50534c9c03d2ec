// Upgrading, and frames.
#include "verify/wire.hpp"

#include <fmt/format.h>

namespace parley::bench {

using support::opcode;

wire::wire(const support::target& server, const std::string& path, const std::string& token) : stream_(server) {
  stream_.send(fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}:{}\r\nAuthorization: Bearer {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      path, server.host, server.port, token));
}

bool wire::fail(const std::string& how) {
  if (end_.empty()) end_ = how;
  return false;
}

void wire::send_text(std::string_view payload) { stream_.send(support::client_frame(opcode::text, payload)); }

bool wire::advance(const std::function<void(std::string_view)>& on_frame) {
  return stream_.advance([&](std::string_view bytes) { return take(bytes, on_frame); });
}

bool wire::take(std::string_view bytes, const std::function<void(std::string_view)>& on_frame) {
  if (is_open_) {
    frames_.feed(bytes);
    return take_frames(on_frame);
  }
  head_ += bytes;
  const auto end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return true;
  if (!head_.starts_with("HTTP/1.1 101")) return fail("upgrade refused: " + head_.substr(0, head_.find('\r')));
  is_open_ = true;
  frames_.feed(std::string_view(head_).substr(end + 4));
  return take_frames(on_frame);
}

bool wire::take_frames(const std::function<void(std::string_view)>& on_frame) {
  while (const auto frame = frames_.next()) {
    if (frame->code == opcode::text) on_frame(frame->payload);
    if (frame->code == opcode::ping) stream_.send(support::client_frame(opcode::pong, frame->payload));
    if (frame->code == opcode::close) {
      const auto& text = frame->payload;
      if (text.size() >= 2) close_code_ = static_cast<std::uint8_t>(text[0]) << 8 | static_cast<std::uint8_t>(text[1]);
      return fail(fmt::format("closed with {}", close_code_));
    }
  }
  return true;
}

}  // namespace parley::bench
