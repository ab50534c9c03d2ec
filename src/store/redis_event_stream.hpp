// The bus on Redis Streams: a stream for each partition, and one key that tells when the streams were made anew.
//   parley:events:{p}  entries: n = the node that wrote it, and either e = a batch (stream_record.hpp) or g = 1: a gap.
//   parley:epoch       a random text, as old as the streams: another or none means that they are others.
// And beside them each room's newest events, see redis_room_tails.hpp.
#pragma once

#include <memory>
#include <vector>

#include "parley/event_stream.hpp"
#include "store/redis_url.hpp"

namespace parley {

inline constexpr const char* epoch_key = "parley:epoch";

/// What lives on one Redis.
struct redis_stream_options {
  redis_options redis;
  std::uint32_t partitions = 16;           ///< Of the whole bus.
  std::vector<std::uint32_t> owned;        ///< Those of them that are on this Redis; at least one.
  std::uint32_t stream_entries = 100'000;  ///< Kept of each.
  std::uint32_t tail_entries = 1'000;      ///< Kept of each room; 0: no tails.
  std::chrono::seconds tail_lifetime = std::chrono::hours(24);
};

/// `node` is this process and no other, also not the one before it: what bears it is not heard. Appending a batch of a
/// room whose partition is elsewhere is a programmer's mistake and thrown.
std::unique_ptr<event_stream> open_redis_event_stream(redis_stream_options options, const uuid& node);

}  // namespace parley
