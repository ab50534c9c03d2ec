// What became of the last messages on this node, stage by stage, those that it accepted and those that it heard of: for
// whoever looks into why one was late or not seen.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "parley/clock.hpp"
#include "parley/ids.hpp"

namespace parley {

/// How a node came to know of a message.
enum class message_origin : std::uint8_t {
  accepted,  ///< A client sent it here.
  bus,       ///< Another node's news.
  store,     ///< It was found there: by the sweep, in a hole, or behind a commit that was in doubt.
};
constexpr std::string_view to_string(message_origin origin) {
  return origin == message_origin::accepted ? "accepted" : origin == message_origin::bus ? "bus" : "store";
}

/// Times in microseconds since `known_at`.
struct traced_message {
  message_id message;
  room_id room;
  sequence seq = 0;
  message_origin origin = message_origin::accepted;
  timestamp known_at{};                      ///< When the room had it, or heard of it.
  std::int64_t to_store_us = 0;              ///< When its batch went to the store; this and the next where accepted.
  std::int64_t committed_us = 0;             ///< When the room heard that it was committed.
  std::optional<std::int64_t> delivered_us;  ///< When the last I/O thread had given it to its sockets.
  std::uint32_t batch_commands = 0;          ///< In the batch that it was stored with, where accepted.
  std::uint32_t connections = 0;             ///< On this node, the sender's own included.
};

/// Thread-safe: one short lock a batch. It keeps no state of the domain, nobody decides by it, and it holds no content.
class message_trace {
 public:
  static constexpr std::size_t capacity = 10'000;

  message_trace();
  ~message_trace();
  message_trace(const message_trace&) = delete;
  message_trace& operator=(const message_trace&) = delete;

  struct stored {
    message_id message;
    sequence seq = 0;
    steady_time accepted{};
  };
  /// By the room whose batch came back. `now` and `committed` are the same moment.
  void note_stored(room_id room, std::span<const stored> messages, std::uint32_t batch_commands, steady_time to_store,
                   steady_time committed, timestamp now);
  struct heard {
    message_id message;
    sequence seq = 0;
  };
  /// By the room that other nodes' messages came to. What is known already stays as it is.
  void note_heard(room_id room, std::span<const heard> messages, message_origin from, steady_time when, timestamp now);
  /// By each I/O thread that has given a batch to its sockets.
  void note_delivered(room_id room, sequence first, std::size_t count, std::uint32_t connections, steady_time when);
  /// Null when it is not among the last ones.
  [[nodiscard]] std::optional<traced_message> find(message_id message) const;

 private:
  struct ring;
  std::unique_ptr<ring> ring_;
};

}  // namespace parley
