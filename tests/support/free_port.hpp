// A TCP port of the loopback that nobody used a moment ago.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <stdexcept>

namespace parley::support {

/// Below those that the system gives to connections and to who asks for any (by default from 32768 on): so none of
/// these takes it before its server listens, or while the server is ended and started again. Throws
/// std::runtime_error.
inline std::uint16_t free_port() {
  constexpr unsigned first = 16'384, count = 16'384;
  static std::atomic<unsigned> next{std::random_device()()};
  for (unsigned tries = 0; tries < count; ++tries) {
    const auto port = static_cast<std::uint16_t>(first + next++ % count);
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_free = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (is_free) return port;
  }
  throw std::runtime_error("no free port");
}

}  // namespace parley::support
