// Socket.IO on Node.js, its packages from npm.
#include <fmt/format.h>

#include <filesystem>

#include "peers/catalogue.hpp"
#include "peers/simple_server.hpp"
#include "peers/socketio_client.hpp"
#include "support/free_port.hpp"

namespace parley::bench {
namespace {

std::string socketio_file(const char* name) { return std::string(PARLEY_SOCKETIO_FOLDER "/") + name; }

std::optional<std::string> missing_socketio() {
  if (auto missing = missing_program("node", "nodejs")) return missing;
  if (std::filesystem::exists(socketio_file("node_modules/socket.io"))) return std::nullopt;
  return "its packages are not installed (npm ci in bench/peers/socketio)";
}

}  // namespace

peer socketio_peer() {
  peer out;
  out.name = "socketio";
  out.title = "Socket.IO";
  out.stored = "no";
  out.acknowledged = "ack";
  out.missing = missing_socketio;
  out.start = [] {
    const auto port = support::free_port();
    return std::make_unique<simple_server>(
        "socketio", port,
        [&](const own_folder&) {
          return std::vector<std::string>{find_program("env").value(), "NODE_ENV=production",
                                          find_program("node").value(), socketio_file("server.mjs"),
                                          std::to_string(port)};
        },
        [](const member_place& place) { return std::make_unique<socketio_client>(place); });
  };
  out.version = [] {
    const auto package = socketio_file("node_modules/socket.io/package.json");
    return fmt::format("socket.io {}, node {}",
                       first_line_of("sed -n 's/^ *\"version\": \"\\(.*\\)\",/\\1/p' '" + package + "'"),
                       first_line_of("node --version"));
  };
  return out;
}

}  // namespace parley::bench
