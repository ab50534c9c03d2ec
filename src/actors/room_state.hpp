// What a room knows: who is in it, how far its log has been released, and what it needs to bring a connection to live.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "actors/room_order.hpp"
#include "actors/room_ring.hpp"
#include "parley/codec.hpp"
#include "parley/config.hpp"
#include "parley/database.hpp"
#include "parley/delivery.hpp"

namespace parley {

/// A released run, encoded once.
struct room_release {
  std::shared_ptr<const encoded_batch> batch;
  std::vector<released_run::placed> answers;
  std::vector<std::function<void()>> on_released;
  /// Joins and leaves in order; null reason: joined.
  struct membership {
    user_id user;
    std::optional<leave_reason> left;
  };
  std::vector<membership> memberships;
};

/// How a connection comes nearer to live; see catch_up_step, whose kinds these are.
struct replay_step {
  enum class kind : std::uint8_t { attach, page, limit, read_store, not_member, beyond_end };
  kind what = kind::attach;
  sequence position = 0;  ///< Where the connection stands after this step; read_store: where the log ends.
  std::uint32_t events = 0;
  std::string frames;  ///< `events` of them.
};

/// Pure state; belongs to one room actor. `encoder` and `node_ring_bytes` outlive it.
class room_state {
 public:
  static constexpr std::uint32_t page_events = 64;
  static constexpr std::size_t page_bytes = 64 * 1024;

  room_state(const room_snapshot& snapshot, const replay_config& limits, const frame_encoder& encoder,
             gauge& node_ring_bytes);

  [[nodiscard]] room_id id() const { return id_; }
  [[nodiscard]] bool is_group() const { return is_group_; }
  [[nodiscard]] const std::optional<std::string>& name() const { return name_; }
  [[nodiscard]] bool is_member(const user_id& user) const { return members_.contains(user); }
  [[nodiscard]] std::size_t member_count() const { return members_.size(); }
  template <class Visit>
  void for_each_member(Visit visit) const {
    for (const auto& member : members_) visit(member);
  }
  /// The last seq that was released to connections.
  [[nodiscard]] sequence released() const { return order_.released(); }
  [[nodiscard]] bool has_hole() const { return order_.has_hole(); }

  void push(std::vector<order_item> batch) { order_.push(std::move(batch)); }
  void fill(std::vector<durable_event> events) { order_.fill(std::move(events)); }
  void fill_all(std::vector<durable_event> events) { order_.fill_all(std::move(events)); }
  void hear(const std::vector<durable_event>& events) { order_.hear(events); }
  [[nodiscard]] bool was_next_heard() const { return order_.was_next_heard(); }
  void forget_heard_behind(sequence end) { order_.forget_heard_behind(end); }
  /// See room_order.
  void give_up_answers() { order_.give_up_answers(); }
  /// Takes what may leave, encodes it, and makes it part of the room: members, name, ring. Null when nothing may leave.
  std::optional<room_release> release();

  /// The next step for a connection that has everything up to `after` and may get `events_left` more.
  [[nodiscard]] replay_step plan_replay(user_id user, sequence after, std::uint32_t events_left) const;
  /// Exact up to 1,000, from the ring; null where that does not reach back.
  [[nodiscard]] std::optional<std::int64_t> unread(user_id user, sequence after) const {
    return ring_.unread(user, after);
  }
  void shrink_ring_if_over_budget() { ring_.shrink_if_over_budget(); }

 private:
  void apply(const durable_event& event, std::uint32_t index, room_release& out, encoded_batch& batch);

  room_id id_;
  bool is_group_ = true;
  std::optional<std::string> name_;
  std::unordered_set<user_id> members_;
  const frame_encoder& encoder_;
  room_order order_;
  room_ring ring_;
};

}  // namespace parley
