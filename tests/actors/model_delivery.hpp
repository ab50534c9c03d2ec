// A model of the delivery shards: queues calls as shards do, and keeps what each connection would have received.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "parley/delivery.hpp"

namespace parley::testing {

class model_delivery : public delivery {
 public:
  explicit model_delivery(std::uint32_t shards) : queues_(shards) {}

  struct connection {
    std::vector<std::string> lines;  ///< Frames in order. An ack that stood for a live event bears the prefix `live `.
    std::map<room_id, std::pair<user_id, sequence>> attached;
    std::uint32_t answers = 0;  ///< Answers as the credit counts them.
    std::optional<close_code> closed;
  };
  std::map<connection_ref, connection> connections;
  std::vector<room_id> failed_rooms;
  std::function<void(connection_ref, room_id, sequence)> on_room_failed;
  std::uint32_t deliveries = 0;
  std::uint32_t served = 0;  ///< Of these, to their sockets.
  std::vector<revocation> revoked;
  bool keeps_revocations = false;
  std::vector<std::shared_ptr<void>> under_way;  ///< Revocations whose last byte has not left.

  [[nodiscard]] bool idle() const;
  /// The shard does its oldest task. False when it has none.
  bool run_one(std::uint32_t shard);
  void run_all();
  [[nodiscard]] std::size_t waiting(std::uint32_t shard) const { return queues_[shard].size(); }

  [[nodiscard]] std::uint32_t shard_count() const override { return static_cast<std::uint32_t>(queues_.size()); }
  void deliver(std::uint32_t shard, room_delivery what) override;
  void broadcast(std::uint32_t shard, room_broadcast what) override;
  void attach(connection_ref to, attachment what) override;
  void detach(connection_ref from, room_id room) override;
  void send(connection_ref to, outgoing what, std::function<void()> when_drained) override;
  void close(connection_ref to, close_code code) override;
  /// Nobody is slow, unless the test keeps what is held.
  void revoke(const revocation& what, std::shared_ptr<void> ended) override {
    revoked.push_back(what);
    if (keeps_revocations) under_way.push_back(std::move(ended));
  }
  void fail_room(room_id room) override;

 private:
  void hand_out(std::uint32_t shard, const room_delivery& what);
  void hand_to(connection_ref to, connection& client, const room_delivery& what);
  static void add_lines(connection& client, const std::string& frames, const std::string& prefix = {});

  std::vector<std::deque<std::function<void()>>> queues_;
};

}  // namespace parley::testing
