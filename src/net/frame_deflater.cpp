// One payload, one DEFLATE stream, ended by a flush whose last four bytes are not sent (RFC 7692 section 7.2.1).
#include "net/frame_deflater.hpp"

#include <algorithm>

#include "net/batch_slices.hpp"

namespace parley {

namespace zlib = boost::beast::zlib;

namespace {
// Higher levels search longer for a few bytes less: 1 per cent of a chat message.
constexpr int level = 1;
constexpr int memory_level = 5;
constexpr std::size_t flush_bytes = 16;  // most that a flush adds, with some to spare
constexpr std::size_t kept_scratch = 64 * 1024;
constexpr std::string_view flush_tail("\x00\x00\xff\xff", 4);

std::size_t header_bytes(std::string_view frame) {
  const int short_length = frame[1] & 0x7F;
  return short_length < 126 ? 2 : short_length == 126 ? 4 : 10;
}
}  // namespace

frame_deflater::frame_deflater() { stream_.reset(level, window_bits, memory_level, zlib::Strategy::normal); }

std::string_view frame_deflater::deflate(std::string_view payload) {
  scratch_.resize(std::max(scratch_.size(), stream_.upper_bound(payload.size()) + flush_bytes));
  stream_.reset();
  zlib::z_params io;
  io.next_in = payload.data();
  io.avail_in = payload.size();
  io.next_out = scratch_.data();
  io.avail_out = scratch_.size();
  boost::system::error_code ec;
  stream_.write(io, zlib::Flush::sync, ec);
  const std::string_view made(scratch_.data(), io.total_out);
  if (ec || io.avail_in > 0 || !made.ends_with(flush_tail)) return {};
  return made.substr(0, made.size() - flush_tail.size());
}

bool frame_deflater::append(std::string& out, std::string_view frame) {
  const std::string_view payload = frame.substr(header_bytes(frame));
  if (payload.size() >= least_payload) {
    const std::string_view made = deflate(payload);
    if (!made.empty() && made.size() < payload.size()) {
      append_frame_header(out, made.size(), frame_form::compressed);
      out += made;
      return true;
    }
  }
  out += frame;
  return false;
}

compressed_frames::frames frame_deflater::compress(const encoded_batch& batch) {
  compressed_frames::frames made;
  made.bytes.reserve(batch.bytes.size());
  made.ends.reserve(batch.ends.size());
  bool gains = false;
  const std::string_view all = batch.bytes;
  for (std::uint32_t i = 0; i < batch.ends.size(); ++i) {
    const std::uint32_t begin = event_begin(batch.ends, i);
    gains = append(made.bytes, all.substr(begin, batch.ends[i] - begin)) || gains;
    made.ends.push_back(static_cast<std::uint32_t>(made.bytes.size()));
  }
  if (scratch_.size() > kept_scratch) scratch_ = {};
  if (!gains) return {};
  made.bytes.shrink_to_fit();  // lives as long as the slowest recipient
  return made;
}

}  // namespace parley
