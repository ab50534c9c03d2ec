// See node_silence.hpp.
#include "actors/node_silence.hpp"

#include <algorithm>
#include <utility>

namespace parley {

std::chrono::milliseconds longest_silence(const presence_config& presence) {
  const std::chrono::milliseconds ttl = std::chrono::seconds(presence.ttl_seconds);
  return std::max(ttl * 9 / 10, 2 * control_lease);  // it delivers nothing by then
}

node_silence::state node_silence::note(const uuid& node, timestamp said, steady_time began, steady_time now) {
  auto& last = words_[node];
  if (std::exchange(last.said, said) != said) {
    last = {said, now, {}, {}};  // not before: it may have been said while this node read
  } else if (began - last_read_ < control_lease) {
    last.silence += began - last_read_;
  }
  if (now - last.since < control_lease) return state::alive;
  return std::exchange(last.was_silent, true) ? state::silent : state::fell_silent;
}

std::optional<timestamp> node_silence::end_reading(const std::vector<node_seen>& nodes, steady_time began) {
  last_read_ = began;
  std::optional<timestamp> gone_since;
  std::erase_if(words_, [&](const auto& item) {
    const bool is_gone =
        std::none_of(nodes.begin(), nodes.end(), [&](const auto& each) { return each.report.node == item.first; });
    if (is_gone) gone_since = std::max(item.second.said, gone_since.value_or(item.second.said));
    return is_gone;
  });
  return gone_since;
}

bool node_silence::is_over(const uuid& node, steady_time::duration patience, steady_time began,
                           steady_time::duration pause) {
  const auto known = words_.find(node);
  if (known == words_.end() || known->second.silence < patience || began < known->second.next_try) return false;
  known->second.next_try = began + pause;
  return true;
}

}  // namespace parley
