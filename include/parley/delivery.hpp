// The port from actors to connected clients: everything that leaves for a connection enters by its shard's one FIFO.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/credentials.hpp"
#include "parley/error.hpp"
#include "parley/frame.hpp"
#include "parley/ids.hpp"

namespace parley {

/// Addresses one connection of this node; stays harmless when the connection is gone (what is sent is dropped).
struct connection_ref {
  std::uint32_t shard = 0;
  std::uint64_t number = 0;  ///< Never used twice in a process.

  friend auto operator<=>(const connection_ref&, const connection_ref&) = default;
};

/// A batch's frames in a form that only some recipients take. Made at most once, by the first thread that asks.
class compressed_frames {
 public:
  struct frames {
    std::string bytes;                ///< Back to back.
    std::vector<std::uint32_t> ends;  ///< As in encoded_batch.
  };

  /// Null when `make` gave no bytes: the form is not worth it. Other threads that ask meanwhile wait. Shared apart from
  /// the batch, so that what waits for a slow reader holds no more than it is counted for.
  template <class Make>
  std::shared_ptr<const frames> get(Make&& make) const {
    std::call_once(asked_, [&] {
      if (frames made = make(); !made.bytes.empty()) made_ = std::make_shared<const frames>(std::move(made));
    });
    return made_;
  }

 private:
  mutable std::once_flag asked_;
  mutable std::shared_ptr<const frames> made_;
};

/// A room's durable events of one batch, encoded once and shared by all shards. Immutable once handed on.
struct encoded_batch {
  room_id room;
  sequence first_seq = 0;           ///< Event i has seq first_seq + i.
  std::string bytes;                ///< The events' frames back to back.
  std::vector<std::uint32_t> ends;  ///< ends[i]: offset in `bytes` one past event i.

  struct departure {
    user_id user;
    std::uint32_t index = 0;  ///< This member_left's place: the leaver gets nothing from here on and is detached.
  };
  std::vector<departure> departures;  ///< In order of index.

  compressed_frames compressed;
};

/// An answer that stands at its place in a batch.
struct placed_answer {
  connection_ref to;
  std::uint32_t index = 0;      ///< Stands before event `index`; may equal the number of events.
  bool replaces_event = false;  ///< The connection gets this instead of event `index`.
  shared_bytes frame;
};

/// What a shard needs of one batch: the shared part and the answers for its own connections.
struct room_delivery {
  std::shared_ptr<const encoded_batch> batch;
  std::vector<placed_answer>
      answers;  ///< In order of index. A connection that is not attached gets its answer at once.
  std::function<void()>
      on_handed_on;  ///< Called on the shard's thread when its sockets have been tried; releases the room's credit.
};

/// Makes the room live on a connection: from `position` + 1 on, events of the room go there.
struct attachment {
  room_id room;
  user_id user;
  sequence position = 0;  ///< Events at or below it are dropped for this connection.
  shared_bytes before;    ///< Frames that go out first: the ring's rest and replay_end. May be null.
};

/// Frames for one connection, or none. `answers` frames of the client have been dealt with (their credit comes back);
/// the first one is the upgrade itself, before which the connection reads nothing.
struct outgoing {
  shared_bytes frames;
  std::uint32_t frame_count = 1;
  std::uint32_t answers = 0;
  bool ephemeral = false;        ///< May be dropped when the outbox is full.
  bool is_error = false;         ///< Says nothing of any event, so that it need not wait for any.
  bool answers_durable = false;  ///< `answers` are of frames that asked for durable events.
  bool is_told_once = false;     ///< Though ephemeral it waits while the node may not deliver: it is not said again.
};

/// Ephemeral frames for everybody attached to a room on one shard.
struct room_broadcast {
  room_id room;
  shared_bytes frame;
  std::optional<user_id> except;
};

struct revocation {
  user_id user;
  std::optional<std::vector<token_hash>> tokens;  ///< Null: all the user's.
  close_code code = close_code::token_ended;
  std::optional<token_hash> except{};  ///< The one that goes on.

  [[nodiscard]] bool concerns(const token_hash& token) const {
    if (except == token) return false;
    return !tokens || std::find(tokens->begin(), tokens->end(), token) != tokens->end();
  }
};
inline constexpr std::chrono::milliseconds revocation_patience{800};

/// Implemented by src/net's shards. Any thread may call; each call is queued on the I/O thread of the shard it
/// concerns, in the order of the calls of one caller. Nothing is returned: a dead connection is the session's news, not
/// the sender's.
class delivery {
 public:
  virtual ~delivery() = default;
  [[nodiscard]] virtual std::uint32_t shard_count() const = 0;
  virtual void deliver(std::uint32_t shard, room_delivery what) = 0;
  virtual void broadcast(std::uint32_t shard, room_broadcast what) = 0;
  virtual void attach(connection_ref to, attachment what) = 0;
  virtual void detach(connection_ref from, room_id room) = 0;
  /// `when_drained` (may be empty) is called once on the shard's thread when less than a quarter of the outbox's bound
  /// waits after these frames entered, or at once when the connection is gone: replay pulls its next page by it.
  virtual void send(connection_ref to, outgoing what, std::function<void()> when_drained = {}) = 0;
  /// Sends what waits, then the close frame; nothing enters after it.
  virtual void close(connection_ref to, close_code code) = 0;
  /// Whoever may see nothing more: for all WebSockets of the user that bear one of the tokens (null: any), also those
  /// that are only ending, drops what has not begun to leave, then as close(). A socket whose peer does not take the
  /// rest within revocation_patience is reset. `ended` is let go of when each peer has its last byte, or is gone.
  virtual void revoke(const revocation& what, std::shared_ptr<void> ended) = 0;
  /// A room actor died: detaches the room from every connection and tells each one's session where it stood
  /// (client_session::room_failed).
  virtual void fail_room(room_id room) = 0;
};

}  // namespace parley

template <>
struct std::hash<parley::connection_ref> {
  std::size_t operator()(const parley::connection_ref& ref) const noexcept {
    return static_cast<std::size_t>(ref.number * 0x9E3779B97F4A7C15ULL + ref.shard);
  }
};
