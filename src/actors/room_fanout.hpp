// Who is attached to a room, and the room's deliveries to their shards, one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "actors/room_order.hpp"
#include "parley/clock.hpp"
#include "parley/delivery.hpp"

namespace parley {

/// A shard has one of the room's deliveries at a time. What is released meanwhile is gathered and goes as the next one
/// when the shard has served its sockets. It counts what it has served, and says so only when something waits for it: a
/// room at rest is not woken for each delivery. Belongs to one room; calls only the delivery port, which outlives it.
class room_fanout {
 public:
  /// `on_ready(shard)` is called on the shard's thread, for what waits here or was told to wait by must_wait(), and
  /// must see to it that shard_ready() is called here.
  room_fanout(delivery& out, const clock& time, room_id room, std::function<void(std::uint32_t)> on_ready);

  /// What the shard is still owed goes before the attachment, so that no answer to the connection comes late.
  void attach(connection_ref to, attachment what);
  /// Does nothing when not attached.
  void detach(connection_ref from);
  /// The shard has detached it by itself, or it is gone.
  void forget(connection_ref gone);
  void forget_user(user_id user);
  [[nodiscard]] bool is_attached(connection_ref connection) const { return attached_.contains(connection); }
  [[nodiscard]] std::size_t attachments() const { return attached_.size(); }
  [[nodiscard]] bool has_attached(user_id user) const { return by_user_.contains(user); }

  /// To every shard with attachments or answers. A batch in which somebody leaves does not wait for its shard: the
  /// leaver's session detaches it as soon as it hears, and the events before the leave must have gone by then.
  /// `is_own`: commands of this node are in it.
  void deliver(const std::shared_ptr<const encoded_batch>& batch, std::vector<released_run::placed> answers,
               bool is_own);
  void shard_ready(std::uint32_t shard);
  /// Some shard has not yet served its sockets with what this node's commands brought; `on_ready` comes when the first
  /// of them has, and then this is to be asked again.
  /// Other nodes' events do not count: this node's commands would wait for as long as the others talk.
  [[nodiscard]] bool must_wait();
  /// When the last shard served what this node's commands brought; not before must_wait() is false.
  [[nodiscard]] steady_time served_at() const;
  /// Something waits here for its shard.
  [[nodiscard]] bool owes() const;
  /// Hands over what is owed without waiting; before the room ends.
  void flush();

  /// Ephemeral, to everybody attached but `except`.
  void broadcast(const shared_bytes& frame, std::optional<user_id> except);
  /// Ephemeral, to that user's attached connections.
  void send_to_user(user_id user, const shared_bytes& frame);

 private:
  void let_go(const std::pair<const connection_ref, user_id>& attachment);

  struct owed_batch {
    std::shared_ptr<const encoded_batch> batch;
    std::vector<released_run::placed> answers;
  };
  /// Shared with a shard. It counts and then looks whether it is awaited, the room says that it waits and then looks
  /// at the count, both in one order for all: so one of them sees the other.
  struct credit {
    std::atomic<std::uint64_t> served = 0;
    std::atomic<bool> is_awaited = false;
    std::atomic<steady_time> served_at{};  ///< The last one.
  };
  struct shard_state {
    std::shared_ptr<credit> of_shard;  ///< Made with the first delivery.
    std::size_t attachments = 0;
    std::uint64_t handed_over = 0;
    std::uint64_t last_own = 0;    ///< The last one handed over that held something of this node.
    bool owes_own = false;         ///< Among `owed`.
    std::vector<owed_batch> owed;  ///< Without holes between them; the shard is awaited while there are some.
  };
  /// False: it has not, and tells when it has. It may tell also when it had.
  static bool has_served(const shard_state& shard, std::uint64_t deliveries);
  void hand_over(std::uint32_t shard);
  static owed_batch gather(std::vector<owed_batch> owed);

  delivery& out_;
  const clock& time_;
  room_id room_;
  std::function<void(std::uint32_t)> on_ready_;
  std::unordered_map<connection_ref, user_id> attached_;
  std::unordered_map<user_id, std::size_t> by_user_;  ///< Their attachments.
  std::vector<shard_state> shards_;
};

}  // namespace parley
