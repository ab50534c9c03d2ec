// Presence by node, the flag over all of them, and the log that tells of it.
#include "simulation/presence_tables.hpp"

#include <algorithm>

#include "parley/left_node.hpp"

namespace parley::simulation {
namespace {

/// Of one partition in one reading: few, so that there is often more to read.
constexpr std::size_t most_events = 2;

}  // namespace

void presence_tables::save(const presence_record& user, const uuid* node) {
  auto& known = statuses_.at(user.user);
  if (node == nullptr) {
    known.is_online = user.is_online;
    if (user.last_seen) known.last_seen = user.last_seen;
    if (!user.is_online) declared_off_.push_back(user.user);
    return;
  }
  if (user.is_online) {
    places_.insert({user.user, *node});
  } else {
    places_.erase({user.user, *node});
  }
  const auto place = places_.lower_bound({user.user, uuid{}});
  set_flag(known, place != places_.end() && place->first == user.user, user.last_seen);
}

/// What has not changed is not told.
void presence_tables::set_flag(presence_record& user, bool is_online, std::optional<timestamp> last_seen) {
  if (user.is_online == is_online) return;
  user.is_online = is_online;
  if (last_seen) user.last_seen = last_seen;
  ++user.version;
  events_[control_partition_of(user.user)].push_back(
      {user.user, presence_stored{is_online, user.last_seen, user.version}});
  if (!is_online) declared_off_.push_back(user.user);
}

std::size_t presence_tables::end_presence_of_nobody(timestamp last_seen, std::uint32_t limit) {
  std::vector<std::pair<user_id, uuid>> orphans;
  for (const auto& place : places_) {
    if (orphans.size() < limit && !nodes_.contains(place.second)) orphans.push_back(place);
  }
  for (const auto& orphan : orphans) places_.erase(orphan);
  for (const auto& [user, node] : orphans) {
    const auto place = places_.lower_bound({user, uuid{}});
    if (place != places_.end() && place->first == user) continue;
    auto& known = statuses_.at(user);
    set_flag(known, false, std::max(last_seen, known.last_seen.value_or(last_seen)));
  }
  return orphans.size();
}

void presence_tables::clear() {
  for (auto& [user, status] : statuses_) status.is_online = false;
}

control_positions presence_tables::end() const {
  control_positions ends{};
  for (std::size_t i = 0; i < ends.size(); ++i) ends[i] = static_cast<sequence>(events_[i].size());
  return ends;
}

void presence_tables::leave(const uuid& node) {
  const bool is_somebody_on =
      std::any_of(places_.begin(), places_.end(), [&](const auto& place) { return place.second == node; });
  if (!is_somebody_on) {
    nodes_.erase(node);
  } else if (const auto found = nodes_.find(node); found != nodes_.end()) {
    found->second.report.confirmed.fill(confirmed_for_good);
  }
}

control_news presence_tables::read(const node_report& mine, const control_positions& after, timestamp now) {
  control_news news;
  news.reached = after;
  const auto word = nodes_.find(mine.node);
  news.is_forgotten = word == nodes_.end();
  if (news.is_forgotten) return news;
  word->second.report = mine;
  word->second.heartbeat_at = now;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    std::size_t count = 0;
    for (auto seq = static_cast<std::size_t>(after[i]); seq < events_[i].size() && count < most_events;
         ++seq, ++count) {
      news.events.push_back(events_[i][seq]);
      ++news.reached[i];
    }
    if (count == most_events) news.has_more = true;
  }
  for (const auto& [id, node] : nodes_) {
    news.nodes.push_back(node);
    news.nodes.back().age = std::chrono::duration_cast<std::chrono::milliseconds>(now - node.heartbeat_at);
  }
  return news;
}

}  // namespace parley::simulation
