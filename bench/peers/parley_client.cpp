// The frames begin with their type.
#include "peers/parley_client.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "across/stamp.hpp"

namespace parley::bench {

parley_client::upgrade parley_client::how_to_connect() const {
  const auto* role = place_.sends() ? "sender" : "member";
  return {fmt::format("/ws/bench-{0}/{1}-{0}-{2}?replay=none", place_.room, role, place_.member), {}};
}

void parley_client::begin(peer_events& events) {
  if (is_echoed_) events.joined();
}

void parley_client::receive(std::string_view payload, peer_events& events) {
  if (is_of_type(payload, "new_message")) {
    if (is_echoed_ && place_.sends())
      events.acknowledged();
    else
      events.delivered(payload);
  } else if (is_of_type(payload, "ack")) {
    events.acknowledged();
  } else if (is_of_type(payload, "ready")) {
    events.joined();
  } else if (is_of_type(payload, "error")) {
    throw std::runtime_error("the server answered: " + std::string(payload));
  }
}

std::string parley_client::message(std::string_view content) {
  return fmt::format(R"({{"type":"send_message","data":{{"content":"{}"}}}})", content);
}

}  // namespace parley::bench
