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

}  // namespace

void room::post(post_to_room& message) {
  if (services_.faults.on_post) services_.faults.on_post(id_);
  auto& command = message.command;
  if (closing_ || settling_) {
    return command->reply(unavailable("The room cannot store anything at the moment; send again."));
  }
  if (!may_speak(*command)) return command->reply(no_such_room());
  auto reply = command->reply;
  if (!batcher_->add(std::move(command))) {
    services_.counts.room_busy_total.add();
    return reply(busy("Too many messages wait in this room; send again.", busy_retry_after_ms));
  }
  send_next_batch();
}

/// Only an early refusal, which spares the store: the store decides.
bool room::may_speak(const pending_command& command) const {
  if (state_->is_member(command.user)) return true;
  const bool moderates =
      std::holds_alternative<delete_message>(command.command) || std::holds_alternative<remove_member>(command.command);
  return moderates && command.user_role != role::user;
}

/// While a shard serves its sockets the commands gather: what is stored now could only wait there, and one batch of
/// many costs each socket one system call (docs/decisions/0008).
void room::send_next_batch() {
  if (settling_ || (fanout_->busy() && !closing_)) return;
  auto commands = batcher_->take_batch(services_.time.now());
  if (commands.empty()) return;
  const auto number = batcher_->batch_number();
  services_.storage->append(id_, std::move(commands),
                            answer<std::vector<append_outcome>>([self = self_handle(), number](auto outcomes) {
                              caf::anon_send(self, batch_stored{number, std::move(outcomes)});
                            }));
}

void room::on_batch_stored(batch_stored& message) {
  if (!state_ || !batcher_->is_under_way(message.batch)) return;
  touch();
  if (message.outcomes) {
    state_->push(batcher_->finish(std::move(*message.outcomes)));
    if (services_.faults.before_release) services_.faults.before_release(id_);
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
  release_ready();
  look_for_missing();
  send_next_batch();
  quit_if_done();
}

void room::release_ready() {
  if (auto release = state_->release()) {
    services_.counts.events_delivered_total.add(release->batch->ends.size());
    // Before those who left are forgotten: their shard cuts them off at their place.
    fanout_->deliver(release->batch, std::move(release->answers));
    for (const auto& change : release->memberships) {
      if (change.left) fanout_->forget_user(change.user);
      for (const auto& reply : markers_.forget(change.user)) reply(no_such_room());
      send(services_.directory, membership_changed{id_, change.user, change.left});
    }
    for (const auto& tell : release->on_released) tell();
  }
  retry_parked();
}

void room::look_for_missing() {
  if ((!state_->has_hole() && !somebody_wants_a_look()) || reading_ || read_again_at_) return;
  back_off_ = first_back_off;
  read_missing(false);
}

/// Reads what the store holds after the last released event. `behind_the_store`: only once the storage actor has
/// finished what came before and commits again, since until then an unclear batch may still appear.
void room::read_missing(bool behind_the_store) {
  reading_ = true;
  read_settles_ = behind_the_store || (settling_ && read_settles_);
  read_again_at_.reset();
  for (auto& ask : parked_) {
    if (ask.at_store == look::wanted) ask.at_store = look::under_way;
  }
  const auto after = state_->released();
  const auto tell = answer<std::vector<durable_event>>([self = self_handle(), after](auto events) {
    caf::anon_send(self, hole_read{after, std::move(events)});
  });
  const auto read = [reads = services_.reads, id = id_, after, tell] {
    reads->ask<std::vector<durable_event>>(
        [id, after](database_reader& store) { return store.events_after(id, after, missing_events_page); }, tell);
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
  reading_ = false;
  const bool answered = message.events.has_value();
  const auto found = answered ? message.events->size() : 0;
  const bool had_hole = state_->has_hole();
  if (answered) {
    skip_what_the_store_lacks(message);
    state_->fill(std::move(*message.events));
  }
  // With a hole only what lies in it was taken; with a full page there is more to come.
  const bool all_taken = answered && !had_hole && found < missing_events_page;
  if (settling_ && read_settles_ && all_taken) settling_ = false;
  for (auto& ask : parked_) {
    if (ask.at_store == look::under_way) ask.at_store = answered ? look::done : look::wanted;
  }
  release_ready();
  if (settling_ || state_->has_hole() || found == missing_events_page || (!answered && somebody_wants_a_look())) {
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

/// Seqs are given under the room's lock, so that no later event can be there before an earlier one: rows were deleted.
/// Nobody may wait for them for ever.
void room::skip_what_the_store_lacks(const hole_read& read) {
  if (read.events->empty() || state_->released() != read.after) return;
  const auto first = read.events->front().seq;
  if (first == read.after + 1) return;
  log::error("room", "hole_in_log",
             "Room {}: the store has no events {} to {}, though it has later ones; going on there", to_string(id_),
             read.after + 1, first - 1);
  fanout_->flush();
  state_->skip_to(first - 1);
}

}  // namespace parley
