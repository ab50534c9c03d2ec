// What a file is, by its first bytes: neither its name nor its sender's word counts.
#pragma once

#include <string_view>

namespace parley {

/// What sniffed_type looks at, at most (WHATWG MIME Sniffing, section 5.2).
inline constexpr std::size_t sniffed_bytes = 1'445;

/// From the tables of the WHATWG's MIME Sniffing standard (sections 6.1, 6.2 and 6.4) and what chats send besides;
/// `text/plain; charset=utf-8` for text, of which HTML and SVG are, and `application/octet-stream` for the rest.
std::string_view sniffed_type(std::string_view first_bytes);

/// Pictures, sound, films and plain text; everything else is for saving.
bool is_shown_inline(std::string_view content_type);

}  // namespace parley
