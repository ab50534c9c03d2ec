// What a storage actor holds back while somebody else has its rooms locked.
#pragma once

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "actors/storage_batch.hpp"

namespace parley {

/// The commands of such rooms, and all that came behind these: what is of one room stays in order. Pure state.
class held_work {
 public:
  [[nodiscard]] bool is_empty() const { return rooms_.empty(); }
  template <class Message>
  [[nodiscard]] bool concerns(const Message& message) const {
    return !rooms_.empty() && rooms_.contains(key_of(message));
  }
  /// Commands, not messages.
  [[nodiscard]] std::int64_t count() const { return count_; }

  /// From here on its room is held. `until`: given up then, unless it has waited before.
  void add(numbered<append_to_log> what, steady_time until) {
    rooms_.insert(key_of(what.message));
    count_ += static_cast<std::int64_t>(what.message.commands.size());
    if (!what.until) what.until = until;
    appends_.push_back(std::move(what));
  }
  /// Of a room that is held.
  void add(numbered<write_records> what, steady_time) { jobs_.push_back(std::move(what)); }

  /// Takes out of a queue what is of rooms that are held.
  template <class Message>
  void take_from(std::deque<numbered<Message>>& queue, steady_time until) {
    const auto first = std::stable_partition(queue.begin(), queue.end(),
                                             [this](const auto& waiting) { return !this->concerns(waiting.message); });
    for (auto each = first; each != queue.end(); ++each) add(std::move(*each), until);
    queue.erase(first, queue.end());
  }

  /// Everything goes behind what waits, so that no other room waits for it, in the order in which it came, and gets new
  /// numbers. Nothing is held then.
  void put_back(std::deque<numbered<append_to_log>>& appends, std::deque<numbered<write_records>>& jobs,
                std::uint64_t& next_number) {
    const auto by_number = [](const auto& a, const auto& b) { return a.number < b.number; };
    std::sort(appends_.begin(), appends_.end(), by_number);
    std::sort(jobs_.begin(), jobs_.end(), by_number);
    const auto move = [&](auto& from, auto& to) {
      from.front().number = next_number++;
      to.push_back(std::move(from.front()));
      from.pop_front();
    };
    while (!appends_.empty() || !jobs_.empty()) {
      const bool next_is_a_job = appends_.empty() || (!jobs_.empty() && jobs_.front().number < appends_.front().number);
      next_is_a_job ? move(jobs_, jobs) : move(appends_, appends);
    }
    rooms_.clear();
    count_ = 0;
  }

 private:
  std::set<uuid> rooms_;
  std::deque<numbered<append_to_log>> appends_;
  std::deque<numbered<write_records>> jobs_;
  std::int64_t count_ = 0;
};

}  // namespace parley
