// How long the other nodes have not said a word; pure state of the control actor.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "parley/clock.hpp"
#include "parley/config.hpp"
#include "parley/control_log.hpp"

namespace parley {

/// After it a node counts as dead. The rest of the TTL is for those who notice, and for the store.
std::chrono::milliseconds longest_silence(const presence_config& presence);

/// By this node's own clock, since the store's may be set. What counts is silence that this node could have heard
/// broken: during an outage of the store nobody could say a word.
class node_silence {
 public:
  enum class state : std::uint8_t { alive, fell_silent, silent };

  /// What a reading that began then and is over now says of a node, of which there is one call for each. A node whose
  /// word has not changed for the length of the lease has none; `fell_silent` is said once.
  state note(const uuid& node, timestamp said, steady_time began, steady_time now);
  /// The reading is over: forgets those that were not among its nodes, and tells the latest word of these.
  std::optional<timestamp> end_reading(const std::vector<node_seen>& nodes, steady_time began);
  /// It has been silent for so long, and was not found so within `pause`.
  bool is_over(const uuid& node, steady_time::duration patience, steady_time began, steady_time::duration pause);

 private:
  struct last_word {
    timestamp said;
    steady_time since{};              ///< When this node had first read it.
    steady_time::duration silence{};  ///< Since then, as far as this node read without a gap.
    steady_time next_try{};           ///< To declare it dead.
    bool was_silent = false;          ///< For the length of the lease.
  };
  std::map<uuid, last_word> words_;
  steady_time last_read_{};
};

}  // namespace parley
