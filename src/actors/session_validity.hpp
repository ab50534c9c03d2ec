// Which of the sessions that other nodes have read may be believed here. Pure state of the account actor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <unordered_map>

#include "parley/control_log.hpp"
#include "parley/session_cache.hpp"

namespace parley {

/// Every change that may end or alter a session is in the control log. So what was read in the store when the log
/// stood at P is still so if the log has been read here from P on without a gap, and said nothing about the user since.
class session_validity {
 public:
  explicit session_validity(std::size_t most_users = 10'000) : most_users_(most_users) {}

  /// The log has been read up to there, and what it said was given to changed().
  void reach(const control_positions& reached) {
    if (!reached_) floor_ = reached;
    reached_ = reached;
    for (auto change = changed_here_.begin(); change != changed_here_.end();) {
      change = --change->second == 0 ? changed_here_.erase(change) : std::next(change);
    }
  }
  /// Something about the user, in what has been read: up to where the log may say so.
  void changed(const user_id& user, const control_positions& up_to) {
    if (changes_.size() >= most_users_) start_anew();
    auto& last = changes_[user];
    last = std::max(last, up_to[control_partition_of(user)]);
  }
  /// By this node, which has not read it yet: nothing is believed of the user until it has. Readings that were under
  /// way, or on their way here, do not have it.
  void changed_here(const user_id& user) { changed_here_[user] = readings_until_heard; }
  /// What was read before now is not believed any more: part of the log was missed, or too many have changed.
  void start_anew() {
    changes_.clear();
    if (!reached_) return;
    floor_ = *reached_;
    for (auto& seq : floor_) ++seq;  // what was read just before the gap may bear this number too
  }

  /// Of what is asked of the store from now on; null while the log has not been read.
  [[nodiscard]] std::optional<sequence> as_of(const user_id& user) const {
    if (!reached_) return std::nullopt;
    return (*reached_)[control_partition_of(user)];
  }
  [[nodiscard]] const std::optional<control_positions>& reached() const { return reached_; }

  [[nodiscard]] bool believes(const cached_session& session) const {
    if (!reached_) return false;
    const auto partition = control_partition_of(session.user.id);
    // A node that is ahead of this one, or of a store that was set back.
    if (session.as_of > (*reached_)[partition] || session.as_of < floor_[partition]) return false;
    if (changed_here_.contains(session.user.id)) return false;
    const auto change = changes_.find(session.user.id);
    return change == changes_.end() || session.as_of >= change->second;
  }

 private:
  std::size_t most_users_;
  std::optional<control_positions> reached_;
  control_positions floor_{};
  std::unordered_map<user_id, sequence> changes_;
  static constexpr int readings_until_heard = 3;
  std::unordered_map<user_id, int> changed_here_;  ///< So many readings are still to come.
};

}  // namespace parley
