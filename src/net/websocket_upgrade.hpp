// Everything that is checked before a request becomes a WebSocket.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/api_call.hpp"
#include "parley/client_ports.hpp"

namespace parley {

/// What the checks found; the connection then belongs to the WebSocket.
struct upgrade_grant {
  principal who;
  replay_mode replay = replay_mode::unread;
  std::optional<room_id> only_room;
  std::string subprotocol;
  std::string extensions;
};

/// Whether the path is one of the WebSocket's: /ws and what is below.
bool is_websocket_path(const http_target& target);

/// Checks path, handshake, origin, token, user and membership, in this order; answers the first that fails,
/// else calls `grant` on the connection's thread. `call` bears the request and its target only.
void check_upgrade(const api_call_ptr& call, std::function<void(upgrade_grant)> grant);

}  // namespace parley
