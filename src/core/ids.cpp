// UUID text and the system's source of UUIDv7.
#include "parley/ids.hpp"

#include <sodium.h>

#include <atomic>
#include <chrono>

#include "core/id_steps.hpp"

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

/// Time in steps of 1/4096 ms: the milliseconds of a UUIDv7 and, below them, the 12 bits behind its version
/// (RFC 9562, section 6.2, method 3).
std::uint64_t time_in_steps() {
  using namespace std::chrono;
  const auto now = system_clock::now().time_since_epoch();
  const auto ms = duration_cast<milliseconds>(now);
  const auto below = duration_cast<nanoseconds>(now - ms).count();
  return static_cast<std::uint64_t>(ms.count()) << 12U | static_cast<std::uint64_t>(below * 4096 / 1'000'000);
}

/// One count for all threads, so that what one makes after another has made its own stands behind it.
std::uint64_t next_step() {
  static std::atomic<std::uint64_t> last{0};
  auto before = last.load(std::memory_order_relaxed);
  for (;;) {
    // Read behind the count: else who is held up between the two would take the others for far ahead.
    const auto step = step_behind(before, time_in_steps());
    if (last.compare_exchange_weak(before, step, std::memory_order_relaxed)) return step;
  }
}

/// Random bits are drawn in blocks, since one call to the generator for each id would cost a system call.
class random_ids final : public id_source {
 public:
  uuid next() override {
    thread_local std::array<std::uint8_t, 1280> block{};
    thread_local std::size_t used = block.size();
    if (used + 8 > block.size()) {
      randombytes_buf(block.data(), block.size());
      used = 0;
    }
    const auto step = next_step();
    uuid value;
    for (std::size_t i = 0; i < 6; ++i) value.bytes[i] = static_cast<std::uint8_t>(step >> (52 - 8 * i));
    value.bytes[6] = static_cast<std::uint8_t>((step >> 8U & 0x0FU) | 0x70U);  // version 7
    value.bytes[7] = static_cast<std::uint8_t>(step);
    std::memcpy(value.bytes.data() + 8, block.data() + used, 8);
    used += 8;
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
