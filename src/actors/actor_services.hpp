// What every actor of a node may use: ports, pools and counts, made by the runtime before the first actor and gone
// after the last.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "actors/control_messages.hpp"
#include "actors/file_messages.hpp"
#include "actors/messages.hpp"
#include "actors/removal_messages.hpp"
#include "actors/search_messages.hpp"
#include "parley/clock.hpp"
#include "parley/codec.hpp"
#include "parley/config.hpp"
#include "parley/database.hpp"
#include "parley/delivery.hpp"
#include "parley/delivery_lease.hpp"
#include "parley/fault_points.hpp"
#include "parley/ids.hpp"
#include "parley/metrics.hpp"

namespace parley {

class storage_pool;
class read_pool;
class file_shelf;
class event_bus;
class room_tails;
class session_desks;
class signal_exchange;

/// Owned by the runtime, which outlives every actor; actors hold a const reference. The pointers and the directory's
/// handle are set once, after their makers ran and before anybody uses them, and the handle is reset at the stop.
struct actor_services {
  const config& settings;
  delivery& out;
  const frame_encoder& encoder;
  metrics& counts;
  const clock& time;
  id_source& ids;

  const storage_pool* storage = nullptr;
  const read_pool* reads = nullptr;
  const read_pool* searches = nullptr;  ///< May look through so much that nothing else is to wait behind them.
  const file_shelf* shelf = nullptr;
  const event_bus* bus = nullptr;            ///< None without a bus.
  const signal_exchange* signals = nullptr;  ///< As `bus`.
  const session_desks* sessions = nullptr;   ///< None without a bus, or with a bus that keeps none.
  const room_tails* tails = nullptr;         ///< None without a bus, or with a bus that keeps none.
  /// Called when another node has published a hint, or may have while nobody listened. Not from one thread only, and it
  /// must not wait. May be empty.
  std::function<void()> on_hint;
  std::string file_key;     ///< Signs addresses of files, and sessions in Redis; all nodes of a store have it.
  search_handle search;     ///< None in tests, and in tools: then nothing is indexed.
  removal_handle removals;  ///< None in tests and in tools.
  sweep_handle sweep;       ///< None without a bus.
  control_handle control;   ///< None without PostgreSQL.
  const delivery_lease* lease = nullptr;
  const node_identity* identity = nullptr;  ///< None in tests, and in tools.
  roster_handle roster;                     ///< As `bus`.
  tracer_handle tracer;                     ///< As `roster`.
  directory_handle directory;
  /// Makes a presence record; called by the directory.
  std::function<presence_handle(caf::actor_system&, const actor_services&, user_id)> make_presence;
  fault_points faults;

  /// How many storage actors cannot commit at the moment. The node is ready only at 0.
  mutable std::atomic<std::uint32_t> failing_writers{0};
  [[nodiscard]] bool store_ok() const { return failing_writers.load(std::memory_order_relaxed) == 0; }
  /// Whether other nodes have said lately that they live, as the control actor last read.
  mutable std::atomic<bool> has_company{false};

  /// False while this node may not have heard who was logged out or suspended on another: then it serves nobody.
  [[nodiscard]] bool knows_who_is_out() const { return lease == nullptr || lease->holds(time.steady_now()); }

  // Aggregate in spirit; the atomic makes it stay where it was made.
  actor_services(const config& settings_, delivery& out_, const frame_encoder& encoder_, metrics& counts_,
                 const clock& time_, id_source& ids_)
      : settings(settings_), out(out_), encoder(encoder_), counts(counts_), time(time_), ids(ids_) {}
};

}  // namespace parley
