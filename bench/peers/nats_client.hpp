// NATS over WebSocket: lines and payloads, a stream of bytes that frames cut anywhere.
#pragma once

#include "peers/client.hpp"

namespace parley::bench {

/// What answers a sender: core NATS acknowledges nothing, so the message that comes back to its own subscription.
enum class nats_answer : std::uint8_t { echo, stream_ack };

class nats_client final : public peer_client {
 public:
  nats_client(const member_place& place, nats_answer answer) : place_(place), answer_(answer) {}

  [[nodiscard]] upgrade how_to_connect() const override { return {"/", {}, support::opcode::binary}; }
  void begin(peer_events& events) override;
  void receive(std::string_view payload, peer_events& events) override;
  std::string message(std::string_view content) override;

 private:
  /// Takes one line with what belongs to it off the front; false when it has not come as a whole.
  bool take_operation(std::string_view& bytes, peer_events& events);
  void on_message(std::string_view payload, peer_events& events) const;
  [[nodiscard]] std::string subject() const { return "room." + std::to_string(place_.room); }
  [[nodiscard]] std::string inbox() const { return "_INBOX." + std::to_string(place_.room); }

  member_place place_;
  nats_answer answer_;
  std::string pending_;  ///< The beginning of an operation whose end has not come.
};

}  // namespace parley::bench
