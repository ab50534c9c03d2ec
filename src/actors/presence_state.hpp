// One user's presence: sessions, the grace after the last one, who watches, and what is not yet in the store. Pure.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "parley/clock.hpp"
#include "parley/delivery.hpp"
#include "parley/values.hpp"

namespace parley {

/// On with the first session or a log-in; off when the grace time after the last session is over, or at once after a
/// log-out. Each change takes a version; one save is on its way at a time, and watchers are told when it has come back,
/// so that whoever watches first and reads the store afterwards misses nothing.
class presence_state {
 public:
  struct moment {
    steady_time steady{};
    timestamp wall{};
  };
  struct save {
    std::uint64_t version = 0;
    presence_record record;
  };

  presence_state(user_id user, steady_time::duration grace, steady_time::duration retry)
      : grace_(grace), retry_(retry), record_{user, false, std::nullopt} {}

  /// Without a connection it was a log-in: on for the grace time.
  void came_on(const std::optional<connection_ref>& connection, moment now);
  void went_off(const connection_ref& connection, bool at_once, moment now);
  /// Time has passed: the grace may be over, a failed save may be tried again.
  void tick(moment now);
  /// The node stops: off, whatever is connected; or, when other nodes see to that in time, nothing changes any more.
  void stop(moment now, bool others_end_it);

  void watch(const connection_ref& watcher) { watchers_.try_emplace(watcher, 0); }
  void unwatch(const connection_ref& watcher) { watchers_.erase(watcher); }
  [[nodiscard]] std::size_t watchers() const { return watchers_.size(); }
  /// The watchers to be told of a change, which are those that do not know it or a later one; they do now.
  std::vector<connection_ref> take_news(const presence_record& change);
  /// The watcher has been told what was read: what it must be told behind that, if anything.
  std::optional<presence_record> knows(const connection_ref& watcher, const presence_record& read);

  /// What must be saved now, if anything; the caller answers with `saved`.
  std::optional<save> take_save();
  /// The store has lost that somebody is on, or was set back: versions may begin anew.
  void save_again();
  /// True when watchers are to be told of that version: once, whether or not the store took it; and when it has taken
  /// it after all, once more.
  bool saved(std::uint64_t version, bool stored, moment now);

  [[nodiscard]] const presence_record& record() const { return record_; }
  /// When tick wants to be called; null while only messages can change anything.
  [[nodiscard]] std::optional<steady_time> next_tick() const;
  /// Off, saved and watched by nobody: the record is not needed.
  [[nodiscard]] bool idle() const;

 private:
  void set_online(bool online, timestamp last_seen);
  [[nodiscard]] bool unsaved() const { return version_ != saved_version_; }

  steady_time::duration grace_, retry_;
  presence_record record_;
  std::set<connection_ref> sessions_;
  std::unordered_map<connection_ref, std::int64_t> watchers_;  ///< And the version that each knows.
  std::optional<presence_record> told_;                        ///< The last change of which watchers were told.
  std::optional<steady_time> off_at_;                          ///< The end of the grace time.
  timestamp last_left_{};  ///< When the last session or log-in ended: last_seen once it is off.
  std::uint64_t version_ = 0, saved_version_ = 0, told_version_ = 0;
  bool saving_ = false;
  bool was_told_unsaved_ = false;
  std::optional<steady_time> retry_at_;
};

}  // namespace parley
