// What several nodes keep of their users in the simulated store: who is on where, the nodes, and the control log.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "parley/control_log.hpp"
#include "parley/values.hpp"

namespace parley::simulation {

/// As src/store/postgres_presence.cpp and postgres_control_log.cpp have it. A value: a transaction that is rolled back
/// puts the former one back.
class presence_tables {
 public:
  void add_user(user_id user) { statuses_[user] = {user, false, std::nullopt}; }
  [[nodiscard]] const presence_record& status(user_id user) const { return statuses_.at(user); }
  [[nodiscard]] bool is_on_at(user_id user, const uuid& node) const { return places_.contains({user, node}); }
  /// It is there, and has said so then or later.
  [[nodiscard]] bool has_heard(const uuid& node, timestamp since) const {
    const auto found = nodes_.find(node);
    return found != nodes_.end() && found->second.heartbeat_at >= since;
  }

  // Jobs.
  /// By a node among others; null: by one that is alone, whose word is the flag.
  void save(const presence_record& user, const uuid* node);
  bool forget_node(const uuid& node, timestamp silent_since) {
    const auto found = nodes_.find(node);
    if (found == nodes_.end() || found->second.heartbeat_at > silent_since) return false;
    nodes_.erase(found);
    return true;
  }
  std::size_t end_presence_of_nobody(timestamp last_seen, std::uint32_t limit);
  void clear();
  /// Users whose flag went off in this transaction.
  std::vector<user_id> take_declared_off() { return std::exchange(declared_off_, {}); }

  // The control log.
  [[nodiscard]] control_positions end() const;
  void enter(const node_report& mine, timestamp now) { nodes_[mine.node] = {mine, now, {}}; }
  control_news read(const node_report& mine, const control_positions& after, timestamp now);
  void leave(const uuid& node);

 private:
  void set_flag(presence_record& user, bool is_online, std::optional<timestamp> last_seen);

  std::map<user_id, presence_record> statuses_;
  std::set<std::pair<user_id, uuid>> places_;
  std::map<uuid, node_seen> nodes_;
  std::array<std::vector<control_event>, control_partitions> events_;
  std::vector<user_id> declared_off_;
};

}  // namespace parley::simulation
