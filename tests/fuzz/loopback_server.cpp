// See loopback_server.hpp.
#include "fuzz/loopback_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <variant>

#include "net/json_encoder.hpp"
#include "net/net_server.hpp"

namespace parley::fuzz {
namespace {

/// Knows every token and no thing; each frame of a session is answered at once.
class answering_broker final : public broker {
 public:
  void submit(any_call what) override {
    std::visit(
        [](auto& asked) {
          if constexpr (std::is_same_v<std::decay_t<decltype(asked.request)>, authenticate>) {
            principal who;
            who.user.username = "somebody";
            asked.reply(std::move(who));
          } else {
            asked.reply(not_found("There is no such thing."));
          }
        },
        what);
  }

  std::unique_ptr<client_session> open_session(session_request request) override {
    out->send(request.connection, {nullptr, 0, 1});
    return std::make_unique<session>(*out, request.connection);
  }

  delivery* out = nullptr;

 private:
  class session final : public client_session {
   public:
    session(delivery& out, connection_ref to) : out_(out), to_(to) {}
    void submit(client_frame frame) override {
      if (!frame.takes_credit()) return;
      if (!frame.wants_answer()) return out_.send(to_, {nullptr, 0, 1});
      std::string bytes;
      json_encoder().append_ack(bytes, frame.id, empty_ack{});
      out_.send(to_, {std::make_shared<const std::string>(std::move(bytes)), 1, 1, false});
    }
    void room_failed(room_id, sequence) override {}

   private:
    delivery& out_;
    connection_ref to_;
  };
};

struct server {
  server() : net(settings(), json_encoder(), counts, lease) {
    actors.out = &net.deliveries();
    require(net.start(actors, [] { return true; }).has_value(), "the server starts");
  }
  static const config& settings() {
    static const config value = [] {
      config made;
      made.net.listen = "127.0.0.1:0";
      made.net.threads = 1;
      return made;
    }();
    return value;
  }
  metrics counts;
  answering_broker actors;
  delivery_lease lease;
  net_server net;
};

/// libFuzzer's clock is a SIGALRM without SA_RESTART every few seconds: whatever call of the client it meets
/// (connect, send, recv) has to go on, or a healthy server is reported.
server* start_server() {
  struct sigaction clock {};
  require(::sigaction(SIGALRM, nullptr, &clock) == 0, "the clock's handler can be read");
  clock.sa_flags |= SA_RESTART;
  require(::sigaction(SIGALRM, &clock, nullptr) == 0, "the clock's handler can be set");
  return new server;
}

/// Lives as long as the process: libFuzzer ends it without destructors.
server& running() {
  static auto* one = start_server();
  return *one;
}

/// From ever other addresses, since a port that was just used rests for a minute.
sockaddr_in own_address() {
  static std::uint32_t number = 0;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(0x7F010001U + ++number % 0xFFFFU);
  return address;
}

}  // namespace

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "Does not hold: %.*s (errno: %s)\n", static_cast<int>(what.size()), what.data(),
               std::strerror(errno));
  std::abort();
}

std::string exchange(std::string_view bytes) {
  const auto port = running().net.port();
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto from = own_address();
  require(::bind(socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0,
          "a loopback address can be bound");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0, "the server accepts");
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // it has heard enough
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(socket, SHUT_WR);
  std::string said;
  char part[4'096];
  for (;;) {
    const auto count = ::recv(socket, part, sizeof part, 0);
    if (count <= 0) break;
    said.append(part, static_cast<std::size_t>(count));
  }
  ::close(socket);
  return said;
}

}  // namespace parley::fuzz
