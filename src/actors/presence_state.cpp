// The transitions of one user's presence.
#include "actors/presence_state.hpp"

#include <algorithm>

namespace parley {

void presence_state::came_on(const std::optional<connection_ref>& connection, moment now) {
  if (connection) {
    sessions_.insert(*connection);
    off_at_.reset();
  } else if (sessions_.empty()) {
    off_at_ = now.steady + grace_;
    last_left_ = now.wall;
  }
  if (!record_.is_online) set_online(true, now.wall);
}

void presence_state::went_off(const connection_ref& connection, bool at_once, moment now) {
  const bool left = sessions_.erase(connection) > 0;
  if (!sessions_.empty() || !record_.is_online) return;
  if (at_once) {
    off_at_.reset();
    set_online(false, now.wall);
  } else if (left) {
    off_at_ = now.steady + grace_;
    last_left_ = now.wall;
  }
}

void presence_state::tick(moment now) {
  if (off_at_ && now.steady >= *off_at_) {
    off_at_.reset();
    set_online(false, last_left_);
  }
  if (retry_at_ && now.steady >= *retry_at_) retry_at_.reset();
}

void presence_state::stop(moment now, bool others_end_it) {
  const bool in_grace = off_at_.has_value();
  sessions_.clear();
  off_at_.reset();
  retry_at_.reset();
  saving_ = false;  // the last save need not wait for the one before it: the store keeps their order
  if (record_.is_online && !others_end_it) set_online(false, in_grace ? last_left_ : now.wall);
}

std::optional<presence_state::save> presence_state::take_save() {
  if (!unsaved() || saving_ || retry_at_) return std::nullopt;
  saving_ = true;
  return save{version_, record_};
}

bool presence_state::saved(std::uint64_t version, bool stored, moment now) {
  saving_ = false;
  if (stored) {
    saved_version_ = version;
  } else {
    retry_at_ = now.steady + retry_;
  }
  // Who began to watch since the store refused it has read there what was before.
  const bool news = version > told_version_ || (stored && was_told_unsaved_);
  told_version_ = std::max(told_version_, version);
  was_told_unsaved_ = !stored;
  return news;
}

void presence_state::save_again() {
  if (record_.is_online) ++version_;
  told_.reset();
  for (auto& [watcher, version] : watchers_) version = 0;
}

std::vector<connection_ref> presence_state::take_news(const presence_record& change) {
  std::vector<connection_ref> told;
  const bool has_version = change.version != 0;
  if (has_version && told_ && change.version <= told_->version) return told;
  told_ = change;
  for (auto& [watcher, version] : watchers_) {
    if (has_version && change.version <= version) continue;
    version = change.version;
    told.push_back(watcher);
  }
  return told;
}

std::optional<presence_record> presence_state::knows(const connection_ref& watcher, const presence_record& read) {
  const auto found = watchers_.find(watcher);
  if (found == watchers_.end()) return std::nullopt;
  const bool was_told = found->second > 0;
  found->second = std::max(found->second, read.version);
  if (!told_ || told_->is_online == read.is_online) return std::nullopt;
  if (told_->version > read.version) return told_;
  // What was told may have reached the client behind the answer, though it is older.
  if (told_->version > 0) return was_told ? std::optional(read) : std::nullopt;
  return saving_ ? std::nullopt : told_;
}

std::optional<steady_time> presence_state::next_tick() const {
  if (off_at_ && retry_at_) return std::min(*off_at_, *retry_at_);
  return off_at_ ? off_at_ : retry_at_;
}

bool presence_state::idle() const { return !record_.is_online && watchers_.empty() && !saving_ && !unsaved(); }

void presence_state::set_online(bool online, timestamp last_seen) {
  record_.is_online = online;
  record_.last_seen = last_seen;
  ++version_;
  retry_at_.reset();  // what is new does not wait for what failed
}

}  // namespace parley
