// Which of the sessions that other nodes have read may be believed here. Pure state of the account actor.
#pragma once

#include <algorithm>
#include <cstddef>
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
  }
  /// Something about the user: in what has been read since the last reach(), or by this node, which will read it. Up to
  /// where the log may say so.
  void changed(const user_id& user, const control_positions& up_to) {
    if (changes_.size() >= most_users_) start_anew();
    auto& last = changes_[user];
    last = std::max(last, up_to[control_partition_of(user)]);
  }
  void changed_here(const user_id& user) {
    if (!reached_) return;
    auto up_to = *reached_;
    for (auto& seq : up_to) ++seq;
    changed(user, up_to);
  }
  /// What was read before now is not believed any more: part of the log was missed, or too many have changed.
  void start_anew() {
    changes_.clear();
    if (!reached_) return;
    floor_ = *reached_;
    for (auto& seq : floor_) ++seq;  // a change by this node itself may be the next
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
    const auto change = changes_.find(session.user.id);
    return change == changes_.end() || session.as_of >= change->second;
  }

 private:
  std::size_t most_users_;
  std::optional<control_positions> reached_;
  control_positions floor_{};
  std::unordered_map<user_id, sequence> changes_;
};

}  // namespace parley
