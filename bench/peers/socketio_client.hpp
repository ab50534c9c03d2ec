// Socket.IO over WebSocket alone: protocol 5 in packets of Engine.IO 4, each one text frame.
#pragma once

#include "peers/client.hpp"

namespace parley::bench {

/// Sends with an acknowledgement, which the server gives after it has handed the message on.
class socketio_client final : public peer_client {
 public:
  explicit socketio_client(const member_place& place) : place_(place) {}

  [[nodiscard]] upgrade how_to_connect() const override { return {"/socket.io/?EIO=4&transport=websocket", {}}; }
  void begin(peer_events& /*events*/) override {}
  void receive(std::string_view payload, peer_events& events) override;
  std::string message(std::string_view content) override;

 private:
  void on_acknowledgement(std::string_view payload, peer_events& events);

  member_place place_;
  bool has_joined_ = false;
  std::uint64_t next_ = 1;         ///< The id of the next message; 0 is that of the join.
  std::uint64_t next_answer_ = 1;  ///< The id that is acknowledged next.
};

}  // namespace parley::bench
