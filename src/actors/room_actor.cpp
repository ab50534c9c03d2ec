// A room actor's life: loading, holders, idleness, retirement and the orderly end.
#include "actors/room_actor.hpp"

#include <algorithm>
#include <utility>

#include "actors/read_pool.hpp"
#include "actors/room.hpp"
#include "actors/signal_exchange.hpp"
#include "actors/storage_pool.hpp"
#include "parley/log.hpp"

namespace parley {

using std::chrono::milliseconds;

room::room(caf::actor_config& config, const actor_services& services, room_id id, bool after_crash,
           std::shared_ptr<room_figures> figures)
    : room_handle::base(config),
      services_(services),
      id_(id),
      after_crash_(after_crash),
      figures_(std::move(figures)),
      typing_(milliseconds(services.settings.limits.typing_interval_ms)),
      markers_(id, milliseconds(services.settings.limits.read_interval_ms)) {}

room::behavior_type room::make_behavior() {
  services_.counts.rooms_active.add();
  set_down_handler([this](caf::down_msg& gone) {
    const auto found = connection_of_session_.find(gone.source.id());
    if (found != connection_of_session_.end()) release_holder(found->second);
  });
  set_exception_handler([this](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& what) {
      log::error("room", "room_exception", "Room {} ends by an exception: {}", to_string(id_), what.what());
    } catch (...) {
      log::error("room", "room_exception", "Room {} ends by an exception of an unknown type", to_string(id_));
    }
    return caf::exit_reason::unhandled_exception;
  });
  touch();
  load();
  return {
      [this](room_loaded& message) { on_loaded(message); },
      [this](hold_room& message) { note_sender(), on_early(std::move(message)); },
      [this](release_room message) { release_holder(message.connection); },
      [this](post_to_room& message) { note_sender(), on_early(std::move(message)); },
      [this](const catch_up& message) { on_catch_up(message); },
      [this](batch_stored& message) { on_batch_stored(message); },
      [this](hole_read& message) { on_hole_read(message); },
      [this](shard_ready message) {
        if (!fanout_) return;
        fanout_->shard_ready(message.shard);
        if (!fanout_->owes()) heard_.clear();
        send_next_batch();
      },
      [this](gathering_over) {
        if (batcher_) send_next_batch();
      },
      [this](indexing_began) { told_search_ = false; },
      [this](relay_typing& message) { relay(message); },
      [this](move_read_marker& message) { note_sender(), on_early(std::move(message)); },
      [this](room_tick) { on_tick(); },
      [this](retirement_decided message) { on_retirement(message); },
      [this](marker_known& message) { on_marker_known(message); },
      [this](const end_read& message) { on_end_read(message); },
      [this](const markers_stored& message) { on_markers_stored(message); },
      [this](const events_heard& message) { note_sender(), on_heard(message); },
      [this](log_reached message) { note_sender(), on_log_reached(message); },
      [this](const signal_heard& message) { on_signal(message); },
      [this](close_room) { close(); },
  };
}

void room::on_exit() {
  services_.counts.rooms_active.add(-1);
  if (attends_) services_.signals->leave(id_);
  // Whoever still waits is answered `unavailable` by what is destroyed here.
  early_.clear();
  parked_.clear();
  beyond_end_.clear();
  heard_.clear();
  holders_.clear();
  markers_ = read_marker_state(id_, {});
  batcher_.reset();
  fanout_.reset();
  state_.reset();
}

void room::load() {
  const auto tell = answer<std::optional<room_snapshot>>(
      [self = self_handle()](auto snapshot) { caf::anon_send(self, room_loaded{std::move(snapshot)}); });
  const auto read = [reads = services_.reads, id = id_, tell] {
    reads->ask<std::optional<room_snapshot>>([id](database_reader& store) { return store.snapshot(id); }, tell);
  };
  if (!after_crash_) return read();
  // An empty job comes back when the store has finished what the former actor left with it.
  const auto nothing = [](record_writer&) { return result<void>{}; };
  services_.storage->write(id_, nothing, answer<std::monostate>([read, tell](result<std::monostate> finished) {
                             if (!finished) return tell(finished.error());
                             read();
                           }));
}

void room::on_loaded(room_loaded& message) {
  if (!message.snapshot) {
    unknown_ = message.snapshot.error();
  } else if (!*message.snapshot) {
    unknown_ = no_such_room();
  } else {
    const auto& settings = services_.settings;
    figures_->seq = (*message.snapshot)->last_seq;
    state_.emplace(**message.snapshot, settings.replay, services_.encoder, services_.counts.ring_bytes);
    const auto batch = std::min(settings.room.batch_commands, settings.store.batch_commands);
    batcher_.emplace(id_, room_batcher::limits{settings.room.queue_commands, batch, settings.room.batch_bytes},
                     services_.encoder, services_.ids, services_.counts.room_queue);
    fanout_.emplace(services_.out, services_.time, id_,
                    [self = self_handle()](std::uint32_t shard) { caf::anon_send(self, shard_ready{shard}); });
  }
  for (auto& early : std::exchange(early_, {})) on_early(std::move(early));
  // No tick: it would keep the actor of a room that is not there in memory for the idle time.
  if (unknown_) return retire_if_idle();
  if (after_crash_) tell_members_again();
  if (log_end_ > state_->released()) read_missing(false);
  plan_tick();
}

void room::on_early(early_message message) {
  touch();
  if (unknown_) return refuse(message);
  if (!state_) {
    if (early_.size() < services_.settings.room.queue_commands || std::holds_alternative<hold_room>(message)) {
      early_.push_back(std::move(message));
    } else {
      services_.counts.room_busy_total.add();
      refuse(message);
    }
    return;
  }
  if (auto* wants = std::get_if<hold_room>(&message)) {
    hold(*wants);
  } else if (auto* command = std::get_if<post_to_room>(&message)) {
    post(*command);
  } else {
    mark(std::get<move_read_marker>(message));
  }
}

void room::refuse(early_message& message) {
  const auto why = unknown_.value_or(busy("The room is being opened and too much waits for it; send again.", 500));
  if (auto* wants = std::get_if<hold_room>(&message)) {
    send(wants->session, room_unknown{id_, why});
  } else if (auto* command = std::get_if<post_to_room>(&message)) {
    command->command->reply(why);
  } else {
    std::get<move_read_marker>(message).reply(why);
  }
}

void room::hold(hold_room& message) {
  const auto session = message.session.id();
  if (!connection_of_session_.contains(session)) monitor(message.session);
  connection_of_session_[session] = message.connection;
  holders_[message.connection] = {message.user, message.session};
  send(message.session, room_held{id_, self_handle(), state_->is_member(message.user), message.number});
}

void room::release_holder(connection_ref connection) {
  touch();
  const auto found = holders_.find(connection);
  if (found == holders_.end()) return;
  connection_of_session_.erase(found->second.session.id());
  holders_.erase(found);
  fanout_->detach(connection);
  note_attachments();
  std::erase_if(parked_, [&](const parked_catch_up& ask) { return ask.what.connection == connection; });
  plan_tick();
}

std::chrono::seconds room::idle_time() const {
  return std::chrono::seconds(std::max(1U, services_.settings.room.idle_seconds));
}

/// The former actor may have died between a commit and its news: who joined then has not heard of it. Sessions that
/// know the room already take no notice.
void room::tell_members_again() {
  state_->for_each_member([this](const user_id& member) {
    send(services_.directory, membership_changed{id_, member, std::nullopt});
  });
}

void room::on_tick() {
  const auto now = services_.time.steady_now();
  if (planned_tick_ && now < *planned_tick_) return;  // an earlier one was planned since; that one goes on
  planned_tick_.reset();
  typing_.tidy(now);
  if (state_) state_->shrink_ring_if_over_budget();
  if (read_again_at_ && *read_again_at_ <= now) {
    read_again_at_.reset();
    const auto from = std::exchange(awaits_news_behind_, std::nullopt);
    if (from && state_->released() > *from) {
      look_for_missing();  // what is missing now is another hole, whose news get their time too
    } else if (lacks_something()) {
      read_missing(settling_);
    }
  }
  if (answers_due_ && *answers_due_ <= now) {
    answers_due_.reset();
    state_->give_up_answers();
    note_answers_due();
  }
  let_go_of_parked(now);
  store_due_markers();
  retire_if_idle();
  plan_tick();
}

void room::plan_tick() {
  const auto now = services_.time.steady_now();
  auto at = last_activity_ + idle_time();
  if (at <= now) at = now + idle_time();
  if (const auto due = markers_.next_due()) at = std::min(at, *due);
  for (const auto& due : {read_again_at_, answers_due_}) {
    if (due) at = std::min(at, *due);
  }
  if (!parked_.empty()) at = std::min(at, *parked_.front().until);  // they stand in the order in which they came
  if (planned_tick_ && *planned_tick_ <= at) return;
  planned_tick_ = at;
  // Rounded up, so that the tick never finds that its time has not quite come.
  const auto delay = std::chrono::ceil<milliseconds>(std::max(at - now, steady_time::duration::zero()));
  delayed_send(this, delay, room_tick{});
}

bool room::has_work() const {
  if (!state_) return !unknown_;
  return !holders_.empty() || !batcher_->empty() || !markers_.idle() || reading_end_ || reading_ || lacks_something();
}

void room::retire_if_idle() {
  if (retiring_ || closing_ || has_work()) return;
  if (!unknown_ && services_.time.steady_now() - last_activity_ < idle_time()) return;
  retiring_ = true;
  send(services_.directory, retire_room{id_, received_});
}

void room::on_retirement(const retirement_decided& message) {
  retiring_ = false;
  if (message.granted) return quit();
  touch();
  // An unknown room has answered what was on its way by now, or will before this comes again.
  if (unknown_) return retire_if_idle();
  plan_tick();
}

void room::close() {
  closing_ = true;
  if (!state_ && !unknown_) {
    unknown_ = unavailable("The server is stopping; send again to another or later.");
    for (auto& early : std::exchange(early_, {})) refuse(early);
  }
  store_due_markers();
  if (state_) send_next_batch();  // the shards may have ended, and then nothing else wakes what has gathered
  // No time is left to wait for news.
  if (state_ && services_.bus != nullptr && !reading_ && read_again_at_ && state_->has_hole()) read_missing(settling_);
  quit_if_done();
}

void room::quit_if_done() {
  if (!closing_) return;
  if (state_) {
    const bool waits_for_store = state_->has_hole() && !read_again_at_;
    if (!batcher_->empty() || !markers_.idle() || reading_end_ || waits_for_store) return;
    fanout_->flush();
  }
  quit();
}

void room::note_sender() {
  const auto& from = current_sender();
  if (from && from->id() == services_.directory.id()) ++received_;
}

room_handle spawn_room(caf::actor_system& system, const actor_services& services, room_id id, bool after_crash,
                       std::shared_ptr<room_figures> figures) {
  return system.spawn<room>(services, id, after_crash, std::move(figures));
}

}  // namespace parley
