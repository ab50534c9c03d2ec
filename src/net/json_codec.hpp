// Between bytes and values: the frames of WebSocket clients to commands, and what the server says to frames.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/codec.hpp"
#include "parley/commands.hpp"
#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley {

/// What became of one text frame.
struct decoded_frame {
  result<client_frame> frame;     ///< Every field checked; after this nobody sees text.
  std::optional<std::string> id;  ///< The client's id, if it could be read; an error is answered with it.
  bool bad = false;               ///< Broken JSON, not an object, or no known type: counts towards close code 4400.
};

/// Decodes client frames. One for each I/O thread: it keeps the parser's memory, and is not thread-safe.
class frame_decoder {
 public:
  /// So many bytes after the payload must be readable (their values do not matter): the parser looks past the
  /// end instead of copying.
  static constexpr std::size_t padding_bytes = 64;

  /// Throws std::bad_alloc when the parser's memory cannot be had.
  explicit frame_decoder(const limits_config& limits);
  ~frame_decoder();
  frame_decoder(const frame_decoder&) = delete;
  frame_decoder& operator=(const frame_decoder&) = delete;

  /// `payload` is one whole text message with padding_bytes behind it. `own_host` is the Host that the
  /// connection was opened with: a file_url of this host is ours.
  decoded_frame decode(std::string_view payload, std::string_view own_host = {});

 private:
  class parser;
  limits_config limits_;
  std::unique_ptr<parser> parser_;
};

/// The one encoder of frames: stateless, lives as long as the program.
const frame_encoder& json_encoder();

}  // namespace parley
