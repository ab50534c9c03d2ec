// The next seq, or what is wrong with the one that came.
#include "verify/position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley::bench {

bool seq_set::contains(std::int64_t seq) const {
  auto next = ranges_.upper_bound(seq);
  return next != ranges_.begin() && std::prev(next)->second >= seq;
}

bool seq_set::add(std::int64_t seq) {
  if (contains(seq)) return false;
  auto at = ranges_.upper_bound(seq);
  if (at != ranges_.begin() && std::prev(at)->second == seq - 1) {
    at = std::prev(at);
    at->second = seq;
  } else {
    at = ranges_.emplace(seq, seq).first;
  }
  const auto next = std::next(at);
  if (next != ranges_.end() && next->first == seq + 1) {
    at->second = next->second;
    ranges_.erase(next);
  }
  return true;
}

std::int64_t seq_set::missing(std::int64_t end) const {
  std::int64_t missing = 0;
  std::int64_t before = ranges_.begin()->second;
  for (auto range = std::next(ranges_.begin()); range != ranges_.end() && range->first <= end; ++range) {
    missing += range->first - before - 1;
    before = range->second;
  }
  return missing + std::max<std::int64_t>(0, end - before);
}

void room_position::resumed(std::int64_t after) {
  last_ = after;
  is_live_ = false;
  seen_ = seq_set();
}

order_step room_position::event(std::int64_t seq) {
  if (std::exchange(perhaps_, 0) == seq && seq == last_) return {};
  order_step step{true, {}, {}};
  if (seq > last_ + 1) {
    step.wrong = broken::hole;
  } else if (seq <= last_) {
    step.wrong = seen_.contains(seq) ? broken::duplicated : broken::reordered;
  }
  if (step.wrong) step.text = fmt::format("the event {} came after {}", seq, last_);
  last_ = std::max(last_, seq);
  seen_.add(seq);
  return step;
}

order_step room_position::acknowledged(std::int64_t seq, ack_of what) {
  order_step step;
  if (!is_live_) return step;  // acks come at once, and the replay has the event
  if (what == ack_of::what_may_be_there && seq > last_ + 1) return step;  // if an event is missing, the next one tells
  if (seq > last_) {
    if (what == ack_of::what_may_be_there) perhaps_ = seq;
    step.is_event = true;
    if (seq > last_ + 1) {
      step.wrong = broken::hole;
      step.text = fmt::format("the ack with seq {} came after {}", seq, last_);
    }
    last_ = seq;
    seen_.add(seq);
  } else if (what == ack_of::message) {
    step.wrong = seen_.contains(seq) ? broken::duplicated : broken::reordered;
    step.text = fmt::format("the ack of a new message with seq {} came after {}", seq, last_);
  }
  return step;
}

order_step room_position::replay_ended(std::int64_t seq, bool more) {
  order_step step;
  if (is_live_) {
    step.wrong = broken::duplicated;
    step.text = fmt::format("a replay_end at {} of a room that was live at {}", seq, last_);
  } else if (seq != last_) {
    step.wrong = seq > last_ ? broken::hole : broken::reordered;
    step.text = fmt::format("a replay_end at {}, but the last event was {}", seq, last_);
  }
  last_ = std::max(seq, last_);
  is_live_ = is_live_ || !more;
  return step;
}

}  // namespace parley::bench
