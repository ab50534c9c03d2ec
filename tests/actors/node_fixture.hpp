// The ground of a node on CAF's deterministic scheduler: services, pools over the store in memory, modelled shards.
#pragma once

#include <gtest/gtest.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <memory>

#include "actors/actor_services.hpp"
#include "actors/read_pool.hpp"
#include "actors/storage_pool.hpp"
#include "memory_store.hpp"
#include "model_delivery.hpp"
#include "story_encoder.hpp"

namespace parley::testing {

/// Derived fixtures set services.directory before anything needs it, and end their own actors in `end_actors`.
class node_fixture : public ::testing::Test {
 protected:
  node_fixture();
  ~node_fixture() override;

  /// The actors only; the shards do nothing.
  void run_actors();
  /// Everything until nothing moves.
  void run();
  /// Both clocks, and what was due.
  void advance(std::chrono::milliseconds by);
  std::vector<std::string>& lines(connection_ref of) { return out.connections[of].lines; }
  /// What the connection got since the last call.
  std::vector<std::string> take(connection_ref of) { return std::exchange(lines(of), {}); }

  config settings;
  fake_clock time;
  counting_ids ids;
  story_encoder encoder;
  model_delivery out{1};
  metrics counts;
  memory_store store;
  std::unique_ptr<actor_services> services;

 private:
  caf::actor_system_config caf_settings_;

 protected:
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  std::unique_ptr<storage_pool> storage;
  std::unique_ptr<read_pool> reads;
};

/// Waits for one reply and keeps it.
template <class T>
struct awaited {
  std::shared_ptr<std::optional<result<T>>> slot = std::make_shared<std::optional<result<T>>>();
  answer<T> reply() {
    return answer<T>([slot = slot](result<T> value) { slot->emplace(std::move(value)); });
  }
  [[nodiscard]] bool done() const { return slot->has_value(); }
  [[nodiscard]] bool ok() const { return done() && (*slot)->has_value(); }
  [[nodiscard]] const T& value() const { return (*slot)->value(); }
  /// The error's code, `none` when it worked, `waiting` without an answer.
  [[nodiscard]] std::string code() const {
    if (!done()) return "waiting";
    return ok() ? "none" : std::string(to_string((*slot)->error().code));
  }
};

}  // namespace parley::testing
