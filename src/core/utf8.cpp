// By Unicode's table of well-formed byte sequences.
#include "parley/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace parley {

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    // The second byte's bounds rule out over-long forms, surrogates and what is beyond U+10FFFF (Unicode,
    // table 3-7).
    const auto second = static_cast<std::uint8_t>(text[i + 1]);
    const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) return false;
    for (std::size_t k = 2; k < length; ++k) {
      if ((static_cast<std::uint8_t>(text[i + k]) & 0xC0U) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace parley
