// From columns to values.
#include "store/postgres_rows.hpp"

#include <charconv>

namespace parley {

std::int64_t read_integer(std::string_view bytes) {
  switch (bytes.size()) {
    case 8:
      return static_cast<std::int64_t>(read_big_endian<std::uint64_t>(bytes.data()));
    case 4:
      return static_cast<std::int32_t>(read_big_endian<std::uint32_t>(bytes.data()));
    case 2:
      return static_cast<std::int16_t>(read_big_endian<std::uint16_t>(bytes.data()));
    case 1:
      return bytes.front();
    default:
      return 0;
  }
}

/// As array_send (src/backend/utils/adt/arrayfuncs.c) writes it.
std::vector<std::optional<std::string_view>> postgres_row::array(int column) const {
  constexpr std::size_t header_size = 20, size_at = 12;
  auto bytes = text(column);
  std::vector<std::optional<std::string_view>> elements;
  if (bytes.size() < header_size) return elements;  // none: no dimension either
  elements.reserve(read_big_endian<std::uint32_t>(bytes.data() + size_at));
  for (bytes.remove_prefix(header_size); !bytes.empty();) {
    const auto size = read_big_endian<std::uint32_t>(bytes.data());
    bytes.remove_prefix(sizeof size);
    const bool is_null = size == ~std::uint32_t{0};
    elements.push_back(is_null ? std::nullopt : std::optional(bytes.substr(0, size)));
    if (!is_null) bytes.remove_prefix(size);
  }
  return elements;
}

uuid postgres_row::uuid_at(int column) const {
  uuid value;
  if (static_cast<std::size_t>(PQgetlength(result_, row_, column)) != value.bytes.size()) return value;
  std::memcpy(value.bytes.data(), PQgetvalue(result_, row_, column), value.bytes.size());
  return value;
}

std::int64_t postgres_rows::changed() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace parley
