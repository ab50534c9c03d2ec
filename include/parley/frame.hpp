// Bytes ready for the wire, shared by everybody who receives them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace parley {

/// Complete, unmasked WebSocket text frames (RFC 6455 section 5.2), possibly several back to back. Immutable once
/// made: one buffer serves all recipients on all threads.
using shared_bytes = std::shared_ptr<const std::string>;

enum class frame_form : std::uint8_t { plain, compressed };  ///< RFC 7692: the first reserved bit tells.

/// Appends the header of an unmasked, final text frame for a payload of that many bytes.
void append_frame_header(std::string& out, std::size_t payload_bytes, frame_form form = frame_form::plain);

}  // namespace parley
