// The part of a body that a request asks for (RFC 9110 section 14).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley {

struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

enum class range_answer : std::uint8_t {
  whole,          ///< None was asked for, or one that need not be understood: several parts, other units.
  part,           ///< 206
  unsatisfiable,  ///< 416
};

/// Reads the Range header of a request for `size` bytes; `part` is set when there is one.
range_answer read_range(std::string_view header, std::uint64_t size, byte_range& part);

}  // namespace parley
