// What waits in a storage actor, and what one transaction takes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "actors/store_messages.hpp"
#include "parley/clock.hpp"

namespace parley {

/// Something that waits; numbered in the order of arrival over both queues.
template <class Message>
struct numbered {
  std::uint64_t number;
  Message message;
  std::optional<steady_time> until{};  ///< When it is given up; set once its room was found busy.
};

/// Commands of one room, in a transaction.
struct appender {
  numbered<append_to_log> from;  ///< Without the commands, which are the batch's.
  std::size_t count;
};

/// What one transaction takes out of the queues, and whom to answer afterwards.
struct store_batch {
  std::vector<append_command> commands;
  std::vector<appender> appenders;
  std::vector<write_job> jobs;
  std::vector<answer<std::monostate>> writers;
  std::vector<numbered<write_records>> presences;  ///< Saved by the only job, which has no writer.
  std::vector<queue_place> places;                 ///< Given back when the batch is done.
  std::size_t bytes = 0;
};

/// Whose work is done in the order in which it came: a room's id, or a user's.
inline uuid key_of(const append_to_log& message) {
  return message.commands.empty() ? uuid{} : static_cast<const uuid&>(message.commands.front().room);
}
inline uuid key_of(const write_records& message) { return message.job.key; }

}  // namespace parley
