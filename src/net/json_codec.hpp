// From bytes to values: the frames of WebSocket clients to commands.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/commands.hpp"
#include "parley/config.hpp"
#include "parley/error.hpp"

namespace parley {

/// What became of one text frame.
struct decoded_frame {
  result<client_frame> frame;             ///< Every field checked; after this nobody sees text.
  std::optional<std::string> refused_id;  ///< Of a frame that became an error; a good one bears its own.
  bool bad = false;              ///< Broken JSON, not an object, or no known type: counts towards close code 4400.
  bool is_invalid_utf8 = false;  ///< Not even text: close code 1007.

  /// The client's id, if it could be read; an error is answered with it.
  [[nodiscard]] const std::optional<std::string>& id() const { return frame ? frame->id : refused_id; }
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

  /// `payload` is one whole text message with padding_bytes behind it.
  decoded_frame decode(std::string_view payload);

 private:
  class parser;
  limits_config limits_;
  std::unique_ptr<parser> parser_;
};

}  // namespace parley
