// The actors' side of a node as one object: builds actors and pools, decides which of them have threads, stops in
// order.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "parley/client_ports.hpp"
#include "parley/clock.hpp"
#include "parley/config.hpp"
#include "parley/database.hpp"
#include "parley/delivery.hpp"
#include "parley/delivery_lease.hpp"
#include "parley/event_stream.hpp"
#include "parley/fault_points.hpp"
#include "parley/ids.hpp"
#include "parley/metrics.hpp"
#include "parley/room_roster.hpp"
#include "parley/session_cache.hpp"
#include "parley/signal_bus.hpp"

namespace parley {

/// All references outlive the runtime.
struct broker_parts {
  const config& settings;
  database& store;
  delivery& out;
  const frame_encoder& encoder;
  metrics& counts;
  const clock& time;
  id_source& ids;
  file_store* files = nullptr;  ///< Null: files are kept in the database.
  fault_points faults{};
  /// At a node's start: who was online when it last ended is not any more. And it sweeps files and indexes messages. A
  /// tool that does one thing and ends does none of it.
  bool is_node = true;
  /// One for each URL of the bus, in order; empty: there is none.
  std::span<const std::unique_ptr<event_stream>> bus{};
  /// As many.
  std::span<const std::unique_ptr<signal_bus>> signals{};
  /// As many, or none.
  std::span<const std::unique_ptr<session_cache>> sessions{};
  /// The first two null: the store has no control log.
  control_log* control = nullptr;
  delivery_lease* lease = nullptr;
  node_identity* identity = nullptr;
  room_roster* roster = nullptr;  ///< Null: there is no bus.
};

/// Owned by the node.
class broker_runtime {
 public:
  /// Stops if stop() was not called.
  virtual ~broker_runtime() = default;

  virtual broker& client_port() = 0;
  /// False while a storage actor cannot commit, no reading actor can read, or the control log cannot be read. Any
  /// thread, also during stop().
  [[nodiscard]] virtual bool store_ok() const = 0;
  /// Accounts and sessions first, then rooms and presence, then storage (which finishes what it accepted), readers, and
  /// the actor system. Blocks for at most about `patience`; a second call does nothing. Nobody may use the
  /// client port any more, and every client_session is destroyed already; calls under way are answered `unavailable`.
  virtual void stop(std::chrono::milliseconds patience) = 0;
};

/// The store is migrated already. Fails when it cannot be written, and when other nodes share out the rooms among other
/// partitions of the bus.
result<std::unique_ptr<broker_runtime>> create_broker(const broker_parts& parts);

}  // namespace parley
