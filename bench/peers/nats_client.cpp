// INFO, MSG, PING, PONG, -ERR; https://docs.nats.io/reference/reference-protocols/nats-protocol.
#include "peers/nats_client.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <stdexcept>

namespace parley::bench {
namespace {

constexpr std::string_view line_end = "\r\n";

[[noreturn]] void refuse(std::string_view what) {
  throw std::runtime_error("NATS answered: " + std::string(what.substr(0, 200)));
}

/// The last word of a MSG line.
std::size_t payload_size(std::string_view line) {
  const auto digits = line.substr(line.rfind(' ') + 1);
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || end != digits.data() + digits.size()) refuse(line);
  return size;
}

}  // namespace

void nats_client::begin(peer_events& events) {
  const bool has_inbox = answer_ == nats_answer::stream_ack && place_.sends();
  events.send(fmt::format(R"(CONNECT {{"verbose":false,"pedantic":false,"lang":"c++","version":"1","protocol":1,)"
                          R"("echo":true}}{0}SUB {1} 1{0}PING{0})",
                          line_end, has_inbox ? inbox() : subject()));
}

void nats_client::receive(std::string_view payload, peer_events& events) {
  std::string_view bytes = payload;
  const bool is_continued = !pending_.empty();
  if (is_continued) bytes = pending_.append(payload);
  while (take_operation(bytes, events)) {
  }
  if (is_continued)
    pending_.erase(0, pending_.size() - bytes.size());
  else
    pending_ = bytes;
}

bool nats_client::take_operation(std::string_view& bytes, peer_events& events) {
  const auto end = bytes.find(line_end);
  if (end == std::string_view::npos) return false;
  const auto line = bytes.substr(0, end);
  auto used = end + line_end.size();
  if (line.starts_with("MSG ")) {
    const auto size = payload_size(line);
    if (bytes.size() < used + size + line_end.size()) return false;
    on_message(bytes.substr(used, size), events);
    used += size + line_end.size();
  } else if (line == "PONG") {
    events.joined();
  } else if (line == "PING") {
    events.send("PONG\r\n");
  } else if (!line.starts_with("INFO ") && line != "+OK") {
    refuse(line);
  }
  bytes.remove_prefix(used);
  return true;
}

void nats_client::on_message(std::string_view payload, peer_events& events) const {
  if (!place_.sends()) {
    events.delivered(payload);
    return;
  }
  if (answer_ == nats_answer::stream_ack && payload.find("\"error\"") != std::string_view::npos) refuse(payload);
  events.acknowledged();
}

std::string nats_client::message(std::string_view content) {
  if (answer_ == nats_answer::stream_ack)
    return fmt::format("PUB {} {} {}{}{}{}", subject(), inbox(), content.size(), line_end, content, line_end);
  return fmt::format("PUB {} {}{}{}{}", subject(), content.size(), line_end, content, line_end);
}

}  // namespace parley::bench
