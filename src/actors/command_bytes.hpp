// How much of a batch's bound one command takes.
#pragma once

#include <cstddef>
#include <variant>

#include "parley/database.hpp"

namespace parley {

/// About what the store writes for it, and about what its event takes on its way to a socket; in bytes.
inline std::size_t bytes_of(const append_command& command) {
  constexpr std::size_t fixed = 256;  // ids, times and what the store writes beside them
  const auto* message = std::get_if<send_message>(&command.command);
  if (message != nullptr) {
    return fixed + (message->content ? message->content->size() : 0) +
           (message->file_url ? message->file_url->size() : 0);
  }
  const auto* edit = std::get_if<edit_message>(&command.command);
  return fixed + (edit != nullptr ? edit->content.size() : 0) + command.membership_ids.size() * sizeof(uuid);
}

}  // namespace parley
