// A room's commands on their way into the store: one batch there, the next one filling.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "actors/messages.hpp"
#include "actors/room_order.hpp"
#include "parley/codec.hpp"
#include "parley/database.hpp"
#include "parley/metrics.hpp"

namespace parley {

/// Belongs to one room; sees of CAF only the struct pending_command. Whoever is still in it when it is destroyed is
/// answered `unavailable`.
class room_batcher {
 public:
  struct limits {
    std::size_t queue_commands = 4'096;
    std::size_t batch_commands = 500;
    std::size_t batch_bytes = 512 * 1024;  ///< Beyond, the next command waits for the next batch.
  };
  room_batcher(room_id room, limits bounds, const frame_encoder& encoder, id_source& ids, gauge& shown);
  ~room_batcher();
  room_batcher(const room_batcher&) = delete;
  room_batcher& operator=(const room_batcher&) = delete;

  /// False when the queue is full; the command is not taken then.
  [[nodiscard]] bool add(std::shared_ptr<pending_command> command);
  /// The next batch if none is with the store and something waits; empty otherwise. All get the time `at`.
  [[nodiscard]] std::vector<append_command> take_batch(timestamp at);
  [[nodiscard]] std::uint64_t batch_number() const { return batch_number_; }
  [[nodiscard]] bool is_under_way(std::uint64_t batch) const { return !under_way_.empty() && batch == batch_number_; }
  [[nodiscard]] bool has_batch_under_way() const { return !under_way_.empty(); }
  [[nodiscard]] bool empty() const { return queue_.empty() && under_way_.empty(); }
  /// Commands for the next batch.
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  /// take_batch() would give one.
  [[nodiscard]] bool has_next() const { return !queue_.empty() && under_way_.empty(); }

  /// It may be what the batch under way stores: its own message, or another event of one who has a command in it.
  [[nodiscard]] bool may_hold(const durable_event& event) const;

  /// The new messages of the batch that came back, with the moments when they were accepted; before finish().
  [[nodiscard]] std::vector<message_trace::stored> stored_messages(const std::vector<append_outcome>& outcomes) const;
  /// The batch came back: events and answers in the batch's order.
  [[nodiscard]] std::vector<order_item> finish(std::vector<append_outcome> outcomes);
  /// The batch failed: everybody in it gets `why`.
  void fail_batch(const error& why);
  /// And everybody who waits for the next one.
  void fail_queue(const error& why);

 private:
  using command_ptr = std::shared_ptr<pending_command>;
  append_command prepare(pending_command& command, timestamp at);
  void finish_one(command_ptr command, append_outcome outcome, std::vector<order_item>& out) const;
  [[nodiscard]] shared_bytes encode_answer(const pending_command& command, const append_outcome& outcome) const;

  room_id room_;
  limits bounds_;
  const frame_encoder& encoder_;
  id_source& ids_;
  gauge& shown_;
  std::deque<command_ptr> queue_;
  std::vector<command_ptr> under_way_;
  std::uint64_t batch_number_ = 0;
};

}  // namespace parley
