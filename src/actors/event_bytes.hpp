// How much of a bound a room's event takes on its way between nodes.
#pragma once

#include <cstddef>
#include <span>
#include <variant>

#include "parley/events.hpp"

namespace parley {

/// About what it takes in memory and in the bus; in bytes.
inline std::size_t bytes_of(const durable_event& event) {
  constexpr std::size_t fixed = 160;  // all but its texts
  const auto of = [](const auto& text) { return text ? text->size() : 0; };
  if (const auto* posted = std::get_if<message_posted>(&event.body)) {
    return fixed + posted->display_name.size() + of(posted->content) + of(posted->file_url) + of(posted->client_msg_id);
  }
  const auto* edited = std::get_if<message_edited>(&event.body);
  return fixed + (edited != nullptr ? of(edited->content) : 0);
}

inline std::size_t bytes_of(std::span<const durable_event> events) {
  std::size_t bytes = 0;
  for (const auto& event : events) bytes += bytes_of(event);
  return bytes;
}

}  // namespace parley
