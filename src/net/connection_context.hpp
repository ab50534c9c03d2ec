// The seam between transport and protocol in this folder: what all connections of a node share, and how one is handed
// on.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <optional>
#include <string>

#include "net/transfer_place.hpp"
#include "net/transport_stream.hpp"
#include "net/trusted_proxies.hpp"
#include "parley/client_ports.hpp"
#include "parley/codec.hpp"
#include "parley/config.hpp"
#include "parley/metrics.hpp"

namespace parley {

class delivery_shard;

/// Owned by net_server, which outlives every connection; used from all I/O threads, never changed after the start
/// except for the atomics.
struct net_services {
  const config& settings;
  broker& actors;
  const frame_encoder& encoder;
  metrics& counts;
  trusted_proxies proxies;
  /// Whether the store answers; any thread, must not block. Empty counts as yes.
  std::function<bool()> store_is_ready;
  /// From the first signal on: /readyz answers 503, everything else goes on as before.
  std::atomic<bool> unready{false};
  /// From begin_drain on: upgrades are refused with 503, a response carries `Connection: close` and ends its
  /// connection. The listener stays open to the end, so that /healthz and /metrics answer until stop().
  std::atomic<bool> draining{false};
  transfer_places transfers{settings, counts};
};

using http_request = boost::beast::http::request<boost::beast::http::string_body>;

/// A request to upgrade whose token, origin and room were checked.
struct websocket_start {
  transport_stream stream;  ///< Bytes read beyond the request were given back by stream.unread().
  http_request upgrade_request;
  principal who;
  replay_mode replay = replay_mode::unread;
  std::optional<room_id> only_room;
  std::string subprotocol;  ///< Empty or "parley.v1": what the answer names.
  std::string extensions;   ///< What the answer says of compression; empty: the connection has none.
  delivery_shard& shard;
  net_services& services;
};

/// Who is at the other end: anybody, or whoever may open the admin socket.
enum class peer_kind : std::uint8_t { client, machine_operator };

// Both run on the shard's thread and return at once; the connection then lives by its pending operations.

/// Reads requests until the connection ends or is upgraded (http_session.cpp). TLS is already behind `stream`: its
/// handshake happens within the first read, so the first request's deadline bounds it too.
void start_http_session(transport_stream stream, delivery_shard& shard, net_services& services,
                        peer_kind peer = peer_kind::client);
/// Accepts the upgrade and opens the client's session (websocket_session.cpp).
void start_websocket_session(websocket_start start);

}  // namespace parley
