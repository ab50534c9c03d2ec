// Sockets and the upgrade.
#include "support/client_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace parley::support {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::runtime_error(host + " is no IPv4 address");
  return address;
}

}  // namespace

client_socket::client_socket(const target& server, const std::string& path, const std::string& source,
                             const std::string& subprotocol) {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) fail("socket");
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!source.empty()) {
    ::setsockopt(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const auto local = address_of(source, 0);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) fail("bind " + source);
  }
  const auto remote = address_of(server.host, server.port);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) != 0) fail("connect");
  handshake(server, path, subprotocol);
  ::fcntl(descriptor_, F_SETFL, ::fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
}

client_socket::client_socket(client_socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), frames_(std::move(other.frames_)) {}

client_socket::~client_socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void client_socket::handshake(const target& server, const std::string& path, const std::string& subprotocol) {
  const auto request = "GET " + path + " HTTP/1.1\r\nHost: " + server.host + ":" + std::to_string(server.port) +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                       (subprotocol.empty() ? "" : "Sec-WebSocket-Protocol: " + subprotocol + "\r\n") + "\r\n";
  write_all(request.data(), request.size());
  std::string head;
  std::array<char, 4096> buffer;
  std::size_t end = std::string::npos;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) {
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got <= 0) throw std::runtime_error("the server hung up during the handshake");
    head.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (!head.starts_with("HTTP/1.1 101"))
    throw std::runtime_error("upgrade refused: " + head.substr(0, head.find('\r')));
  frames_.feed(std::string_view(head).substr(end + 4));
}

void client_socket::write_all(const char* data, std::size_t size) const {
  while (size > 0) {
    const auto sent = ::send(descriptor_, data, size, MSG_NOSIGNAL);
    if (sent > 0) {
      data += sent;
      size -= static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      pollfd writable{descriptor_, POLLOUT, 0};
      ::poll(&writable, 1, 1000);
    } else {
      fail("send");
    }
  }
}

void client_socket::send_frame(opcode code, std::string_view payload) const {
  const auto frame = client_frame(code, payload);
  write_all(frame.data(), frame.size());
}

bool client_socket::wait_readable(int timeout_ms) const {
  pollfd readable{descriptor_, POLLIN, 0};
  return ::poll(&readable, 1, timeout_ms) > 0;
}

void client_socket::send_text(std::string_view payload) { send_frame(opcode::text, payload); }

bool client_socket::take_frames(const std::function<void(std::string_view)>& on_frame) {
  while (const auto frame = frames_.next()) {
    if (frame->code <= opcode::binary) on_frame(frame->payload);
    if (frame->code == opcode::ping) send_frame(opcode::pong, frame->payload);
    if (frame->code == opcode::close) return false;
  }
  return true;
}

bool client_socket::read_frames(const std::function<void(std::string_view)>& on_frame) {
  std::array<char, 64 * 1024> buffer;
  bool is_drained = false;
  for (;;) {
    if (!take_frames(on_frame)) return false;
    if (is_drained) return true;  // what has come since makes the descriptor readable again
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    frames_.feed({buffer.data(), static_cast<std::size_t>(got)});
    is_drained = static_cast<std::size_t>(got) < buffer.size();
  }
}

}  // namespace parley::support
