// One node of the simulation: its actors, its way to the store and, beside other nodes, its way to the bus.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "actors/actor_world.hpp"
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
};

/// A process: when it is killed another one takes its place, with an identity and a name of its own.
class simulated_node {
 public:
  /// `number` is no other node's of the run. Its clock begins at `now`.
  simulated_node(simulated_store& store, const node_settings& settings, std::uint16_t number,
                 std::chrono::milliseconds now);

  /// Killed: nothing that it still does reaches the store, or the bus.
  void cut_off();
  [[nodiscard]] bool is_cut_off() const { return database_.is_cut_off(); }
  void pass_time(std::chrono::milliseconds by);
  /// The bus is looked at when the reader's turn comes; there is no thread that waits for it.
  void wake_reader();

  [[nodiscard]] testing::actor_world& world() { return *world_; }
  /// By which Redis knows it.
  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  simulated_database database_;
  std::string host_;
  std::unique_ptr<event_stream> stream_;
  std::unique_ptr<testing::actor_world> world_;
};

}  // namespace parley::simulation
