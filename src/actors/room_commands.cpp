// A room actor's commands and events: into the store, back in order, out to the shards; and what an unclear batch left.
#include <algorithm>
#include <utility>

#include "actors/read_pool.hpp"
#include "actors/room.hpp"
#include "actors/storage_pool.hpp"
#include "parley/log.hpp"

namespace parley {

namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t missing_events_page = 500;
constexpr std::int64_t busy_retry_after_ms = 250;
constexpr milliseconds first_back_off{50};
constexpr milliseconds longest_back_off{2'000};
/// Of a sender whose message is stored but stands behind events that cannot be read.
constexpr milliseconds patience_with_a_hole{5'000};

/// In this order: what was there at the first look is among the events of the second.
result<log_page> read_log(database_reader& store, const room_id& room, sequence after) {
  const auto end = store.last_seq(room);
  if (!end) return end.error();
  auto events = store.events_after(room, after, missing_events_page);
  if (!events) return events.error();
  return log_page{*end, std::move(*events)};
}

/// Seqs are given under the room's lock, so that no later event can be there before an earlier one: rows were deleted.
bool lacks_events(const log_page& page, sequence after) {
  return page.events.empty() ? page.end > after : page.events.front().seq > after + 1;
}

}  // namespace

void room::post(post_to_room& message) {
  if (services_.faults.on_post) services_.faults.on_post(id_);
  auto& command = message.command;
  if (closing_ || settling_) {
    return command->reply(unavailable("The room cannot store anything at the moment; send again."));
  }
  command->accepted = services_.time.steady_now();
  auto reply = command->reply;
  if (!batcher_->add(std::move(command))) {
    services_.counts.room_busy_total.add();
    return reply(busy("Too many messages wait in this room; send again.", busy_retry_after_ms));
  }
  send_next_batch();
}

/// While a shard serves its sockets with what they brought, the commands gather: what is stored now could only wait
/// there, and one batch of many costs each socket one system call (docs/decisions/0008).
void room::send_next_batch() {
  if (settling_ || !batcher_->has_next() || (!closing_ && waits_for_more())) return;
  auto commands = batcher_->take_batch(services_.time.now());
  if (commands.empty()) return;
  batch_left_ = services_.time.steady_now();
  const auto number = batcher_->batch_number();
  services_.storage->append(id_, std::move(commands),
                            answer<std::vector<append_outcome>>([self = self_handle(), number](auto outcomes) {
                              caf::anon_send(self, batch_stored{number, std::move(outcomes)});
                            }));
}

bool room::waits_for_more() {
  if (fanout_->must_wait()) {
    pace_.note_gathered(batcher_->waiting());
    return true;
  }
  const auto now = services_.time.steady_now();
  if (!pace_.must_wait(now, fanout_->served_at(), batcher_->waiting())) return false;
  const auto until = pace_.waits_until();
  if (std::exchange(waits_until_, until) != until) delayed_send(this, until - now, gathering_over{});
  return true;
}

void room::on_batch_stored(batch_stored& message) {
  if (!state_ || !batcher_->is_under_way(message.batch)) return;
  touch();
  if (message.outcomes) {
    trace(*message.outcomes);
    const auto news = news_of(*message.outcomes);
    state_->push(batcher_->finish(std::move(*message.outcomes)));
    if (services_.faults.before_release) services_.faults.before_release(id_);
    mirror(news, batch_left_);
  } else if (message.outcomes.error().code == error_code::busy) {
    batcher_->fail_batch(message.outcomes.error());
  } else {
    // It may be stored or not. Nothing more goes to the store until that is known, so that the order stays clear.
    batcher_->fail_batch(message.outcomes.error());
    batcher_->fail_queue(message.outcomes.error());
    settling_ = true;
    back_off_ = first_back_off;
    if (!reading_) read_missing(true);
  }
  if (auto held = std::exchange(held_page_, std::nullopt)) return on_hole_read(*held);
  release_ready();
  look_for_missing();
  send_next_batch();
  quit_if_done();
}

void room::release_ready(bool is_own) {
  if (auto release = state_->release()) {
    answers_due_.reset();
    services_.counts.events_delivered_total.add(release->batch->ends.size());
    figures_->seq.store(state_->released(), std::memory_order_relaxed);
    // Before those who left are forgotten: their shard cuts them off at their place.
    if (is_own) pace_.note_handed_over(services_.time.steady_now(), release->batch->ends.size());
    fanout_->deliver(release->batch, std::move(release->answers), is_own);
    for (const auto& change : release->memberships) {
      if (change.left) fanout_->forget_user(change.user);
      for (const auto& reply : markers_.forget(change.user)) reply(no_such_room());
      send(services_.directory, membership_changed{id_, change.user, change.left});
    }
    note_attachments();
    for (const auto& tell : release->on_released) tell();
    if (is_own) tell_search();
  }
  note_answers_due();
  retry_parked();
}

void room::trace(const std::vector<append_outcome>& outcomes) const {
  const auto messages = batcher_->stored_messages(outcomes);
  if (messages.empty()) return;
  services_.counts.last_messages.note_stored(id_, messages, static_cast<std::uint32_t>(outcomes.size()), batch_left_,
                                             services_.time.steady_now(), services_.time.now());
}

void room::trace_heard(const std::vector<durable_event>& events, message_origin from) const {
  std::vector<message_trace::heard> messages;
  for (const auto& event : events) {
    const auto* posted = std::get_if<message_posted>(&event.body);
    if (posted != nullptr && event.seq > state_->released()) messages.push_back({posted->message, event.seq});
  }
  if (messages.empty()) return;
  services_.counts.last_messages.note_heard(id_, messages, from, services_.time.steady_now(), services_.time.now());
}

void room::tell_search() {
  if (told_search_ || !services_.search) return;
  told_search_ = true;
  send(services_.search, room_written{id_, [self = self_handle()] { caf::anon_send(self, indexing_began{}); }});
}

void room::note_answers_due() {
  if (!state_->has_hole()) {
    answers_due_.reset();
  } else if (!answers_due_) {
    answers_due_ = services_.time.steady_now() + patience_with_a_hole;
    plan_tick();
  }
}

void room::look_for_missing() {
  if (reading_ || read_again_at_ || !lacks_something()) return;
  back_off_ = first_back_off;
  if (services_.bus == nullptr || closing_ || somebody_wants_a_look()) return read_missing(false);
  await_news();
}

/// Reads what the store holds after the last released event. `behind_the_store`: only once the storage actor has
/// finished what came before and commits again, since until then an unclear batch may still appear.
void room::read_missing(bool behind_the_store) {
  reading_ = true;
  log_end_at_read_ = log_end_;
  read_settles_ = behind_the_store || (settling_ && read_settles_);
  read_again_at_.reset();
  awaits_news_behind_.reset();
  for (auto& ask : parked_) {
    if (ask.at_store == look::wanted) ask.at_store = look::under_way;
  }
  const auto after = state_->released();
  const auto tell = answer<log_page>([self = self_handle(), after](auto page) {
    caf::anon_send(self, hole_read{after, std::move(page)});
  });
  const auto read = [reads = services_.reads, id = id_, after, tell] {
    reads->ask<log_page>([id, after](database_reader& store) { return read_log(store, id, after); }, tell);
  };
  if (!behind_the_store) return read();
  const auto nothing = [](record_writer&) { return result<void>{}; };
  services_.storage->write(id_, nothing, answer<std::monostate>([read, tell](result<std::monostate> finished) {
                             if (!finished) return tell(finished.error());
                             read();
                           }));
}

void room::on_hole_read(hole_read& message) {
  if (!state_) return;
  // It may hold what the batch under way has stored: that batch's answers take their places first. Not so in a hole in
  // front of a batch that came before.
  if (message.page && batcher_->has_batch_under_way() && (!state_->has_hole() || state_->was_next_heard())) {
    held_page_ = std::move(message);
    return;
  }
  reading_ = false;
  const bool answered = message.page.has_value();
  if (answered && state_->released() == message.after && lacks_events(*message.page, message.after)) {
    return start_anew(message);
  }
  if (answered) doubt_what_was_heard(*message.page);
  const auto found = answered ? message.page->events.size() : 0;
  if (answered) trace_heard(message.page->events, message_origin::store);
  // What was stored without an answer was not told yet. How old it is nobody knows.
  if (answered && settling_) mirror(message.page->events, std::nullopt);
  const bool is_full = found == missing_events_page;
  const bool takes_all = !state_->has_hole() || !batcher_->has_batch_under_way();
  if (answered && takes_all) state_->fill_all(std::move(message.page->events));
  if (answered && !takes_all) state_->fill(std::move(message.page->events));
  // Else only what lies in the hole was taken; with a full page there is more to come.
  const bool all_taken = answered && takes_all && !is_full;
  if (settling_ && read_settles_ && all_taken) settling_ = false;
  for (auto& ask : parked_) {
    if (ask.at_store == look::under_way) ask.at_store = answered && !is_full ? look::done : look::wanted;
  }
  release_ready();
  const bool is_behind = log_end_ > state_->released();
  if (settling_ || state_->has_hole() || is_full || (!answered && (is_behind || somebody_wants_a_look()))) {
    const bool got_further = state_->released() > message.after;
    if (got_further && (read_settles_ || !settling_)) {
      read_missing(false);
    } else {
      read_again_at_ = services_.time.steady_now() + back_off_;
      back_off_ = std::min(std::max(back_off_ * 2, first_back_off), longest_back_off);
    }
  } else {
    read_settles_ = false;
    if (found > 0) {
      log::info("room", "missing_events_read", "Room {} has caught up with the store at seq {}", to_string(id_),
                state_->released());
    }
  }
  look_for_missing();
  send_next_batch();
  plan_tick();
  quit_if_done();
}

/// The missing events may be joins and leaves: only what the tables say of the room holds now, and the next actor
/// begins with that. Nobody may wait for ever for what does not come.
void room::start_anew(const hole_read& read) {
  log::error("room", "hole_in_log",
             "Room {}: the store has no event {}, though its log goes on to {}; reading the room anew", to_string(id_),
             read.after + 1, std::max(read.page->end, read.page->events.empty() ? 0 : read.page->events.back().seq));
  fanout_->flush();
  quit(caf::make_error(caf::sec::runtime_error, "the room's log lacks events"));
}

}  // namespace parley
