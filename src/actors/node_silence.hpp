// How long the other nodes have not said a word; pure state of the control actor.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "parley/clock.hpp"
#include "parley/control_log.hpp"

namespace parley {

/// By this node's own clock, since the store's may be set. What counts is silence that this node could have heard
/// broken: during an outage of the store nobody could say a word.
class node_silence {
 public:
  enum class state : std::uint8_t { alive, fell_silent, silent };

  /// What a reading that began then says of a node, of which there is one call for each. A node whose word has not
  /// changed for the length of the lease has none; `fell_silent` is said once.
  state note(const uuid& node, timestamp said, steady_time began, steady_time now) {
    auto& last = words_[node];
    if (std::exchange(last.said, said) != said) {
      last = {said, began, {}, {}};
    } else if (began - last_read_ < control_lease) {
      last.silence += began - last_read_;
    }
    if (now - last.since < control_lease) return state::alive;
    return std::exchange(last.was_silent, true) ? state::silent : state::fell_silent;
  }
  /// The reading is over: forgets those that were not among its nodes, and tells the latest word of these.
  std::optional<timestamp> end_reading(const std::vector<node_seen>& nodes, steady_time began) {
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
  /// It has been silent for so long, and was not found so within `pause`.
  bool is_over(const uuid& node, steady_time::duration patience, steady_time began, steady_time::duration pause) {
    const auto known = words_.find(node);
    if (known == words_.end() || known->second.silence < patience || began < known->second.next_try) return false;
    known->second.next_try = began + pause;
    return true;
  }

 private:
  struct last_word {
    timestamp said;
    steady_time since{};              ///< When this node first read it.
    steady_time::duration silence{};  ///< Since then, as far as this node read without a gap.
    steady_time next_try{};           ///< To declare it dead.
    bool was_silent = false;          ///< For the length of the lease.
  };
  std::map<uuid, last_word> words_;
  steady_time last_read_{};
};

}  // namespace parley
