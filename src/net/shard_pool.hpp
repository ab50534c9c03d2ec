// All I/O threads of a node, and the delivery port in front of them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "net/delivery_shard.hpp"
#include "parley/config.hpp"
#include "parley/delivery.hpp"
#include "parley/metrics.hpp"

namespace parley {

/// One shard a thread. The delivery port may be called before start() and after stop(): what was queued before is
/// handled once the threads run, what comes after the end is dropped.
class shard_pool final : public delivery {
 public:
  /// settings.net.threads shards, or one for each usable processor. The first three must outlive the pool.
  shard_pool(const config& settings, metrics& counts, const delivery_lease& lease, send_way way);
  ~shard_pool() override;

  void start();
  /// Ends every connection, then the threads; a second call does nothing. Not to be called on an I/O thread.
  void stop();
  /// Runs the task on each shard's thread, soon.
  void on_each(const std::function<void(delivery_shard&)>& task);
  [[nodiscard]] delivery_shard& shard(std::size_t index) { return *shards_[index]; }
  /// `when_done` once, on an I/O thread, when all shards are drained.
  void begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done);

  // delivery
  [[nodiscard]] std::uint32_t shard_count() const override { return static_cast<std::uint32_t>(shards_.size()); }
  void deliver(std::uint32_t shard, room_delivery what) override;
  void broadcast(std::uint32_t shard, room_broadcast what) override;
  void attach(connection_ref to, attachment what) override;
  void detach(connection_ref from, room_id room) override;
  void send(connection_ref to, outgoing what, std::function<void()> when_drained) override;
  void close(connection_ref to, close_code code) override;
  void revoke(const revocation& what, std::shared_ptr<void> ended) override;
  void fail_room(room_id room) override;

 private:
  void enqueue(std::uint32_t shard, shard_work work);

  std::vector<std::unique_ptr<delivery_shard>> shards_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

}  // namespace parley
