// Signals between nodes: what is worth hearing only now, such as that somebody types. Unlike the news of an event
// stream nothing of them is kept or repeated. All functions but the waker block; src/store has no threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "parley/credentials.hpp"
#include "parley/error.hpp"
#include "parley/ids.hpp"
#include "parley/message_trace.hpp"

namespace parley {

struct typing_signal {
  user_id user;
  bool is_typing = true;
};
struct read_signal {
  user_id user;
  sequence seq = 0;
};
/// To all nodes: what do you know of this message? The subject of what operators ask is operators_subject.
struct trace_question {
  uuid question;  ///< By which its answers are known.
  message_id message;
};
/// From each of them, also when it knows nothing.
struct trace_answer {
  uuid question;
  uuid node;  ///< Its identity.
  std::optional<traced_message> known;
};
/// Of a log-in on one node.
struct open_sockets {
  token_hash token;
  std::uint32_t count = 0;
};
/// To all nodes: which sockets has this user with you? As the two above.
struct sockets_question {
  uuid question;
  user_id user;
};
/// From each of them, also when there are none.
struct sockets_answer {
  uuid question;
  uuid node;
  std::vector<open_sockets> log_ins;  ///< most_told_log_ins at most, those with the most sockets.
};
inline constexpr std::size_t most_told_log_ins = 100;
/// Another kind is added at the end: its place is part of the form in which nodes of several versions speak.
using signal_body =
    std::variant<typing_signal, read_signal, trace_question, trace_answer, sockets_question, sockets_answer>;

/// Every node attends to it: what operators ask, and what the nodes answer. No room has this id.
inline constexpr uuid operators_subject{{0x6f, 0x70, 0x65, 0x72, 0x61, 0x74, 0x8f, 0x72, 0xbf, 0x73, 0, 0, 0, 0, 0, 1}};

/// Goes to the nodes that attend to its subject, which is a room for most kinds. Ids of rooms and of users are never
/// the same, so that a subject needs no kind of its own.
struct ephemeral_signal {
  uuid subject;
  signal_body body;
};

/// One connection that publishes; belongs to one actor and its thread. Connects by itself, also anew after a failure;
/// every error is `unavailable`, and any of the signals may have gone out then.
class signal_publisher {
 public:
  virtual ~signal_publisher() = default;
  /// In one round trip. What no other node attends to costs the bus nothing.
  virtual result<void> publish(std::span<const ephemeral_signal> signals) = 0;
  /// To all other nodes: look now whether there is something for you. It says no more than that.
  virtual result<void> publish_hint() = 0;
};

/// Of other nodes; nothing of this one.
struct heard_signals {
  std::vector<ephemeral_signal> signals;
  /// Somebody published a hint, or may have while nobody listened: so it is said once for each new connection, too.
  bool hint = false;
  std::uint64_t unreadable = 0;  ///< Signals of an unknown version or broken, which were skipped.
  std::size_t subjects = 0;      ///< How many the bus now sends signals of.
};

/// One connection that listens; belongs to one actor and its thread. Every error is `unavailable`; the next call
/// connects anew and attends to everything once more.
class signal_subscriber {
 public:
  virtual ~signal_subscriber() = default;
  /// Only noted; the next listen() tells the bus, many at once. What comes until the bus has heard it is not heard
  /// here, or is still heard.
  virtual void attend(const uuid& subject) = 0;
  virtual void leave(const uuid& subject) = 0;
  /// What came; or nothing when nothing came for so long (at most 1 s), or when somebody woke it.
  virtual result<heard_signals> listen(std::chrono::milliseconds patience) = 0;
  /// What ends a listen() under way, or the next one. Any thread may call it, also when this is gone.
  virtual std::function<void()> waker() = 0;
};

/// Where connections come from. `open_…` does not connect yet.
class signal_bus {
 public:
  virtual ~signal_bus() = default;
  virtual std::unique_ptr<signal_publisher> open_publisher() = 0;
  virtual std::unique_ptr<signal_subscriber> open_subscriber() = 0;
};

}  // namespace parley
