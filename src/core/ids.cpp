// UUID text and the system's source of UUIDv7.
#include "parley/ids.hpp"

#include <sodium.h>

#include <chrono>

namespace parley {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool dash_at(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

/// Random bits are drawn in blocks, since one call to the generator for each id would cost a system call.
class random_ids final : public id_source {
 public:
  uuid next() override {
    thread_local std::array<std::uint8_t, 1280> block{};
    thread_local std::size_t used = block.size();
    if (used + 10 > block.size()) {
      randombytes_buf(block.data(), block.size());
      used = 0;
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    uuid value;
    for (std::size_t i = 0; i < 6; ++i) value.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    std::memcpy(value.bytes.data() + 6, block.data() + used, 10);
    used += 10;
    value.bytes[6] = static_cast<std::uint8_t>((value.bytes[6] & 0x0F) | 0x70);  // version 7
    value.bytes[8] = static_cast<std::uint8_t>((value.bytes[8] & 0x3F) | 0x80);  // variant
    return value;
  }
};

}  // namespace

void append_text(std::string& out, const uuid& value) {
  std::array<char, 36> text;
  std::size_t at = 0;
  for (const auto byte : value.bytes) {
    if (dash_at(at)) text[at++] = '-';
    text[at++] = hex_digits[byte >> 4];
    text[at++] = hex_digits[byte & 0x0F];
  }
  out.append(text.data(), text.size());
}

std::string to_string(const uuid& value) {
  std::string out;
  out.reserve(36);
  append_text(out, value);
  return out;
}

std::optional<uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  uuid value;
  std::size_t byte = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (dash_at(at)) {
      if (text[at++] != '-') return std::nullopt;
      continue;
    }
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    value.bytes[byte++] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return value;
}

id_source& system_ids() {
  static random_ids ids;
  return ids;
}

}  // namespace parley
