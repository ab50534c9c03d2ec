// A message is a DEFLATE stream whose last four bytes were not sent (RFC 7692 section 7.2.2).
#include "net/message_inflater.hpp"

namespace parley {

namespace zlib = boost::beast::zlib;

namespace {
constexpr int largest_window_bits = 15;
constexpr std::string_view unsent_tail("\x00\x00\xff\xff", 4);
constexpr int at_block_end = 128;  // of zlib's data_type, beside the number of bits left over
constexpr int bits_left = 63;
}  // namespace

message_inflater::message_inflater(std::size_t most_bytes, std::size_t spare_bytes)
    : most_bytes_(most_bytes), text_(most_bytes + 1 + spare_bytes, '\0') {}

message_inflater::outcome message_inflater::inflate(std::string_view payload) {
  stream_.reset(largest_window_bits);
  zlib::z_params io;
  io.next_out = text_.data();
  io.avail_out = most_bytes_ + 1;  // one more shows that there is more
  if (const auto fault = take(io, payload)) return {{}, fault};
  if (const auto fault = take(io, unsent_tail)) return {{}, fault};
  // What was cut off within a block would pass for a shorter message.
  const bool ends_whole = (io.data_type & at_block_end) != 0 && (io.data_type & bits_left) == 0;
  if (!ends_whole) return {{}, close_code::invalid_utf8};
  return {std::string_view(text_.data(), io.total_out), {}};
}

std::optional<close_code> message_inflater::take(zlib::z_params& io, std::string_view part) {
  io.next_in = part.data();
  io.avail_in = part.size();
  while (io.avail_in > 0) {
    boost::system::error_code ec;
    const std::size_t before = io.avail_in;
    stream_.write(io, zlib::Flush::sync, ec);
    if (io.total_out > most_bytes_) return close_code::too_big;
    if (ec == zlib::error::end_of_stream) {
      // A block that says it is the last one: allowed, and others may follow (section 7.2.3.4).
      stream_.reset(largest_window_bits);
    } else if (ec || io.avail_in == before) {
      return close_code::invalid_utf8;
    }
  }
  return {};
}

}  // namespace parley
