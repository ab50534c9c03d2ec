// The header of a server's WebSocket frame (RFC 6455 section 5.2): final, text, not masked.
#include "parley/frame.hpp"

namespace parley {

void append_frame_header(std::string& out, std::size_t payload_bytes, frame_form form) {
  constexpr char final_text = static_cast<char>(0x81);
  constexpr char compressed_final_text = static_cast<char>(0xC1);
  const auto append_big_endian = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out += static_cast<char>(payload_bytes >> shift & 0xFF);
    }
  };
  out += form == frame_form::plain ? final_text : compressed_final_text;
  if (payload_bytes <= 125) {
    out += static_cast<char>(payload_bytes);
  } else if (payload_bytes <= 0xFFFF) {
    out += static_cast<char>(126);
    append_big_endian(2);
  } else {
    out += static_cast<char>(127);
    append_big_endian(8);
  }
}

}  // namespace parley
