// From columns to values.
#include "store/postgres_rows.hpp"

#include <charconv>

namespace parley {

std::int64_t postgres_row::integer(int column) const {
  const auto* bytes = PQgetvalue(result_, row_, column);
  switch (PQgetlength(result_, row_, column)) {
    case 8:
      return static_cast<std::int64_t>(read_big_endian<std::uint64_t>(bytes));
    case 4:
      return static_cast<std::int32_t>(read_big_endian<std::uint32_t>(bytes));
    case 2:
      return static_cast<std::int16_t>(read_big_endian<std::uint16_t>(bytes));
    case 1:
      return *bytes;
    default:
      return 0;
  }
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
