// https://socket.io/docs/v4/engine-io-protocol and .../socket-io-protocol.
#include "peers/socketio_client.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace parley::bench {

void socketio_client::receive(std::string_view payload, peer_events& events) {
  if (payload.starts_with("42[\"message\",")) {
    events.delivered(payload);
  } else if (payload.starts_with("43")) {
    on_acknowledgement(payload, events);
  } else if (payload.starts_with("0{")) {
    events.send("40");
  } else if (payload.starts_with("40")) {
    events.send(fmt::format(R"(420["join","room-{}"])", place_.room));
  } else if (payload == "2") {
    events.send("3");
  } else {
    throw std::runtime_error("Socket.IO answered: " + std::string(payload.substr(0, 200)));
  }
}

void socketio_client::on_acknowledgement(std::string_view payload, peer_events& events) {
  std::uint64_t id = 0;
  std::from_chars(payload.data() + 2, payload.data() + payload.size(), id);
  if (!has_joined_ && id == 0) {
    has_joined_ = true;
    events.joined();
  } else if (id == next_answer_) {
    ++next_answer_;
    events.acknowledged();
  } else {
    throw std::runtime_error("Socket.IO acknowledged out of turn: " + std::string(payload.substr(0, 200)));
  }
}

std::string socketio_client::message(std::string_view content) {
  return fmt::format(R"(42{}["message","{}"])", next_++, content);
}

}  // namespace parley::bench
