// Small letters by Unicode's tables (utf8proc).
#include "store/search_text.hpp"

#include <utf8proc.h>

#include <array>

namespace parley {

std::string lower_text(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &point);
    if (length <= 0) {
      // No UTF-8: as it stands.
      lower += text.front();
      text.remove_prefix(1);
      continue;
    }
    std::array<utf8proc_uint8_t, 4> made{};
    const auto made_length = utf8proc_encode_char(utf8proc_tolower(point), made.data());
    lower.append(reinterpret_cast<const char*>(made.data()), static_cast<std::size_t>(made_length));
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  return lower;
}

}  // namespace parley
