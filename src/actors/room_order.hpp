// A room's reorder buffer: events and the answers between them leave it in seq order, without a hole.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "parley/answer.hpp"
#include "parley/client_ports.hpp"
#include "parley/delivery.hpp"
#include "parley/events.hpp"

namespace parley {

/// The answer to a WebSocket command, encoded. Whoever hands it to the shard then marks `pending`, so that the client
/// is answered once whatever dies in between.
struct connection_answer {
  connection_ref to;
  shared_bytes frame;
  answer<change_room::reply> pending;
};

/// One step of a room's order: an event, an answer, or both (then the answer stands for the event on that connection).
struct order_item {
  std::optional<durable_event> event;
  std::optional<connection_answer> reply;
  std::function<void()> on_released;  ///< May be empty. REST: answers once the events are with the shards.
};

/// What may leave now: events without a hole, and answers at their places among them.
struct released_run {
  struct placed {
    connection_answer reply;
    std::uint32_t index = 0;  ///< Stands before event `index`.
    bool replaces_event = false;
  };
  std::vector<durable_event> events;
  std::vector<placed> answers;
  std::vector<std::function<void()>> on_released;

  [[nodiscard]] bool empty() const { return events.empty() && answers.empty() && on_released.empty(); }
};

/// Pure state; belongs to one room.
class room_order {
 public:
  explicit room_order(sequence released) : released_(released) {}

  /// What a batch brought, in the batch's order. An event that is out already leaves only its answer.
  void push(std::vector<order_item> batch);
  /// What the store holds after released(): fills the hole, or, when nothing waits, counts as news. What lies behind
  /// the hole is left, since it may be a batch's whose answers have no places yet.
  void fill(std::vector<durable_event> events);
  /// Likewise, when no batch is under way: every hole is filled.
  void fill_all(std::vector<durable_event> events);
  /// News from another node, in any order and perhaps not for the first time. What waits behind a hole is bounded: the
  /// rest is left to the store. What fills the hole always has a place.
  void hear(const std::vector<durable_event>& events);
  /// The answers that wait are answered `unavailable` now. Their events still come, to those connections too.
  void give_up_answers();
  /// Everything that follows without a hole.
  released_run release();

  [[nodiscard]] sequence released() const { return released_; }
  /// Something waits for events that are missing.
  [[nodiscard]] bool has_hole() const { return !waiting_.empty() && waiting_.begin()->first > released_ + 1; }
  /// What waits next came from another node, so that the hole before it may hold events of this one.
  [[nodiscard]] bool was_next_heard() const { return !waiting_.empty() && waiting_.begin()->second.was_heard; }
  /// News of events that the store does not have.
  void forget_heard_behind(sequence end);

 private:
  static constexpr std::size_t most_heard_early = 1'000;

  struct slot {
    std::vector<order_item> before;  ///< Without events.
    order_item item;
    std::vector<order_item> after;  ///< Without events.
    bool was_heard = false;
  };
  static void place(released_run& run, order_item item);

  sequence released_;
  std::map<sequence, slot> waiting_;
  std::vector<order_item> loose_;  ///< Answers that wait for no event.
};

}  // namespace parley
