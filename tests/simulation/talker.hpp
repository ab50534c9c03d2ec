// Somebody who talks in one room of the simulation: what was sent, what came back, and what the checker is told of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/actor_world.hpp"
#include "simulation/watcher.hpp"
#include "support/checker.hpp"

namespace parley::simulation {

/// Reads a connection's lines as a client would: in order, remembering the last seq, and only up to where it is cut
/// off.
class talker {
 public:
  talker(std::string name, user_id user, room_id room, support::checker& checks)
      : name_(std::move(name)), user_(user), room_(room), checks_(checks) {}

  /// From its next connection on it watches who is on.
  void watch(watcher others) { others_.emplace(std::move(others)); }
  /// On that node, going on after the last seq that was read.
  void connect(testing::actor_world& node, std::uint32_t shard);
  /// Reads the next lines up to so many; the rest is lost.
  void disconnect(std::size_t lines);
  /// The node is gone: what was not read is lost, and nothing can be told to it.
  void lose_connection(std::size_t lines);
  void read(std::size_t lines);

  /// What could not be read of those who are watched is asked for again.
  void watch_again();

  /// A new message with a key of its own. False when the room is not known yet.
  bool speak();
  void speak_by_rest(testing::actor_world& node);
  /// One that was sent already, whatever became of it.
  void say_again(const std::string& key);
  void take_rest_results(testing::actor_world& node);
  /// A node is gone, and with it what it was to answer by REST.
  void forget_rest_answers();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] user_id user() const { return user_; }
  [[nodiscard]] room_id room() const { return room_; }
  [[nodiscard]] const std::optional<watcher>& others() const { return others_; }
  [[nodiscard]] testing::actor_world* node() const { return node_; }
  /// The last seq that it has read.
  [[nodiscard]] sequence position() const { return position_; }
  [[nodiscard]] std::size_t unread() const;
  [[nodiscard]] bool is_live() const { return connection_ != nullptr && connection_->attached; }
  /// The room could not be opened or read: only a new connection helps.
  [[nodiscard]] bool is_stuck() const;
  /// Keys without an acknowledgement; true: an answer is on its way.
  [[nodiscard]] const std::map<std::string, bool>& open() const { return open_; }
  /// Errors that it was told, each with its key.
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
  /// A key that was stored after one that the same connection had sent later; empty if there is none.
  [[nodiscard]] const std::string& out_of_order() const { return out_of_order_; }
  [[nodiscard]] std::uint64_t trace() const { return trace_; }

  bool is_registered = false;  ///< The store knows that this connection's user is on at this node, which goes on.

 private:
  void take(const std::string& line);
  void check_order(const std::string& key);
  void acknowledged(const std::string& key, sequence seq);
  void refused(const std::string& key, const std::string& code);
  void forget_answers();

  std::string name_;
  user_id user_;
  room_id room_;
  support::checker& checks_;
  testing::actor_world* node_ = nullptr;
  testing::client* connection_ = nullptr;
  std::optional<watcher> others_;
  std::size_t read_ = 0;
  sequence position_ = 0;
  int spoken_ = 0;
  std::map<std::string, bool> open_;
  std::map<std::string, int> first_sent_;  ///< Keys that this connection has sent once, each with its number.
  int last_told_ = 0;                      ///< The highest number of those that were acknowledged.
  std::string out_of_order_;
  std::vector<std::string> errors_;
  std::uint64_t trace_ = 14695981039346656037ULL;  ///< FNV-1a of all that was read.
};

}  // namespace parley::simulation
