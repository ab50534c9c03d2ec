// Watch first, read afterwards, as a session does: both come through the connection's own shard.
#include "simulation/watcher.hpp"

#include <algorithm>
#include <sstream>

namespace parley::simulation {

void watcher::begin(testing::actor_world& node, const testing::client& who) {
  known_.clear();
  not_read_.clear();
  caf::anon_send(node.services->directory, to_presence{user_came_on{who.user, who.connection}});
  for (const auto& user : watched_) watch(node, who, user);
}

void watcher::end(testing::actor_world& node, const testing::client& who) {
  for (const auto& user : watched_) {
    caf::anon_send(node.services->directory, to_presence{unwatch_user{user, who.connection}});
  }
  caf::anon_send(node.services->directory, to_presence{user_went_off{who.user, who.connection}});
}

void watcher::watch(testing::actor_world& node, const testing::client& who, user_id user) {
  const auto read = [&store = store_, &node, to = who.connection, user](const auto&) {
    auto line = "status " + std::to_string(user.bytes[15]);
    const bool works = store.is_up && store.reads_work;
    const auto& status = store.presence.status(user);
    line += !works ? " unread\n" : status.is_online ? " on\n" : " off\n";
    node.out.send(to, {std::make_shared<const std::string>(line), 1, 0}, {});
    if (works) caf::anon_send(node.services->directory, to_presence{watcher_knows{user, to, status}});
  };
  caf::anon_send(node.services->directory, to_presence{watch_user{user, who.connection, answer<std::monostate>(read)}});
}

bool watcher::take(const std::string& line) {
  std::istringstream words(line);
  std::string what, state;
  int user = 0;
  words >> what;
  if (what != "presence" && what != "status") return false;
  words >> user >> state;
  if (state == "unread") {
    not_read_.push_back(user);
  } else {
    known_[user] = state == "on";
  }
  return true;
}

void watcher::ask_again(testing::actor_world& node, const testing::client& who) {
  for (const auto number : std::exchange(not_read_, {})) {
    const auto user =
        std::find_if(watched_.begin(), watched_.end(), [&](const auto& id) { return id.bytes[15] == number; });
    watch(node, who, *user);
  }
}

std::optional<bool> watcher::is_on(user_id user) const {
  const auto found = known_.find(user.bytes[15]);
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace parley::simulation
