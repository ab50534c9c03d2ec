// Mosquitto with its WebSocket listener.
#include <fmt/format.h>

#include "peers/catalogue.hpp"
#include "peers/mqtt_client.hpp"
#include "peers/simple_server.hpp"
#include "support/free_port.hpp"

namespace parley::bench {
namespace {

/// The listener for plain clients is there because Debian 12's version stops when it has none. The other is bound by
/// its interface's name: libwebsockets takes no address. As root it would change its user, and the kernel then forgets
/// that it is to end with us.
std::string mosquitto_configuration(std::uint16_t port, std::uint16_t plain_port) {
  return fmt::format(R"(listener {} 127.0.0.1
listener {} lo
protocol websockets
allow_anonymous true
persistence false
set_tcp_nodelay true
user root
max_queued_messages 0
log_dest stderr
log_type error
)",
                     plain_port, port);
}

}  // namespace

peer mosquitto_peer() {
  peer out;
  out.name = "mosquitto";
  out.title = "mosquitto";
  out.stored = "no";
  out.acknowledged = "ack";
  out.missing = [] { return missing_program("mosquitto", "mosquitto"); };
  out.start = [] {
    const auto port = support::free_port();
    const auto plain_port = support::free_port();
    return std::make_unique<simple_server>(
        "mosquitto", port,
        [&](const own_folder& folder) {
          return std::vector<std::string>{find_program("mosquitto").value(), "-c",
                                          folder.write("mosquitto.conf", mosquitto_configuration(port, plain_port))};
        },
        [](const member_place& place) { return std::make_unique<mqtt_client>(place); });
  };
  out.version = [] { return package_version("mosquitto"); };
  return out;
}

}  // namespace parley::bench
