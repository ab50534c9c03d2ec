// Signals on Redis Pub/Sub, which keeps nothing: a message nobody subscribed to is gone at once.
//   parley:signals:{p}:SUBJECT  messages of one subject (signal_record.hpp); p is its partition, as of a room's stream.
//   parley:control              hints: whatever is said there but by oneself is one. It says who sent it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parley/signal_bus.hpp"
#include "store/redis_url.hpp"

namespace parley {

struct redis_signal_options {
  redis_options redis;
  std::uint32_t partitions = 16;  ///< Of the whole bus.
};

inline constexpr std::string_view control_channel = "parley:control";
std::string signal_channel(const uuid& subject, std::uint32_t partitions);

/// `node` is this process and no other: what bears it is not heard.
std::unique_ptr<signal_bus> open_redis_signal_bus(redis_signal_options options, const uuid& node);

}  // namespace parley
