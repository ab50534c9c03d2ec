// What a search looks for, as SQL's LIKE wants it; the same in every dialect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley {

/// Rows of tb_users that one call looks at.
constexpr std::int64_t most_examined_users = 5'000;

inline std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// Each letter small, as far as Unicode knows it: what PostgreSQL's ILIKE compares.
std::string lower_text(std::string_view text);

/// For LIKE … ESCAPE '\': the text itself, wherever it stands.
inline std::string containing(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern += '%';
}

}  // namespace parley
