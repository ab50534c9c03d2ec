// XMPP over WebSocket (RFC 7395): a frame is one element of a stream.
#pragma once

#include "peers/client.hpp"

namespace parley::bench {

/// Logs in anonymously and enters a room of XEP-0045. The room answers a sender by its own message.
class xmpp_client final : public peer_client {
 public:
  explicit xmpp_client(const member_place& place) : place_(place) {}

  [[nodiscard]] upgrade how_to_connect() const override { return {"/ws", "xmpp"}; }
  void begin(peer_events& events) override;
  void receive(std::string_view payload, peer_events& events) override;
  std::string message(std::string_view content) override;

 private:
  void on_message(std::string_view payload, peer_events& events) const;
  void on_features(std::string_view payload, peer_events& events) const;
  void on_presence(std::string_view payload, peer_events& events);
  [[nodiscard]] std::string room() const;

  member_place place_;
  bool has_joined_ = false;
};

/// Where it logs in, and where the rooms are.
constexpr const char* xmpp_host = "localhost";
constexpr const char* xmpp_rooms = "rooms.localhost";

}  // namespace parley::bench
