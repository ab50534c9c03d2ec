// One request to JetStream's API, https://docs.nats.io/reference/reference-protocols/nats_api_reference.
#include "peers/nats_stream.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace parley::bench {

void create_nats_stream(const support::target& server) {
  constexpr std::string_view settings =
      R"({"name":"rooms","subjects":["room.>"],"storage":"file","retention":"limits","discard":"old","max_msgs":-1,)"
      R"("max_bytes":-1,"max_age":0,"num_replicas":1})";
  support::client_socket socket(server, "/");
  socket.send_framed(support::client_frame(
      support::opcode::binary, fmt::format("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB _INBOX.create 1\r\n"
                                           "PUB $JS.API.STREAM.CREATE.rooms _INBOX.create {}\r\n{}\r\n",
                                           settings.size(), settings)));
  std::string answer;
  for (int turn = 0; turn < 100 && answer.find("stream_create_response") == std::string::npos; ++turn) {
    (void)socket.wait_readable(100);
    if (!socket.read_frames([&](std::string_view payload) { answer += payload; })) break;
  }
  const auto message = answer.find("MSG ");
  if (message == std::string::npos || answer.find("\"error\"", message) != std::string::npos)
    throw std::runtime_error("NATS made no stream: " + answer);
}

}  // namespace parley::bench
