// A REST call that never blocks, with a server that says what a test lets it say.
#include "verify/rest_exchange.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "support/free_port.hpp"

namespace parley::bench::rest_exchange_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int patience_ms = 10'000;
const rest_request request{"POST", "/api/v1/rooms/1/messages", "token", R"({"content":"hello"})", patience_ms, "c1-1"};

/// For one caller at a time.
class small_server {
 public:
  small_server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof loopback;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&loopback), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&loopback), &size);
    port_ = ntohs(loopback.sin_port);
  }
  ~small_server() {
    hang_up();
    ::close(listener_);
  }
  small_server(const small_server&) = delete;
  small_server& operator=(const small_server&) = delete;

  [[nodiscard]] support::target address() const { return {"127.0.0.1", port_}; }
  /// Lets the caller in, and reads all that it asks: were some of it left, hanging up would be a reset.
  std::string hear(rest_exchange& caller) {
    hang_up();
    caller.wait(patience_ms);  // until it is connected
    EXPECT_TRUE(caller.advance());
    caller_ = ::accept(listener_, nullptr, nullptr);
    const int on = 1;
    ::setsockopt(caller_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::string asked;
    std::array<char, 4096> bytes{};
    while (!asked.ends_with(request.body)) {
      const auto count = ::recv(caller_, bytes.data(), bytes.size(), 0);
      if (count <= 0) break;
      asked.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return asked;
  }
  void say(std::string_view bytes) const {
    EXPECT_EQ(::send(caller_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() {
    if (caller_ >= 0) ::close(std::exchange(caller_, -1));
  }

 private:
  int listener_;
  int caller_ = -1;
  std::uint16_t port_ = 0;
};

/// Whether it goes on behind what comes next.
bool goes_on(rest_exchange& exchange) {
  exchange.wait(patience_ms);
  return exchange.advance();
}

/// Waits until it is over.
void finish(rest_exchange& exchange) {
  while (exchange.advance()) exchange.wait(patience_ms);
}

TEST(RestExchange, AsksOnceWithItsKeyAndItsToken) {
  small_server server;
  rest_exchange exchange(server.address(), request);
  const auto asked = server.hear(exchange);
  EXPECT_THAT(asked, StartsWith("POST /api/v1/rooms/1/messages HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nAuthorization: Bearer token\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nIdempotency-Key: c1-1\r\n"));
  EXPECT_THAT(asked, HasSubstr("\r\nContent-Length: 19\r\n"));
  EXPECT_FALSE(exchange.answer());
}

TEST(RestExchange, TakesAnAnswerThatIsCutAnywhere) {
  small_server server;
  const std::string bytes = "HTTP/1.1 201 Created\r\nContent-Length: 9\r\nServer: small\r\n\r\n{\"seq\":7}";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    rest_exchange exchange(server.address(), request);
    server.hear(exchange);
    server.say(std::string_view(bytes).substr(0, cut));
    EXPECT_TRUE(goes_on(exchange)) << cut;
    EXPECT_FALSE(exchange.answer()) << cut;
    server.say(std::string_view(bytes).substr(cut));
    EXPECT_FALSE(goes_on(exchange)) << cut << ": it does not wait for the end of the connection";
    ASSERT_TRUE(exchange.answer()) << cut;
    EXPECT_EQ(exchange.answer()->status, 201);
    EXPECT_EQ(exchange.answer()->body, R"({"seq":7})");
  }
}

TEST(RestExchange, HasNoAnswerWhenTheConnectionEndsInTheMiddleOfTheBody) {
  small_server server;
  rest_exchange exchange(server.address(), request);
  server.hear(exchange);
  server.say("HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{\"seq\"");
  server.hang_up();
  finish(exchange);
  EXPECT_FALSE(exchange.answer());
}

TEST(RestExchange, FindsTheLengthInWhateverLettersItsNameIs) {
  small_server server;
  for (const std::string name : {"Content-Length", "content-length", "CONTENT-LENGTH"}) {
    rest_exchange exchange(server.address(), request);
    server.hear(exchange);
    server.say("HTTP/1.1 429 Too Many Requests\r\n" + name + ": 2\r\n\r\n{}");
    EXPECT_FALSE(goes_on(exchange)) << name;
    ASSERT_TRUE(exchange.answer()) << name;
    EXPECT_EQ(exchange.answer()->status, 429);
    EXPECT_EQ(exchange.answer()->body, "{}") << name;
  }
}

TEST(RestExchange, TakesWhatHasNoStatusForNoAnswer) {
  small_server server;
  for (const auto* head : {"HTTP/1.1 OK!\r\n\r\n", "HTTP/1.1 2xx Created\r\n\r\n", "oh\r\n\r\n"}) {
    rest_exchange exchange(server.address(), request);
    server.hear(exchange);
    server.say(head);
    EXPECT_FALSE(goes_on(exchange)) << head;
    EXPECT_FALSE(exchange.answer()) << head;
  }
}

TEST(RestExchange, HasNoAnswerWhereNobodyListens) {
  rest_exchange exchange(support::target{"127.0.0.1", support::free_port()}, request);
  finish(exchange);
  EXPECT_FALSE(exchange.answer());
}

}  // namespace
}  // namespace parley::bench::rest_exchange_test
