// Lengths of three sizes, and the payload where it lies.
#include "support/websocket_frames.hpp"

namespace parley::support {

std::string client_frame(opcode code, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 8);
  frame += static_cast<char>(0x80 | static_cast<unsigned>(code));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8 & 0xFF);
    frame += static_cast<char>(payload.size() & 0xFF);
  }
  frame.append(4, '\0');
  frame += payload;
  return frame;
}

void server_frames::feed(std::string_view bytes) {
  pending_.erase(0, used_);
  used_ = 0;
  pending_ += bytes;
}

std::optional<server_frames::frame> server_frames::next() {
  const std::size_t left = pending_.size() - used_;
  if (left < 2) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(pending_[used_ + i]); };
  std::size_t header = 2;
  std::uint64_t length = byte(1) & 0x7F;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (left < header + extra) return std::nullopt;
  if (extra > 0) length = 0;
  for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(header + i);
  header += extra;
  if (left < header + length) return std::nullopt;
  const frame found{static_cast<opcode>(byte(0) & 0x0F), std::string_view(pending_).substr(used_ + header, length)};
  used_ += header + length;
  return found;
}

}  // namespace parley::support
