// Connecting, upgrading, reading and writing as far as it goes.
#include "verify/wire.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace parley::bench {

using support::opcode;

wire::wire(const support::target& server, const std::string& path, const std::string& token)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  ::inet_pton(AF_INET, server.host.c_str(), &address.sin_addr);
  // A refusal shows at once or when the descriptor becomes writable; advance() sees both.
  (void)::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  outgoing_ = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}:{}\r\nAuthorization: Bearer {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      path, server.host, server.port, token);
}

wire::~wire() { ::close(descriptor_); }

void wire::reset_when_destroyed() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool wire::fail(const std::string& how) {
  if (end_.empty()) end_ = how;
  return false;
}

void wire::send_text(std::string_view payload) {
  outgoing_ += support::client_frame(opcode::text, payload);
  (void)flush();  // a lost connection shows in advance()
}

bool wire::flush() {
  while (!outgoing_.empty()) {
    const auto sent = ::send(descriptor_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      outgoing_.erase(0, static_cast<std::size_t>(sent));
    } else {
      return errno == EAGAIN || errno == EINTR || fail(std::strerror(errno));
    }
  }
  return true;
}

bool wire::advance(const std::function<void(std::string_view)>& on_frame) {
  if (stage_ == stage::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(std::strerror(error));
    sockaddr_in peer{};
    socklen_t peer_size = sizeof peer;
    if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) return true;  // not yet
    stage_ = stage::upgrading;
  }
  // What came before a failure to write still counts.
  const bool writes = flush();
  return receive(on_frame) && writes;
}

bool wire::receive(const std::function<void(std::string_view)>& on_frame) {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got == 0) return fail("closed without a word");
    if (got < 0) return errno == EAGAIN || errno == EINTR || fail(std::strerror(errno));
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (stage_ == stage::upgrading) {
      head_ += bytes;
      const auto end = head_.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      if (!head_.starts_with("HTTP/1.1 101")) return fail("upgrade refused: " + head_.substr(0, head_.find('\r')));
      stage_ = stage::open;
      frames_.feed(std::string_view(head_).substr(end + 4));
    } else {
      frames_.feed(bytes);
    }
    if (!take_frames(on_frame)) return false;
  }
}

bool wire::take_frames(const std::function<void(std::string_view)>& on_frame) {
  while (const auto frame = frames_.next()) {
    if (frame->code == opcode::text) on_frame(frame->payload);
    if (frame->code == opcode::ping) {
      outgoing_ += support::client_frame(opcode::pong, frame->payload);
      (void)flush();
    }
    if (frame->code == opcode::close) {
      const auto& text = frame->payload;
      if (text.size() >= 2) close_code_ = static_cast<std::uint8_t>(text[0]) << 8 | static_cast<std::uint8_t>(text[1]);
      return fail(fmt::format("closed with {}", close_code_));
    }
  }
  return true;
}

}  // namespace parley::bench
