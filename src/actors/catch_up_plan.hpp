// Which of a connection's rooms is brought to live next, and how far it has come; pure state of a session actor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "parley/ids.hpp"

namespace parley {

/// Rooms in turn, one under way at a time: its room is asked, then perhaps the store, then the outbox must drain before
/// the room is asked again. Each start has a number of its own, so that late answers to a cancelled one are recognised.
class catch_up_plan {
 public:
  static constexpr std::uint32_t no_limit = std::numeric_limits<std::uint32_t>::max();

  struct request {
    room_id room;
    sequence after = 0;  ///< Everything up to here is with the client.
    std::uint32_t events_left = no_limit;
    bool announce_end = true;  ///< False: live begins without a replay_end.
  };
  /// What the room is to be asked now.
  struct question {
    request what;
    std::uint64_t number = 0;
  };

  /// In place of what was planned or under way for that room.
  void add(const request& what) {
    cancel(what.room);
    queue_.push_back(what);
  }
  /// Forgets the room; an answer under way will not match any more.
  void cancel(const room_id& room) {
    if (is_current(room)) current_.reset();
    std::erase_if(queue_, [&](const request& item) { return item.room == room; });
    std::erase_if(suspended_, [&](const request& item) { return item.room == room; });
  }

  /// The same for many at once; `rooms` in order of room id.
  void cancel_all(const std::vector<request>& rooms) {
    const auto named = [&](const request& item) {
      return std::binary_search(rooms.begin(), rooms.end(), item,
                                [](const request& a, const request& b) { return a.room < b.room; });
    };
    if (current_ && named(current_->what)) current_.reset();
    std::erase_if(queue_, named);
    std::erase_if(suspended_, named);
  }
  /// For a room of which nothing is planned or under way.
  void add_new(const request& what) { queue_.push_back(what); }
  /// That room's turn comes before the others': somebody waits for it.
  void prefer(const room_id& room) {
    const auto found = std::find_if(queue_.begin(), queue_.end(), [&](const request& r) { return r.room == room; });
    if (found != queue_.end()) std::rotate(queue_.begin(), found, found + 1);
  }

  /// The next question, if there is one to put: to the room under way, else to the first in the queue that is `ready`.
  template <class Ready>
  std::optional<question> next(Ready ready) {
    if (awaiting_outbox_) return std::nullopt;
    if (!current_) {
      const auto found = std::find_if(queue_.begin(), queue_.end(), [&](const request& r) { return ready(r.room); });
      if (found == queue_.end()) return std::nullopt;
      current_ = std::make_unique<under_way>(under_way{*found, ++last_number_, step::resting});
      queue_.erase(found);
      if (queue_.empty()) queue_.shrink_to_fit();
    }
    if (current_->at != step::resting) return std::nullopt;
    current_->at = step::asking_room;
    return question{current_->what, current_->number};
  }

  /// Does this answer belong to what is under way?
  [[nodiscard]] bool matches(const room_id& room, std::uint64_t number) const {
    return is_current(room) && current_->number == number;
  }
  /// The room said to read the store: the request as it stands, for the reader's question.
  const request& reading_store() {
    current_->at = step::reading_store;
    return current_->what;
  }
  /// A page went out: go on from there once the outbox has drained.
  void page_sent(sequence position, std::uint32_t events) {
    auto& what = current_->what;
    what.after = position;
    if (what.events_left != no_limit) what.events_left -= std::min(what.events_left, events);
    current_->at = step::resting;
    awaiting_outbox_ = true;
  }
  /// Frames went out after which nothing of this room follows, but the next room waits for the outbox.
  void wait_for_outbox() { awaiting_outbox_ = true; }
  void outbox_drained() { awaiting_outbox_ = false; }
  /// Live, or at the request's limit.
  void finish() { current_.reset(); }
  /// The room cannot tell what is wanted yet: others go first.
  void suspend() {
    suspended_.push_back(current_->what);
    current_.reset();
  }
  /// False when nothing was suspended for that room.
  bool revive(const room_id& room) {
    const auto found =
        std::find_if(suspended_.begin(), suspended_.end(), [&](const request& r) { return r.room == room; });
    if (found == suspended_.end()) return false;
    queue_.push_back(*found);
    suspended_.erase(found);
    return true;
  }
  /// The room's actor or the store failed: the room under way goes back to the front of the queue.
  void restart() {
    queue_.insert(queue_.begin(), current_->what);
    current_.reset();
  }

  [[nodiscard]] bool is_current(const room_id& room) const { return current_ && current_->what.room == room; }
  /// The room may be attaching the connection at this moment.
  [[nodiscard]] bool is_asking(const room_id& room) const {
    return is_current(room) && current_->at == step::asking_room;
  }
  [[nodiscard]] bool is_suspended(const room_id& room) const {
    return std::any_of(suspended_.begin(), suspended_.end(), [&](const request& r) { return r.room == room; });
  }
  /// Queued, under way or suspended.
  [[nodiscard]] bool has(const room_id& room) const {
    const auto same = [&](const request& r) { return r.room == room; };
    return is_current(room) || std::any_of(queue_.begin(), queue_.end(), same) || is_suspended(room);
  }
  [[nodiscard]] std::uint64_t current_number() const { return current_->number; }
  [[nodiscard]] bool empty() const { return !current_ && queue_.empty() && suspended_.empty(); }

 private:
  enum class step : std::uint8_t { resting, asking_room, reading_store };
  struct under_way {
    request what;
    std::uint64_t number = 0;
    step at = step::resting;
  };

  // What an idle session has none of, at the price of a pointer or three.
  std::vector<request> queue_, suspended_;
  std::unique_ptr<under_way> current_;
  std::uint64_t last_number_ = 0;
  bool awaiting_outbox_ = false;
};

}  // namespace parley
