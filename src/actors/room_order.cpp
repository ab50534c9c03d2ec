// The reorder buffer: slots by seq, answers kept beside the events among which they were decided.
#include "actors/room_order.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley {

void room_order::push(std::vector<order_item> batch) {
  std::vector<order_item> before_next;
  slot* last = nullptr;
  for (auto& item : batch) {
    if (item.event && item.event->seq <= released_) item.event.reset();
    if (!item.event) {
      if (last != nullptr) {
        last->after.push_back(std::move(item));
      } else {
        before_next.push_back(std::move(item));
      }
      continue;
    }
    const auto seq = item.event->seq;
    last = &waiting_[seq];
    last->item = std::move(item);
    last->was_heard = false;
    last->before.insert(last->before.end(), std::make_move_iterator(before_next.begin()),
                        std::make_move_iterator(before_next.end()));
    before_next.clear();
  }
  // A batch without any event: behind what waits, or at once.
  auto& rest = waiting_.empty() ? loose_ : waiting_.rbegin()->second.after;
  rest.insert(rest.end(), std::make_move_iterator(before_next.begin()), std::make_move_iterator(before_next.end()));
}

void room_order::fill(std::vector<durable_event> events) {
  const auto end = waiting_.empty() ? std::optional<sequence>{} : waiting_.begin()->first;
  for (auto& event : events) {
    if (event.seq <= released_ || (end && event.seq >= *end)) continue;
    waiting_[event.seq].item.event = std::move(event);
  }
}

void room_order::fill_all(std::vector<durable_event> events) {
  for (auto& event : events) {
    if (event.seq <= released_) continue;
    const auto [place, is_new] = waiting_.try_emplace(event.seq);
    if (is_new) place->second.item.event = std::move(event);
  }
}

void room_order::hear(const std::vector<durable_event>& events) {
  auto next = released_ + 1;
  while (waiting_.contains(next)) ++next;
  for (const auto& event : events) {
    if (event.seq <= released_ || (waiting_.size() >= most_heard_early && event.seq != next)) continue;
    const auto [place, is_new] = waiting_.try_emplace(event.seq);
    if (is_new) {
      place->second.item.event = event;
      place->second.was_heard = true;
    }
    while (waiting_.contains(next)) ++next;
  }
}

void room_order::forget_heard_behind(sequence end) {
  std::erase_if(waiting_, [end](const auto& each) { return each.first > end && each.second.was_heard; });
}

void room_order::give_up_answers() {
  for (auto& [seq, waiting] : waiting_) {
    waiting.before.clear();
    waiting.after.clear();
    waiting.item.reply.reset();
    waiting.item.on_released = nullptr;
  }
}

released_run room_order::release() {
  released_run run;
  for (auto& item : std::exchange(loose_, {})) place(run, std::move(item));
  while (!waiting_.empty() && waiting_.begin()->first == released_ + 1) {
    auto node = waiting_.extract(waiting_.begin());
    auto& next = node.mapped();
    for (auto& item : next.before) place(run, std::move(item));
    place(run, std::move(next.item));
    for (auto& item : next.after) place(run, std::move(item));
    ++released_;
  }
  return run;
}

void room_order::place(released_run& run, order_item item) {
  const auto index = static_cast<std::uint32_t>(run.events.size());
  if (item.reply) run.answers.push_back({std::move(*item.reply), index, item.event.has_value()});
  if (item.on_released) run.on_released.push_back(std::move(item.on_released));
  if (item.event) run.events.push_back(std::move(*item.event));
}

}  // namespace parley
