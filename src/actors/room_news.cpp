// A room on several nodes: this one's events to the others, theirs into the room's order, and what no news told.
#include <algorithm>
#include <utility>

#include "actors/room.hpp"
#include "actors/stream_writer_actor.hpp"

namespace parley {
namespace {

/// Of an event's fields but its texts, roughly.
constexpr std::size_t bytes_of_fields = 160;

std::size_t bytes_of(const durable_event& event) {
  auto bytes = bytes_of_fields;
  if (const auto* posted = std::get_if<message_posted>(&event.body)) {
    bytes += posted->display_name.size();
    for (const auto* text : {&posted->content, &posted->file_url, &posted->client_msg_id}) {
      if (*text) bytes += (*text)->size();
    }
  } else if (const auto* edited = std::get_if<message_edited>(&event.body)) {
    if (edited->content) bytes += edited->content->size();
  }
  return bytes;
}

}  // namespace

std::vector<durable_event> room::news_of(const std::vector<append_outcome>& outcomes) const {
  std::vector<durable_event> events;
  if (services_.bus == nullptr) return events;
  for (const auto& outcome : outcomes) {
    if (outcome && !outcome->duplicate) events.insert(events.end(), outcome->events.begin(), outcome->events.end());
  }
  return events;
}

/// In runs without a hole, of which an entry consists; what was read from a store may lack rows.
void room::mirror(const std::vector<durable_event>& events) const {
  if (services_.bus == nullptr) return;
  const auto breaks = [](const durable_event& one, const durable_event& next) { return next.seq != one.seq + 1; };
  for (auto first = events.begin(); first != events.end();) {
    auto last = std::adjacent_find(first, events.end(), breaks);
    if (last != events.end()) ++last;
    std::size_t bytes = 0;
    for (auto event = first; event != last; ++event) bytes += bytes_of(*event);
    services_.bus->mirror(std::make_shared<const stream_batch>(stream_batch{id_, {first, last}}), bytes);
    first = last;
  }
}

/// Somebody else's writing keeps no room in use here: so no touch().
void room::on_heard(const events_heard& message) {
  const auto& events = message.what->events;
  if (events.empty()) return;
  log_end_ = std::max(log_end_, events.back().seq);
  if (!state_) return;  // what is being read may be older; on_loaded() looks again then
  state_->hear(events);
  release_ready(false);
  look_for_missing();
}

void room::on_log_reached(log_reached message) {
  log_end_ = std::max(log_end_, message.end);
  if (!state_ || log_end_ <= state_->released()) return;
  services_.counts.rooms_found_behind_total.add();
  look_for_missing();
}

bool room::lacks_something() const {
  return settling_ || state_->has_hole() || log_end_ > state_->released() || somebody_wants_a_look();
}

}  // namespace parley
