// Values as they cross the wire to PostgreSQL and back: its binary format, in which nothing needs to be quoted.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "parley/clock.hpp"
#include "parley/credentials.hpp"
#include "parley/ids.hpp"
#include "store/byte_view.hpp"

namespace parley {

/// Object ids of built-in types; fixed for ever (src/include/catalog/pg_type.dat in PostgreSQL's source).
enum class postgres_type : std::uint32_t {
  boolean = 16,
  bytea = 17,
  int8 = 20,
  text = 25,
  text_array = 1009,
  int8_array = 1016,
  timestamptz = 1184,
  timestamptz_array = 1185,
  uuid = 2950,
  boolean_array = 1000,
  uuid_array = 2951,
  tsvector = 3614,
  tsvector_array = 3643,
};

template <class Integer>
Integer big_endian(Integer value) {
  static_assert(std::is_unsigned_v<Integer>);
  if constexpr (std::endian::native == std::endian::big || sizeof value == 1) return value;
  if constexpr (sizeof value == 8) return __builtin_bswap64(value);
  if constexpr (sizeof value == 4) return __builtin_bswap32(value);
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
}
template <class Integer>
void append_big_endian(std::string& out, Integer value) {
  const auto bytes = big_endian(value);
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}
template <class Integer>
Integer read_big_endian(const char* bytes) {
  Integer value{};
  std::memcpy(&value, bytes, sizeof value);
  return big_endian(value);
}

/// Microseconds since 2000-01-01, which is how PostgreSQL keeps a timestamptz.
std::int64_t to_postgres_time(timestamp value);
timestamp from_postgres_time(std::int64_t microseconds);

/// What a C++ type is to PostgreSQL: its type, that of an array of it, and how its bytes are appended.
template <class T>
struct postgres_format;

template <>
struct postgres_format<uuid> {
  static constexpr auto type = postgres_type::uuid;
  static constexpr auto array_type = postgres_type::uuid_array;
  static void append(std::string& out, const uuid& value) {
    out.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  }
};
template <>
struct postgres_format<std::int64_t> {
  static constexpr auto type = postgres_type::int8;
  static constexpr auto array_type = postgres_type::int8_array;
  static void append(std::string& out, std::int64_t value) {
    append_big_endian(out, static_cast<std::uint64_t>(value));
  }
};
template <>
struct postgres_format<bool> {
  static constexpr auto type = postgres_type::boolean;
  static constexpr auto array_type = postgres_type::boolean_array;
  static void append(std::string& out, bool value) { out += value ? '\1' : '\0'; }
};
template <>
struct postgres_format<timestamp> {
  static constexpr auto type = postgres_type::timestamptz;
  static constexpr auto array_type = postgres_type::timestamptz_array;
  static void append(std::string& out, timestamp value) {
    append_big_endian(out, static_cast<std::uint64_t>(to_postgres_time(value)));
  }
};
template <>
struct postgres_format<std::string_view> {
  static constexpr auto type = postgres_type::text;
  static constexpr auto array_type = postgres_type::text_array;
  static void append(std::string& out, std::string_view value) { out += value; }
};

/// Words as tsvectorrecv (src/backend/utils/adt/tsvector.c) reads them: without places, in order of their bytes, each
/// once, so that the server need not sort them.
class postgres_word_set {
 public:
  void add(std::string_view word) {
    ++count_;
    bytes_ += word;
    bytes_.append(3, '\0');  // its end, and how many places
  }

 private:
  friend struct postgres_format<postgres_word_set>;
  std::string bytes_;
  std::uint32_t count_ = 0;
};
template <>
struct postgres_format<postgres_word_set> {
  static constexpr auto type = postgres_type::tsvector;
  static constexpr auto array_type = postgres_type::tsvector_array;
  static void append(std::string& out, const postgres_word_set& value) {
    append_big_endian(out, value.count_);
    out += value.bytes_;
  }
};

/// An array of one dimension, as array_recv (src/backend/utils/adt/arrayfuncs.c) reads it. Keeps its memory when it is
/// cleared. T: uuid, std::int64_t, bool, timestamp, postgres_word_set or std::string_view, whose bytes are copied.
template <class T>
class postgres_array {
 public:
  postgres_array() { clear(); }

  void clear() {
    bytes_.assign(header_size, '\0');
    count_ = 0;
    has_null_ = false;
  }
  void add(const T& value) {
    const auto begin = bytes_.size();
    bytes_.append(sizeof(std::uint32_t), '\0');
    postgres_format<T>::append(bytes_, value);
    put(begin, static_cast<std::uint32_t>(bytes_.size() - begin - sizeof(std::uint32_t)));
    ++count_;
  }
  void add(std::nullopt_t) {
    append_big_endian(bytes_, ~std::uint32_t{0});
    has_null_ = true;
    ++count_;
  }
  template <class U>
  void add(const std::optional<U>& value) {
    if (value) {
      add(T(*value));
    } else {
      add(std::nullopt);
    }
  }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Valid until the array is changed.
  [[nodiscard]] std::string_view bytes() const {
    put(0, std::uint32_t{count_ == 0 ? 0U : 1U});  // dimensions
    put(4, std::uint32_t{has_null_ ? 1U : 0U});
    put(8, static_cast<std::uint32_t>(postgres_format<T>::type));
    if (count_ == 0) return std::string_view(bytes_).substr(0, 12);
    put(12, static_cast<std::uint32_t>(count_));
    put(16, std::uint32_t{1});  // the lowest index
    return bytes_;
  }

 private:
  static constexpr std::size_t header_size = 20;

  void put(std::size_t at, std::uint32_t value) const {
    const auto bytes = big_endian(value);
    std::memcpy(bytes_.data() + at, &bytes, sizeof bytes);
  }

  mutable std::string bytes_;  ///< The header is filled in when it is asked for.
  std::size_t count_ = 0;
  bool has_null_ = false;
};

/// The parameters of one statement. Texts and arrays are only pointed at, so they must live until it is sent.
template <std::size_t Count>
class postgres_parameters {
 public:
  template <class... Values>
  explicit postgres_parameters(const Values&... given) {
    formats.fill(1);
    std::size_t index = 0;
    (set(index++, given), ...);
  }

  std::array<std::uint32_t, Count> types{};
  std::array<const char*, Count> values{};
  std::array<int, Count> lengths{};
  std::array<int, Count> formats{};

 private:
  void set(std::size_t index, const uuid& value) { set_small(index, value); }
  void set(std::size_t index, std::int64_t value) { set_small(index, value); }
  void set(std::size_t index, std::uint32_t value) { set_small(index, static_cast<std::int64_t>(value)); }
  void set(std::size_t index, bool value) { set_small(index, value); }
  void set(std::size_t index, timestamp value) { set_small(index, value); }
  void set(std::size_t index, const token_hash& value) {
    own_[index] = to_hex(value);
    set(index, std::string_view(own_[index]));
  }
  void set(std::size_t index, std::string_view value) {
    point(index, postgres_type::text, value.data() != nullptr ? value : std::string_view(""));
  }
  void set(std::size_t index, byte_view value) { point(index, postgres_type::bytea, value.bytes); }
  void set(std::size_t index, const std::string& value) { set(index, std::string_view(value)); }
  void set(std::size_t index, const char* value) { set(index, std::string_view(value)); }
  template <class T>
  void set(std::size_t index, const postgres_array<T>& value) {
    point(index, postgres_format<T>::array_type, value.bytes());
  }
  template <class T>
  void set(std::size_t index, const std::optional<T>& value) {
    if (value) return set(index, *value);
    set(index, T{});  // for its type
    values[index] = nullptr;
    lengths[index] = 0;
  }

  template <class T>
  void set_small(std::size_t index, const T& value) {
    own_[index].clear();
    postgres_format<T>::append(own_[index], value);
    point(index, postgres_format<T>::type, own_[index]);
  }
  void point(std::size_t index, postgres_type type, std::string_view bytes) {
    types[index] = static_cast<std::uint32_t>(type);
    values[index] = bytes.data();
    lengths[index] = static_cast<int>(bytes.size());
  }

  std::array<std::string, Count> own_;
};

}  // namespace parley
