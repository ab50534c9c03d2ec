// A room on several nodes: this one's events to the others, theirs into the room's order, and what no news told.
#include <algorithm>
#include <utility>

#include "actors/event_bytes.hpp"
#include "actors/room.hpp"
#include "actors/stream_writer_actor.hpp"
#include "parley/log.hpp"

namespace parley {

using std::chrono::milliseconds;

std::vector<durable_event> room::news_of(const std::vector<append_outcome>& outcomes) const {
  std::vector<durable_event> events;
  if (services_.bus == nullptr) return events;
  for (const auto& outcome : outcomes) {
    if (outcome && !outcome->duplicate) events.insert(events.end(), outcome->events.begin(), outcome->events.end());
  }
  return events;
}

/// In runs without a hole, of which an entry consists; what was read from a store may lack rows. `since`: see
/// stream_batch.
void room::mirror(const std::vector<durable_event>& events, std::optional<steady_time> since) const {
  if (services_.bus == nullptr) return;
  const auto breaks = [](const durable_event& one, const durable_event& next) { return next.seq != one.seq + 1; };
  for (auto first = events.begin(); first != events.end();) {
    auto last = std::adjacent_find(first, events.end(), breaks);
    if (last != events.end()) ++last;
    services_.bus->mirror(std::make_shared<const stream_batch>(stream_batch{id_, {first, last}, since}));
    first = last;
  }
}

/// Somebody else's writing keeps no room in use here: so no touch().
void room::on_heard(const events_heard& message) {
  const auto& events = message.what->events;
  if (events.empty()) return;
  log_end_ = std::max(log_end_, events.back().seq);
  if (!state_) return;  // what is being read may be older; on_loaded() looks again then
  trace_heard(events, message_origin::bus);
  // Another node that read what an unclear batch had left may tell of this one's own batch before the store's answer is
  // here. Its answers must find their places first, and what comes behind waits for it in any case.
  const auto own =
      std::find_if(events.begin(), events.end(), [this](const auto& event) { return batcher_->may_hold(event); });
  if (own == events.end()) {
    state_->hear(events);
  } else {
    state_->hear({events.begin(), own});
  }
  release_ready(false);
  // What was owed may have gone out with it, before the shard's word came.
  if (!fanout_->owes()) {
    heard_.clear();
  } else if (message.place) {
    heard_.push_back(message.place);
  }
  look_for_missing();
}

/// Another node's news of what comes next is most likely on its way.
void room::await_news() {
  awaits_news_behind_ = state_->released();
  read_again_at_ = services_.time.steady_now() + milliseconds(services_.settings.bus.hole_wait_ms);
  plan_tick();
}

/// Of events beyond the store's end: the store was restored from a copy, or another installation uses this bus.
void room::doubt_what_was_heard(const log_page& page) {
  if (log_end_ != log_end_at_read_ || page.end >= log_end_) return;
  log::error("room", "heard_beyond_end", "Room {}: news told of event {}, but the store's log ends at {}",
             to_string(id_), log_end_, page.end);
  log_end_ = page.end;
  state_->forget_heard_behind(page.end);
}

void room::on_log_reached(log_reached message) {
  log_end_ = std::max(log_end_, message.end);
  if (!state_ || log_end_ <= state_->released()) return;
  if (!services_.knows_who_is_out()) return;  // what is read now could not be delivered; the sweep comes again
  services_.counts.rooms_found_behind_total.add();
  look_for_missing();
}

bool room::lacks_something() const {
  return settling_ || state_->has_hole() || log_end_ > state_->released() || somebody_wants_a_look();
}

}  // namespace parley
