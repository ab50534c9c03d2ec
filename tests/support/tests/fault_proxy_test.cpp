// Where the proxy cuts: at a byte, of which the seed decides.
#include "support/fault_proxy.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <set>
#include <string>
#include <vector>

namespace parley::support {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A server that says the same to everybody who connects, in one go.
class FaultProxy : public ::testing::Test {
 protected:
  FaultProxy() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~FaultProxy() override { ::close(listener_); }

  /// What a client of the proxy gets of it before the end.
  std::string told_through(const fault_proxy& proxy, const std::string& words) {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(proxy.port());
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const int server = ::accept(listener_, nullptr, nullptr);
    EXPECT_EQ(::send(server, words.data(), words.size(), MSG_NOSIGNAL), static_cast<ssize_t>(words.size()));
    ::shutdown(server, SHUT_WR);
    std::string told;
    std::array<char, 4096> bytes{};
    for (ssize_t count = 0; (count = ::recv(client, bytes.data(), bytes.size(), 0)) > 0;) {
      told.append(bytes.data(), static_cast<std::size_t>(count));
    }
    ::close(server);
    ::close(client);
    return told;
  }

  int listener_;
  std::uint16_t port_ = 0;
};

TEST_F(FaultProxy, CutsInTheMiddleOfAWord) {
  const std::string words(1'000, 'x');
  fault_proxy proxy(port_, 1);
  EXPECT_EQ(told_through(proxy, words).size(), words.size());
  proxy.cut_after(100);
  std::set<std::size_t> lengths;
  for (int i = 0; i < 10; ++i) {
    const auto told = told_through(proxy, words);
    EXPECT_GE(told.size(), 1U);
    EXPECT_LE(told.size(), 200U);
    lengths.insert(told.size());
  }
  EXPECT_GT(lengths.size(), 5U) << "at random bytes";
  EXPECT_EQ(proxy.cuts(), 10);
  proxy.heal();
  EXPECT_EQ(told_through(proxy, words).size(), words.size());
}

TEST_F(FaultProxy, CutsWhereTheSeedSays) {
  const std::string words(1'000, 'x');
  const auto lengths = [&](std::uint64_t seed) {
    fault_proxy proxy(port_, seed);
    proxy.cut_after(100);
    std::vector<std::size_t> each;
    each.reserve(5);
    for (int i = 0; i < 5; ++i) each.push_back(told_through(proxy, words).size());
    return each;
  };
  const auto first = lengths(1);
  EXPECT_EQ(lengths(1), first);
  EXPECT_NE(lengths(2), first);
}

}  // namespace
}  // namespace parley::support
