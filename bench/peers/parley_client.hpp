// Parley's own protocol, as far as a load needs it; the floor speaks it too.
#pragma once

#include "peers/client.hpp"

namespace parley::bench {

class parley_client final : public peer_client {
 public:
  /// `is_echoed`: the sender is answered by its own message, not by an ack, and nothing says that one has joined.
  parley_client(const member_place& place, bool is_echoed) : place_(place), is_echoed_(is_echoed) {}

  [[nodiscard]] upgrade how_to_connect() const override;
  void begin(peer_events& events) override;
  void receive(std::string_view payload, peer_events& events) override;
  std::string message(std::string_view content) override;

 private:
  member_place place_;
  bool is_echoed_;
};

}  // namespace parley::bench
