// A session brings its rooms to live, one after another, from the room's memory or the store, as fast as its outbox
// drains.
#include <algorithm>

#include "actors/queries.hpp"
#include "actors/room_tail_actor.hpp"
#include "actors/session.hpp"
#include "parley/log.hpp"
#include "parley/refusals.hpp"

namespace parley {
namespace {

constexpr std::uint32_t page_events = 100;
/// Of large messages not even so many fit a page: what does not is read again.
constexpr std::uint32_t tail_page_events = 32;
constexpr std::size_t page_bytes = 64 * 1024;
constexpr std::chrono::milliseconds patience{100};
/// Of those that wait for a room which cannot be read, as of a sender whose message stands behind a hole.
constexpr std::chrono::milliseconds patience_of_frames{5'000};

}  // namespace

void session::advance() {
  if (closed_) return;
  const auto held = [this](const room_id& room) {
    const auto* entry = find_room(room);
    return entry != nullptr && entry->actor;
  };
  if (const auto ask = plan_.next(held)) {
    const auto& what = ask->what;
    caf::anon_send(find_room(what.room)->actor, catch_up{request_.connection, request_.who.user.id, ask->number,
                                                         what.after, what.events_left, what.announce_end});
  }
}

void session::on_step(const catch_up_step& what) {
  if (closed_ || !plan_.matches(what.room, what.replay)) return;
  using kind = catch_up_step::kind;
  switch (what.what) {
    case kind::attached: {
      plan_.finish();
      // What went out with the attachment counts too: many rooms at once must not flood a slow client.
      if (what.events > 0) wait_for_outbox();
      auto& room = *find_room(what.room);
      room.attached = true;
      room.live_due = false;
      flush_parked(room);
      break;
    }
    case kind::page:
      plan_.page_sent(what.position, what.events);
      send_page(what.frames, what.events);
      break;
    case kind::limit: {
      auto bytes = what.frames ? *what.frames : std::string();
      services_->encoder.append_notice(bytes, replay_end_notice{what.room, what.position, true});
      plan_.finish();
      plan_.wait_for_outbox();
      send_page(std::make_shared<const std::string>(std::move(bytes)), what.events + 1);
      break;
    }
    case kind::read_store:
      read_tail_or_store(what.position);
      break;
    case kind::not_member:
      plan_.suspend();
      look_whether_left(what.room);
      break;
    case kind::beyond_end:
      plan_.suspend();
      try_again_later(what.room);  // the store has it, the room will hear of it
      break;
  }
  finish_resume();
  advance();
}

void session::send_page(shared_bytes frames, std::uint32_t count) {
  services_->out.send(request_.connection, {std::move(frames), count, 0},
                      [me = me()] { caf::anon_send(me, outbox_drained{}); });
}

void session::wait_for_outbox() {
  plan_.wait_for_outbox();
  services_->out.send(request_.connection, {nullptr, 0, 0}, [me = me()] { caf::anon_send(me, outbox_drained{}); });
}

void session::on_outbox_drained() {
  plan_.outbox_drained();
  advance();
}

/// The room has just seen that its user is a member at `log_end`: up to there, and no further, the tail is his to read.
void session::read_tail_or_store(sequence log_end) {
  if (services_->tails == nullptr) return read_store(log_end);
  const auto& what = plan_.reading_store();
  const auto number = plan_.current_number();
  const auto count = std::min(what.events_left, tail_page_events);
  services_->tails->ask(
      {what.room, what.after, count, log_end},
      answer<std::vector<durable_event>>([this, me = me(), room = what.room, number, log_end](auto found) {
        auto events = found ? std::move(*found) : std::vector<durable_event>();
        caf::anon_send(me, look_up_done{[this, room, number, log_end, page = std::move(events)] {
                         on_tail_page(room, number, log_end, page);
                       }});
      }));
}

void session::on_tail_page(const room_id& room, std::uint64_t replay, sequence log_end,
                           const std::vector<durable_event>& events) {
  if (closed_ || !plan_.matches(room, replay)) return;
  if (events.empty()) return read_store(log_end);
  send_events(events, services_->counts.replay_events_tail_total);
}

void session::read_store(sequence log_end) {
  services_->counts.replay_pages_store_total.add();
  const auto& what = plan_.reading_store();
  const auto number = plan_.current_number();
  const auto count = std::min(what.events_left, page_events);
  services_->reads->ask<std::vector<durable_event>>(
      [user = request_.who.user.id, room = what.room, after = what.after, count](database_reader& store) {
        return events_for(store, user, room, after, count);
      },
      answer<std::vector<durable_event>>(
          [me = me(), room = what.room, number, log_end](result<std::vector<durable_event>> events) {
            caf::anon_send(me, store_page{room, number, log_end, std::move(events)});
          }));
}

void session::on_store_page(const store_page& what) {
  if (closed_ || !plan_.matches(what.room, what.replay)) return;
  if (!what.events) {
    plan_.suspend();
    if (what.events.error().code == error_code::not_found) {
      look_whether_left(what.room);
    } else {
      try_again_later(what.room);
    }
    return advance();
  }
  if (what.events->empty()) {  // rows were deleted; nobody may wait for what does not come
    log::error("session", "hole_in_log", "The log of room {} ends before seq {}", to_string(what.room), what.log_end);
    plan_.page_sent(what.log_end, 0);
    return wait_for_outbox();
  }
  send_events(*what.events, services_->counts.replay_events_store_total);
}

/// As many as make a page; at least one.
void session::send_events(const std::vector<durable_event>& events, counter& total) {
  std::string bytes;
  std::uint32_t count = 0;
  for (const auto& event : events) {
    if (count > 0 && bytes.size() >= page_bytes) break;
    services_->encoder.append_event(bytes, event);
    ++count;
  }
  total.add(count);
  plan_.page_sent(events[count - 1].seq, count);
  send_page(std::make_shared<const std::string>(std::move(bytes)), count);
}

/// Of a suspended room: others go first, and it is asked again after a while unless news of it comes before.
void session::try_again_later(const room_id& room) {
  auto* entry = find_room(room);
  if (entry != nullptr && entry->parked && services_->time.steady_now() - entry->parked->since >= patience_of_frames) {
    fail_parked(*entry, cannot_be_read());
  }
  self_->delayed_send(self_, patience, look_up_done{[this, room] {
                        if (plan_.revive(room)) advance();
                      }});
}

/// A leave whose news was lost with a room's actor would leave the room among ours for ever.
void session::look_whether_left(const room_id& room) {
  const auto user = request_.who.user.id;
  look_up<bool>([user, room](database_reader& store) { return store.is_member(user, room); },
                [this, room](const result<bool>& member) {
                  if (closed_ || !plan_.is_suspended(room)) return;  // revived or left since
                  if (member && !*member) {
                    on_user_left({room, leave_reason::removed});
                  } else {
                    try_again_later(room);
                  }
                });
}

/// A resume sets positions back. While a room of it is being attached nobody knows which events still come, so the ack
/// waits for that answer: after the ack the room's events come strictly from the asked position.
void session::finish_resume() {
  if (!resume_ || closed_) return;
  for (const auto& room : resume_->rooms) {
    if (plan_.is_asking(room.room)) return;
  }
  const auto resume = std::move(resume_);
  plan_.cancel_all(resume->rooms);
  for (const auto& room : resume->rooms) {
    auto* entry = find_room(room.room);
    if (entry == nullptr) continue;
    if (entry->attached || entry->position_due) services_->out.detach(request_.connection, room.room);
    if (entry->position_due) ++entry->stale_positions;
    entry->attached = entry->position_due = entry->live_due = false;
  }
  resume->reply.ack(empty_ack{});
  for (const auto& room : resume->rooms) {
    auto* entry = find_room(room.room);
    if (entry == nullptr) continue;
    plan_.add_new(room);
    flush_parked(*entry);
  }
  advance();
  unblock();
}

}  // namespace parley
