// The bytes of what nodes tell one another. Numbers are varints (7 bits a byte, the lowest first), times 8 bytes, ids
// 16, texts have their length before them, and what may be absent has a byte that says whether it is there.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "parley/clock.hpp"
#include "parley/credentials.hpp"
#include "parley/ids.hpp"

namespace parley {

/// Why bytes are no record; told apart for the log only.
enum class record_fault : std::uint8_t {
  unknown_version,  ///< A newer node wrote it.
  broken,
};
inline std::string_view to_string(record_fault fault) {
  return fault == record_fault::unknown_version ? "of an unknown version" : "broken";
}

class byte_writer {
 public:
  void octet(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) octet(static_cast<std::uint8_t>(value | 0x80));
    octet(static_cast<std::uint8_t>(value));
  }
  void field(const uuid& value) {
    bytes_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  }
  void field(const token_hash& value) {
    bytes_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  }
  void field(const std::string& value) {
    number(value.size());
    bytes_ += value;
  }
  void field(const timestamp& value) {
    const auto ms = static_cast<std::uint64_t>(value.time_since_epoch().count());
    for (int shift = 56; shift >= 0; shift -= 8) octet(static_cast<std::uint8_t>(ms >> shift));
  }
  void field(std::int64_t value) { number(static_cast<std::uint64_t>(value)); }
  void flag(bool value) { octet(value ? 1 : 0); }
  template <class T>
  void field(const std::optional<T>& value) {
    octet(value ? 1 : 0);
    if (value) field(*value);
  }
  template <class Enum>
  void choice(Enum value, Enum) {
    octet(static_cast<std::uint8_t>(value));
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// After the first fault everything reads as nothing, so that it is looked for once, at the end.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  void fail() {
    failed_ = true;
    bytes_ = {};
  }

  std::uint8_t octet() {
    const auto one = take(1);
    return one.empty() ? 0 : static_cast<std::uint8_t>(one.front());
  }
  /// Refuses what has an empty last byte or more than 64 bits: there is one way to write a number.
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = octet();
      const std::uint64_t bits = byte & 0x7F;
      if (shift == 63 && bits > 1) break;
      value |= bits << shift;
      if ((byte & 0x80) != 0) continue;
      if (byte == 0 && shift > 0) break;
      return value;
    }
    fail();
    return 0;
  }
  void field(token_hash& value) {
    if (const auto bytes = take(value.bytes.size()); !bytes.empty()) {
      std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
    }
  }
  void field(uuid& value) {
    if (const auto bytes = take(value.bytes.size()); !bytes.empty()) {
      std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
    }
  }
  void field(std::string& value) {
    const auto size = number();
    if (size > left()) return fail();
    value = take(static_cast<std::size_t>(size));
  }
  void field(timestamp& value) {
    std::uint64_t ms = 0;
    for (int i = 0; i < 8; ++i) ms = ms << 8 | octet();
    value = timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
  }
  void field(std::int64_t& value) {
    const auto read = number();
    if (read > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail();
    value = static_cast<std::int64_t>(read);
  }
  void flag(bool& value) {
    const auto read = octet();
    if (read > 1) return fail();
    value = read == 1;
  }
  template <class T>
  void field(std::optional<T>& value) {
    bool is_there = false;
    flag(is_there);
    if (is_there) field(value.emplace());
  }
  template <class Enum>
  void choice(Enum& value, Enum last) {
    const auto read = octet();
    if (read > static_cast<std::uint8_t>(last)) return fail();
    value = static_cast<Enum>(read);
  }

 private:
  /// So many bytes, or none when there are fewer.
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) {
      fail();
      return {};
    }
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace parley
