// What one connection knows of whether others are on: what it read when it began to watch, and what it was told since.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/actor_world.hpp"
#include "simulation/simulated_store.hpp"

namespace parley::simulation {

class watcher {
 public:
  watcher(simulated_store& store, std::vector<user_id> watched) : store_(store), watched_(std::move(watched)) {}

  /// The connection's user comes on, and watches from there.
  void begin(testing::actor_world& node, const testing::client& who);
  /// As a session that ends says it; a node that is killed says nothing.
  void end(testing::actor_world& node, const testing::client& who);
  /// `presence USER on`, which it was told, or `status USER off`, which was read. False for any other line.
  bool take(const std::string& line);
  /// What could not be read is asked for again.
  void ask_again(testing::actor_world& node, const testing::client& who);

  /// Null: it does not know yet.
  [[nodiscard]] std::optional<bool> is_on(user_id user) const;

 private:
  void watch(testing::actor_world& node, const testing::client& who, user_id user);

  simulated_store& store_;
  std::vector<user_id> watched_;
  std::map<int, bool> known_;  ///< By the last byte of the id, as lines have it.
  std::vector<int> not_read_;
};

}  // namespace parley::simulation
