// Inflates a client's compressed message, within the limit of frames (RFC 7692).
#pragma once

#include <boost/beast/zlib/inflate_stream.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "parley/error.hpp"

namespace parley {

/// Clients agreed to begin each message anew, so one of these serves all connections of a thread: a connection owns
/// nothing for it. It never holds more than the limit, whatever a message pretends to be.
class message_inflater {
 public:
  /// Inflates at most `most_bytes`, and keeps `spare_bytes` readable after them.
  message_inflater(std::size_t most_bytes, std::size_t spare_bytes);

  struct outcome {
    std::string_view text;            ///< Until the next call.
    std::optional<close_code> fault;  ///< Set: the message is too large, or damaged.
  };
  outcome inflate(std::string_view payload);

 private:
  std::optional<close_code> take(boost::beast::zlib::z_params& io, std::string_view part);

  const std::size_t most_bytes_;
  boost::beast::zlib::inflate_stream stream_;
  std::string text_;
};

}  // namespace parley
