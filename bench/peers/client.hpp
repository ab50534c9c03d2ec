// What a client of some chat server says and hears; the load is the same for all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "support/websocket_frames.hpp"

namespace parley::bench {

/// Who a client is. Every client is a member of one room; one of each room sends.
struct member_place {
  std::uint32_t room = 0;
  std::uint32_t member = 0;
  [[nodiscard]] bool sends() const { return member == 0; }
};

/// What a client learns from its server.
class peer_events {
 public:
  virtual ~peer_events() = default;
  /// It is in its room: what is sent there from now on will come.
  virtual void joined() = 0;
  /// A message of another member came; its content stands somewhere in this text.
  virtual void delivered(std::string_view text) = 0;
  /// The oldest message of this sender that was not answered has its ack, or came back as an echo.
  virtual void acknowledged() = 0;
  /// A frame has to go out, the next step of a log-in say.
  virtual void send(std::string_view payload) = 0;
};

/// One connection's side of a protocol, without a socket. What it does not expect it throws, as std::runtime_error.
class peer_client {
 public:
  struct upgrade {
    std::string path;
    std::string subprotocol;  ///< Empty: none.
    support::opcode data = support::opcode::text;
  };

  virtual ~peer_client() = default;
  [[nodiscard]] virtual upgrade how_to_connect() const = 0;
  /// The connection is open.
  virtual void begin(peer_events& events) = 0;
  /// A data frame came.
  virtual void receive(std::string_view payload, peer_events& events) = 0;
  /// The frame that sends this content to the client's room.
  virtual std::string message(std::string_view content) = 0;
};

}  // namespace parley::bench
