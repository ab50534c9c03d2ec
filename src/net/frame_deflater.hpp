// Compresses whole frames so that anybody who takes compression can read each of them by itself (RFC 7692).
#pragma once

#include <boost/beast/zlib/deflate_stream.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "parley/delivery.hpp"

namespace parley {

/// No frame refers to an earlier one: so it can be shared, and its length tells nothing of other frames. Belongs to one
/// thread, which keeps about 40 KB for it.
class frame_deflater {
 public:
  /// Small on purpose: readers may ask for a window no larger than this, and it is cleared before each frame. Of frames
  /// of up to 8 KiB a larger one makes next to nothing more.
  static constexpr int window_bits = 12;
  /// Shorter payloads gain too little.
  static constexpr std::size_t least_payload = 64;

  frame_deflater();

  /// Appends the frame, compressed where that makes it shorter; true when it did. `frame` is one whole frame as
  /// append_frame_header begins it.
  bool append(std::string& out, std::string_view frame);
  /// All frames of a batch; none when no frame becomes shorter.
  compressed_frames::frames compress(const encoded_batch& batch);

 private:
  std::string_view deflate(std::string_view payload);

  boost::beast::zlib::deflate_stream stream_;
  std::string scratch_;
};

}  // namespace parley
