// NATS with its WebSocket listener, without and with a stream that keeps what is sent.
#include <fmt/format.h>

#include <stdexcept>

#include "peers/catalogue.hpp"
#include "peers/nats_client.hpp"
#include "peers/nats_stream.hpp"
#include "peers/simple_server.hpp"
#include "support/free_port.hpp"

namespace parley::bench {
namespace {

/// The port for plain clients is there because the server wants one.
std::string nats_configuration(std::uint16_t port, std::uint16_t plain_port, const std::string& folder) {
  return fmt::format(R"(listen: "127.0.0.1:{}"
websocket {{ listen: "127.0.0.1:{}", no_tls: true, compression: false }}
max_connections: 100000
{}
)",
                     plain_port, port, folder.empty() ? "" : fmt::format("jetstream {{ store_dir: \"{}\" }}", folder));
}

std::unique_ptr<peer_server> start_nats(nats_answer answer) {
  const auto port = support::free_port();
  const auto plain_port = support::free_port();
  const bool has_stream = answer == nats_answer::stream_ack;
  auto server = std::make_unique<simple_server>(
      "nats", port,
      [&](const own_folder& folder) {
        const auto text = nats_configuration(port, plain_port, has_stream ? folder.path() : "");
        return std::vector<std::string>{find_program("nats-server").value(), "-c", folder.write("nats.conf", text)};
      },
      [answer](const member_place& place) { return std::make_unique<nats_client>(place, answer); });
  if (has_stream) create_nats_stream(server->address());
  return server;
}

}  // namespace

peer nats_peer() {
  peer out;
  out.name = "nats";
  out.title = "NATS";
  out.stored = "no";
  out.acknowledged = "echo";
  out.missing = [] { return missing_program("nats-server", "nats-server"); };
  out.start = [] { return start_nats(nats_answer::echo); };
  out.version = [] { return package_version("nats-server"); };
  return out;
}

peer jetstream_peer() {
  auto out = nats_peer();
  out.name = "jetstream";
  out.title = "NATS JetStream";
  out.stored = "file, not flushed";
  out.acknowledged = "ack";
  out.start = [] { return start_nats(nats_answer::stream_ack); };
  return out;
}

}  // namespace parley::bench
