// MQTT 3.1.1 over WebSocket: packets in a stream of bytes that frames may cut anywhere.
#pragma once

#include "peers/client.hpp"

namespace parley::bench {

/// A sender publishes with QoS 1, so that the server acknowledges; members subscribe with QoS 0, the cheapest delivery.
class mqtt_client final : public peer_client {
 public:
  explicit mqtt_client(const member_place& place) : place_(place) {}

  [[nodiscard]] upgrade how_to_connect() const override { return {"/mqtt", "mqtt", support::opcode::binary}; }
  void begin(peer_events& events) override;
  void receive(std::string_view payload, peer_events& events) override;
  std::string message(std::string_view content) override;

 private:
  /// Takes a packet off the front; false when it has not come as a whole.
  bool take_packet(std::string_view& bytes, peer_events& events);
  void on_packet(std::uint8_t head, std::string_view body, peer_events& events);
  [[nodiscard]] std::string topic() const { return "room/" + std::to_string(place_.room); }

  member_place place_;
  std::uint16_t next_packet_ = 1;  ///< Its identifier, never 0.
  std::uint16_t next_answer_ = 1;
  std::string pending_;
};

}  // namespace parley::bench
