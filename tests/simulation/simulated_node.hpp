// One node of the simulation: its actors, its way to the store and, beside other nodes, its way to the bus.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "actors/actor_world.hpp"
#include "actors/control_actor.hpp"
#include "simulation/simulated_control_log.hpp"
#include "simulation/simulated_store.hpp"

namespace parley::simulation {

/// What all nodes of a run are told by their operator.
struct node_settings {
  std::uint32_t shards = 2;
  std::uint32_t idle_seconds = 2;
  bool has_bus = false;
  std::uint32_t partitions = 1;
  double sweep_seconds = 5;
  std::uint64_t backlog_bytes = 1'000'000;
  std::uint32_t stream_entries = 100'000;
  bool has_presence = false;
  bool has_control = false;  ///< Others are there, of whom it hears by the control log.
  std::uint32_t ttl_seconds = 3;
  std::uint32_t grace_seconds = 1;
};

/// A process: when it is killed another one takes its place, with an identity and a name of its own.
class simulated_node {
 public:
  /// `number` is no other node's of the run. Its clock begins at `now`.
  simulated_node(simulated_store& store, const node_settings& settings, std::uint16_t number,
                 std::chrono::milliseconds now);
  ~simulated_node();
  simulated_node(const simulated_node&) = delete;
  simulated_node& operator=(const simulated_node&) = delete;

  /// Killed: nothing that it still does reaches the store, or the bus.
  void cut_off();
  [[nodiscard]] bool is_cut_off() const { return database_.is_cut_off(); }
  void pass_time(std::chrono::milliseconds by);
  /// The bus is looked at when the reader's turn comes; there is no thread that waits for it.
  void wake_reader();

  [[nodiscard]] testing::actor_world& world() { return *world_; }
  /// By which Redis knows it.
  [[nodiscard]] const std::string& host() const { return host_; }
  /// By which the store knows it.
  [[nodiscard]] const node_identity& identity() const { return identity_; }

  /// False while it has not read the control log once: until then it lets nobody in.
  [[nodiscard]] bool has_begun() const { return has_begun_; }

  bool is_paused = false;  ///< Its process is stopped, and will go on.
  timestamp resumed_at{};  ///< By the clock of the store.

 private:
  void join_cluster();

  simulated_database database_;
  std::string host_;
  node_identity identity_;
  bool has_begun_ = true;
  simulated_control_log log_;
  delivery_lease lease_;
  std::unique_ptr<event_stream> stream_;
  std::unique_ptr<testing::actor_world> world_;
  account_handle accounts_;
};

}  // namespace parley::simulation
