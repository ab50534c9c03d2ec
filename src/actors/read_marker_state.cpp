// Read markers on their way: look-up, coalescing, answers.
#include "actors/read_marker_state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley {
namespace {

void move_to(std::vector<read_marker_state::waiter>& all, std::vector<read_marker_state::waiter>& more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
  more.clear();
}

}  // namespace

read_marker_state::next read_marker_state::move(user_id user, sequence to, const waiter& reply,
                                                steady_time known_since) {
  auto& item = markers_[user];
  const bool is_there = item.position && to <= *item.position;
  if (is_there && item.known_at >= known_since) return next::settled;
  if (item.under_way && to <= *item.under_way) {
    item.waiting_under_way.push_back(reply);
    return next::wait;
  }
  if (is_there) {
    item.waiting_look.push_back(reply);
  } else {
    item.wanted = std::max(item.wanted.value_or(0), to);
    item.waiting.push_back(reply);
  }
  note(user, item);
  if (item.position && !is_there) return next::wait;  // the store will say
  return std::exchange(item.looking_up, true) ? next::wait : next::look_up;
}

std::optional<sequence> read_marker_state::position(const user_id& user) const {
  const auto found = markers_.find(user);
  return found == markers_.end() ? std::nullopt : found->second.position;
}

std::vector<read_marker_state::waiter> read_marker_state::known(user_id user, sequence position, steady_time asked_at) {
  const auto found = markers_.find(user);
  if (found == markers_.end() || !found->second.looking_up) return {};
  auto& item = found->second;
  item.looking_up = false;
  item.position = std::max(item.position.value_or(0), position);
  item.known_at = asked_at;
  auto settled = std::exchange(item.waiting_look, {});
  if (item.wanted && *item.wanted <= *item.position) {
    item.wanted.reset();
    move_to(settled, item.waiting);
  }
  note(user, item);
  return settled;
}

std::vector<read_marker_state::waiter> read_marker_state::look_up_failed(user_id user) {
  const auto found = markers_.find(user);
  if (found == markers_.end() || !found->second.looking_up) return {};
  auto& item = found->second;
  item.looking_up = false;
  auto waiting = std::exchange(item.waiting_look, {});
  if (!item.position) {
    item.wanted.reset();
    move_to(waiting, item.waiting);
  }
  note(user, item);
  return waiting;
}

std::vector<read_marker> read_marker_state::take_due(steady_time now, bool hurry) {
  std::vector<read_marker> due;
  for (const auto& user : busy_) {
    auto& item = markers_[user];
    if (!item.wanted || !item.position || item.under_way) continue;
    if (!hurry && item.last_stored && now - *item.last_stored < interval_) continue;
    item.under_way = std::exchange(item.wanted, std::nullopt);
    item.waiting_under_way = std::exchange(item.waiting, {});
    item.last_stored = now;
    due.push_back({room_, user, *item.under_way});
  }
  return due;
}

std::optional<steady_time> read_marker_state::next_due() const {
  std::optional<steady_time> earliest;
  for (const auto& user : busy_) {
    const auto& item = markers_.at(user);
    if (!item.wanted || !item.position || item.under_way) continue;
    const auto at = item.last_stored ? *item.last_stored + interval_ : steady_time{};
    earliest = earliest ? std::min(*earliest, at) : at;
  }
  return earliest;
}

std::vector<read_marker_state::waiter> read_marker_state::stored(const read_marker& marker, sequence stands) {
  const auto found = markers_.find(marker.user);
  if (found == markers_.end() || found->second.under_way != marker.seq) return {};
  auto& item = found->second;
  item.position = std::max(item.position.value_or(0), stands);
  item.known_at = *item.last_stored;
  item.under_way.reset();
  auto answered = std::exchange(item.waiting_under_way, {});
  note(marker.user, item);
  return answered;
}

std::vector<read_marker_state::waiter> read_marker_state::failed(const read_marker& marker) {
  const auto found = markers_.find(marker.user);
  if (found == markers_.end() || found->second.under_way != marker.seq) return {};
  auto& item = found->second;
  item.under_way.reset();
  auto answered = std::exchange(item.waiting_under_way, {});
  note(marker.user, item);
  return answered;
}

bool read_marker_state::shows(user_id user, sequence seq) {
  auto& shown = shown_[user];
  if (seq <= shown) return false;
  shown = seq;
  const auto found = markers_.find(user);
  if (found != markers_.end()) found->second.known_at = steady_time::min();
  return true;
}

std::vector<read_marker_state::waiter> read_marker_state::forget(user_id user) {
  shown_.erase(user);
  const auto found = markers_.find(user);
  if (found == markers_.end()) return {};
  auto waiting = std::move(found->second.waiting_under_way);
  move_to(waiting, found->second.waiting);
  move_to(waiting, found->second.waiting_look);
  markers_.erase(found);
  busy_.erase(user);
  return waiting;
}

void read_marker_state::note(const user_id& user, const entry& item) {
  if (item.wanted || item.under_way || !item.waiting_look.empty()) {
    busy_.insert(user);
  } else {
    busy_.erase(user);
  }
}

}  // namespace parley
