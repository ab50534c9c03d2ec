// Sockets, the upgrade, and RFC 6455 framing from the client's side.
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

constexpr unsigned opcode_text = 0x1;
constexpr unsigned opcode_close = 0x8;
constexpr unsigned opcode_ping = 0x9;
constexpr unsigned opcode_pong = 0xA;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::runtime_error(host + " is no IPv4 address");
  return address;
}

}  // namespace

client_socket::client_socket(const target& server, const std::string& path, const std::string& source) {
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
  handshake(server, path);
  ::fcntl(descriptor_, F_SETFL, ::fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
}

client_socket::client_socket(client_socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), pending_(std::move(other.pending_)) {}

client_socket::~client_socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void client_socket::handshake(const target& server, const std::string& path) {
  const auto request = "GET " + path + " HTTP/1.1\r\nHost: " + server.host + ":" + std::to_string(server.port) +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
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
  pending_ = head.substr(end + 4);
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

void client_socket::send_frame(unsigned opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8 & 0xFF);
    frame += static_cast<char>(payload.size() & 0xFF);
  }
  frame.append(4, '\0');
  frame += payload;
  write_all(frame.data(), frame.size());
}

bool client_socket::wait_readable(int timeout_ms) const {
  pollfd readable{descriptor_, POLLIN, 0};
  return ::poll(&readable, 1, timeout_ms) > 0;
}

void client_socket::send_text(std::string_view payload) { send_frame(opcode_text, payload); }

bool client_socket::read_frames(const std::function<void(std::string_view)>& on_frame) {
  std::array<char, 64 * 1024> buffer;
  bool is_drained = false;
  for (;;) {
    bool open = true;
    const auto used = parse(on_frame, open);
    pending_.erase(0, used);
    if (!open) return false;
    if (is_drained) return true;  // what has come since makes the descriptor readable again
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      pending_.append(buffer.data(), static_cast<std::size_t>(got));
      is_drained = static_cast<std::size_t>(got) < buffer.size();
      continue;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
  }
}

std::size_t client_socket::parse(const std::function<void(std::string_view)>& on_frame, bool& open) {
  std::size_t at = 0;
  while (open && pending_.size() - at >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(pending_[at + i]); };
    const unsigned opcode = byte(0) & 0x0F;
    std::size_t header = 2;
    std::uint64_t length = byte(1) & 0x7F;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (pending_.size() - at < header + extra) break;
    if (extra > 0) length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(header + i);
    header += extra;
    if (pending_.size() - at < header + length) break;
    const std::string_view payload(pending_.data() + at + header, length);
    if (opcode == opcode_text) on_frame(payload);
    if (opcode == opcode_ping) send_frame(opcode_pong, payload);
    if (opcode == opcode_close) open = false;
    at += header + length;
  }
  return at;
}

}  // namespace parley::support
