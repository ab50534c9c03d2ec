// Connecting, reading and writing as far as it goes.
#include "verify/stream_socket.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace parley::bench {
namespace {

/// What is wrong; empty when it is done or under way. A refusal also shows when the descriptor becomes writable.
std::string begin_to_connect(int descriptor, const sockaddr* address, socklen_t size) {
  if (::connect(descriptor, address, size) == 0 || errno == EINPROGRESS) return {};
  return std::strerror(errno);
}

}  // namespace

stream_socket::stream_socket(const support::target& server)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  ::inet_pton(AF_INET, server.host.c_str(), &address.sin_addr);
  end_ = begin_to_connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

stream_socket::stream_socket(const std::string& path)
    : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  end_ = begin_to_connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

stream_socket::~stream_socket() { ::close(descriptor_); }

void stream_socket::reset_when_destroyed() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool stream_socket::fail(const std::string& how) {
  if (end_.empty()) end_ = how;
  return false;
}

void stream_socket::send(std::string_view bytes) {
  outgoing_ += bytes;
  if (!is_connecting_) (void)flush();
}

bool stream_socket::flush() {
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

bool stream_socket::is_connected() {
  if (!end_.empty()) return false;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(std::strerror(error));
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  return ::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
}

bool stream_socket::advance(const std::function<bool(std::string_view)>& on_bytes) {
  if (is_connecting_) {
    if (!is_connected()) return end_.empty();  // not yet, or never
    is_connecting_ = false;
  }
  // What came before a failure to write still counts.
  const bool writes = flush();
  return receive(on_bytes) && writes;
}

bool stream_socket::receive(const std::function<bool(std::string_view)>& on_bytes) {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got == 0) return fail("closed without a word");
    if (got < 0) return errno == EAGAIN || errno == EINTR || fail(std::strerror(errno));
    if (!on_bytes({buffer.data(), static_cast<std::size_t>(got)})) return false;
  }
}

void stream_socket::wait(int milliseconds) const {
  pollfd ready{descriptor_, static_cast<short>(POLLIN | (wants_write() ? POLLOUT : 0)), 0};
  ::poll(&ready, 1, milliseconds);
}

}  // namespace parley::bench
