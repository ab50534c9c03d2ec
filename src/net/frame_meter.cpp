// RFC 6455 section 5.2, headers only.
#include "net/frame_meter.hpp"

#include <algorithm>

namespace parley {

namespace {
constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t compressed_bit = 0x40;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t text_opcode = 0x1;
constexpr std::uint8_t binary_opcode = 0x2;
bool is_control(std::uint8_t first_byte) { return (first_byte & 0x08U) != 0; }
}  // namespace

std::uint32_t frame_meter::feed(std::span<char> bytes, bool takes_compressed) {
  std::uint32_t begun = 0;
  while (!bytes.empty()) {
    if (payload_left_ > 0) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, bytes.size()));
      payload_left_ -= count;
      bytes = bytes.subspan(count);
      if (payload_left_ == 0) end_frame();
      continue;
    }
    header_[header_bytes_++] = static_cast<std::uint8_t>(bytes[0]);
    if (header_bytes_ == 1) {
      ++begun;
      if (is_control(header_[0])) {
        ++controls_;
      } else if (!in_message_) {
        in_message_ = true;
        ++messages_;
        if (takes_compressed) unmark(bytes[0]);
      }
    }
    bytes = bytes.subspan(1);
    if (header_bytes_ >= 2 && header_bytes_ == header_size()) begin_payload();
  }
  return begun;
}

void frame_meter::unmark(char& first_byte) {
  const std::uint8_t opcode = header_[0] & opcode_bits;
  if (opcode == binary_opcode && first_binary_ == 0) first_binary_ = messages_;
  if ((header_[0] & compressed_bit) == 0 || (opcode != text_opcode && opcode != binary_opcode)) return;
  const unsigned rest = header_[0] & ~(compressed_bit | opcode_bits);
  first_byte = static_cast<char>(rest | binary_opcode);
}

std::size_t frame_meter::header_size() const {
  const std::uint8_t length = header_[1] & 0x7FU;
  const std::size_t more = length < 126 ? 0 : length == 126 ? 2 : 8;
  return 2 + more + ((header_[1] & mask_bit) != 0 ? 4 : 0);
}

void frame_meter::begin_payload() {
  header_bytes_ = 0;
  const std::uint8_t length = header_[1] & 0x7FU;
  payload_left_ = length < 126 ? length : 0;
  const std::size_t length_bytes = length < 126 ? 0 : length == 126 ? 2 : 8;
  for (std::size_t i = 0; i < length_bytes; ++i) payload_left_ = payload_left_ << 8U | header_[2 + i];
  if (payload_left_ == 0) end_frame();
}

void frame_meter::end_frame() {
  if (!is_control(header_[0]) && (header_[0] & final_bit) != 0) in_message_ = false;
}

}  // namespace parley
