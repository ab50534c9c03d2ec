// The packets of https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/ that a load needs.
#include "peers/mqtt_client.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace parley::bench {
namespace {

constexpr std::uint8_t connect = 0x10, connect_ack = 0x20, publish = 0x30, publish_at_least_once = 0x32,
                       publish_ack = 0x40, subscribe = 0x82, subscribe_ack = 0x90;

std::string two_bytes(std::size_t value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}

std::string counted(std::string_view text) { return two_bytes(text.size()).append(text); }

std::string packet(std::uint8_t head, std::string_view body) {
  std::string out(1, static_cast<char>(head));
  auto left = body.size();
  do {
    out += static_cast<char>((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return out.append(body);
}

std::uint16_t identifier(std::string_view body) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(body[i]); };
  return body.size() < 2 ? std::uint16_t{0} : static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
}

std::uint16_t after(std::uint16_t number) { return number == 0xFFFF ? std::uint16_t{1} : ++number; }

}  // namespace

void mqtt_client::begin(peer_events& events) {
  constexpr std::string_view protocol{"\0\4MQTT\4", 7};
  constexpr std::string_view clean_and_no_keep_alive{"\2\0\0", 3};
  const auto name = fmt::format("{}-{}", place_.room, place_.member);
  events.send(packet(connect, std::string(protocol).append(clean_and_no_keep_alive) + counted(name)));
}

void mqtt_client::receive(std::string_view payload, peer_events& events) {
  std::string_view bytes = payload;
  const bool is_continued = !pending_.empty();
  if (is_continued) bytes = pending_.append(payload);
  while (take_packet(bytes, events)) {
  }
  if (is_continued)
    pending_.erase(0, pending_.size() - bytes.size());
  else
    pending_ = bytes;
}

bool mqtt_client::take_packet(std::string_view& bytes, peer_events& events) {
  std::size_t size = 0;
  std::size_t used = 1;
  for (unsigned shift = 0;; shift += 7) {
    if (bytes.size() <= used) return false;
    if (shift > 21) throw std::runtime_error("a length of MQTT is too long");
    const auto byte = static_cast<std::uint8_t>(bytes[used++]);
    size |= static_cast<std::size_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) break;
  }
  if (bytes.size() < used + size) return false;
  on_packet(static_cast<std::uint8_t>(bytes[0]), bytes.substr(used, size), events);
  bytes.remove_prefix(used + size);
  return true;
}

void mqtt_client::on_packet(std::uint8_t head, std::string_view body, peer_events& events) {
  if (head == publish) {
    events.delivered(body);
  } else if (head == publish_ack && identifier(body) == next_answer_) {
    next_answer_ = after(next_answer_);
    events.acknowledged();
  } else if (head == connect_ack && body.size() == 2 && body[1] == 0) {
    // The sender does not subscribe: this version would bring it its own messages.
    if (place_.sends())
      events.joined();
    else
      events.send(packet(subscribe, two_bytes(1) + counted(topic()) + '\0'));
  } else if (head == subscribe_ack && body.size() == 3 && body[2] == 0) {
    events.joined();
  } else {
    throw std::runtime_error(fmt::format("MQTT: packet {:#x} of {} bytes", head, body.size()));
  }
}

std::string mqtt_client::message(std::string_view content) {
  const auto number = next_packet_;
  next_packet_ = after(number);
  return packet(publish_at_least_once, (counted(topic()) + two_bytes(number)).append(content));
}

}  // namespace parley::bench
