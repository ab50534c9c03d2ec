// Texts and payloads for tests of compression.
#pragma once

#include <random>
#include <string>
#include <string_view>

#include "net/frame_deflater.hpp"

namespace parley::test {

/// Of any of so many letters: few compress well, many do not.
inline std::string text_of_letters(std::size_t size, unsigned letters, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>(' ' + random() % letters);
  return text;
}

/// A whole text frame of the server's.
inline std::string server_frame(std::string_view payload) {
  std::string frame;
  append_frame_header(frame, payload.size());
  return frame.append(payload);
}

/// What stands in a server's frame.
inline std::string_view payload_of_frame(std::string_view frame) {
  const int length = frame[1] & 0x7F;
  return frame.substr(length < 126 ? 2 : length == 126 ? 4 : 10);
}

inline bool is_compressed_frame(std::string_view frame) { return (static_cast<unsigned char>(frame[0]) & 0x40U) != 0; }

/// The payload of a compressed frame; the text must be one that becomes shorter.
inline std::string deflated(std::string_view text) {
  std::string frame;
  if (!frame_deflater().append(frame, server_frame(text))) return "does not become shorter";
  return std::string(payload_of_frame(frame));
}

}  // namespace parley::test
