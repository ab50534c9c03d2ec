// Many rows of one table by COPY: PostgreSQL stores them page by page, without planning and running a statement for
// them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "store/postgres_values.hpp"

namespace parley {

class postgres_connection;

/// Gathers rows in the binary format of COPY (PostgreSQL's documentation, "COPY", File Formats) and sends them at once.
class postgres_copy {
 public:
  /// `sql`: COPY … FROM STDIN (FORMAT binary).
  explicit postgres_copy(const char* sql);

  /// A row: a value of its type for each column. The bytes are copied.
  template <class... Values>
  void add(const Values&... values) {
    append_big_endian(bytes_, static_cast<std::uint16_t>(sizeof...(Values)));
    (add_value(values), ...);
    is_empty_ = false;
  }
  [[nodiscard]] bool empty() const { return is_empty_; }

  /// One round trip, within the transaction that the connection is in. Throws postgres_error; there is no ON CONFLICT.
  void run(postgres_connection& connection) const;

 private:
  template <class Value>
  void add_value(const Value& value) {
    const auto begin = bytes_.size();
    append_big_endian(bytes_, std::uint32_t{0});
    postgres_format<Value>::append(bytes_, value);
    const auto length = big_endian(static_cast<std::uint32_t>(bytes_.size() - begin - sizeof(std::uint32_t)));
    std::memcpy(bytes_.data() + begin, &length, sizeof length);
  }

  const char* sql_;
  std::string bytes_;
  bool is_empty_ = true;
};

}  // namespace parley
