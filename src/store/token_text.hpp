// A token's hash as the tables keep it: 64 hexadecimal characters.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

#include "parley/credentials.hpp"

namespace parley {

inline std::optional<token_hash> parse_token_hash(std::string_view hex) {
  token_hash hash;
  if (hex.size() != hash.bytes.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
    const auto* begin = hex.data() + i * 2;
    if (std::from_chars(begin, begin + 2, hash.bytes[i], 16).ptr != begin + 2) return std::nullopt;
  }
  return hash;
}

}  // namespace parley
