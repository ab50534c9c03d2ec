// A room actor's replay, typing and read markers.
#include <algorithm>
#include <utility>

#include "actors/read_pool.hpp"
#include "actors/room.hpp"
#include "actors/signal_exchange.hpp"
#include "actors/storage_pool.hpp"
#include "parley/permissions.hpp"

namespace parley {

namespace {

catch_up_step::kind kind_of(replay_step::kind what) {
  using from = replay_step::kind;
  using to = catch_up_step::kind;
  switch (what) {
    case from::attach:
      return to::attached;
    case from::page:
      return to::page;
    case from::limit:
      return to::limit;
    case from::read_store:
      return to::read_store;
    case from::not_member:
      return to::not_member;
    case from::beyond_end:
      break;
  }
  return to::beyond_end;
}

/// A session comes again after the same time.
constexpr std::chrono::milliseconds parking_time{100};
/// So long what the store said of a read marker is believed where others may move it.
constexpr std::chrono::milliseconds markers_keep{1'000};

}  // namespace

void room::on_catch_up(const catch_up& ask) {
  touch();
  if (!holders_.contains(ask.connection)) return;
  fanout_->detach(ask.connection);
  std::erase_if(parked_, [&](const parked_catch_up& other) { return other.what.connection == ask.connection; });
  take_step({ask, batcher_->batch_number(), look::wanted, std::nullopt});
  look_for_missing();
  note_attachments();
  plan_tick();
}

void room::take_step(parked_catch_up parked) {
  const auto& ask = parked.what;
  auto plan = state_->plan_replay(ask.user, ask.after, ask.events_left);
  // Another node may have stored the event, or the join, that is missing here.
  const bool is_news = plan.what == replay_step::kind::beyond_end || plan.what == replay_step::kind::not_member;
  if (is_news && (may_be_behind_store(parked.batch) || parked.at_store != look::done)) {
    if (!parked.until) parked.until = services_.time.steady_now() + parking_time;
    return parked_.push_back(parked);
  }
  send_step(ask, std::move(plan));
}

void room::send_step(const catch_up& ask, replay_step plan) {
  catch_up_step step{id_, ask.replay, kind_of(plan.what), plan.position, plan.events, nullptr};
  services_.counts.replay_events_ring_total.add(plan.events);
  if (plan.what == replay_step::kind::attach) {
    if (ask.announce_end) {
      services_.encoder.append_notice(plan.frames, replay_end_notice{id_, plan.position, false});
    }
    shared_bytes before;
    if (!plan.frames.empty()) before = std::make_shared<const std::string>(std::move(plan.frames));
    fanout_->attach(ask.connection, {id_, ask.user, plan.position, std::move(before)});
    note_attachments();
  } else if (!plan.frames.empty()) {
    step.frames = std::make_shared<const std::string>(std::move(plan.frames));
  }
  send(holders_.at(ask.connection).session, std::move(step));
}

void room::retry_parked() {
  if (parked_.empty()) return;
  for (const auto& ask : std::exchange(parked_, {})) take_step(ask);
}

void room::let_go_of_parked(steady_time now) {
  for (const auto& ask : std::exchange(parked_, {})) {
    if (*ask.until > now) {
      parked_.push_back(ask);
    } else {
      send_step(ask.what, state_->plan_replay(ask.what.user, ask.what.after, ask.what.events_left));
    }
  }
}

bool room::somebody_wants_a_look() const {
  return std::any_of(parked_.begin(), parked_.end(), [](const auto& ask) { return ask.at_store == look::wanted; });
}

/// The store may hold events that were not released here yet, and somebody may have read them there.
bool room::may_be_behind_store(std::uint64_t batch) const {
  return batcher_->is_under_way(batch) || settling_ || reading_ || state_->has_hole();
}

void room::relay(relay_typing& message) {
  touch();
  const auto how = state_ && state_->is_member(message.user) ? standing::member : standing::outsider;
  if (permission(operation::signal, role::user, how) != verdict::allowed) return message.reply(no_such_room());
  if (typing_.pass_on(message.user, message.is_typing, services_.time.steady_now())) {
    show_typing(message.user, message.is_typing);
    publish(typing_signal{message.user, message.is_typing});
  }
  message.reply(std::monostate{});
}

void room::show_typing(const user_id& user, bool is_typing) {
  auto frame = std::make_shared<std::string>();
  services_.encoder.append_notice(*frame, typing_notice{id_, user, is_typing});
  fanout_->broadcast(frame, user);
}

/// On another node the user may have read what is not released here yet: only the store knows where the log ends.
void room::mark(move_read_marker& message) {
  if (message.seq <= state_->released()) return move_marker(message, state_->released());
  beyond_end_.push_back(std::move(message));
  if (!reading_end_) read_end();
}

/// One reading at a time, however many ask.
void room::read_end() {
  reading_end_ = true;
  services_.reads->ask<sequence>(
      [id = id_](database_reader& store) { return store.last_seq(id); },
      answer<sequence>([self = self_handle(), moves = std::exchange(beyond_end_, {})](result<sequence> end) {
        caf::anon_send(self, end_read{moves, std::move(end)});
      }));
}

void room::on_end_read(const end_read& message) {
  if (!state_) return;
  reading_end_ = false;
  for (const auto& move : message.moves) {
    if (message.end) {
      move_marker(move, std::max(*message.end, state_->released()));
    } else {
      move.reply(message.end.error());
    }
  }
  if (!beyond_end_.empty()) read_end();
  quit_if_done();
}

void room::move_marker(const move_read_marker& message, sequence end) {
  const auto user = message.user;
  const auto to = std::clamp<sequence>(message.seq, 0, end);
  // Another node that the user has a device on may have moved it further.
  const bool has_company = services_.has_company.load(std::memory_order_relaxed);
  const auto known_since = has_company ? services_.time.steady_now() - markers_keep : steady_time::min();
  switch (markers_.move(user, to, message.reply, known_since)) {
    case read_marker_state::next::settled:
      return answer_markers(user, *markers_.position(user), {message.reply});
    case read_marker_state::next::wait:
      return store_due_markers();
    case read_marker_state::next::look_up:
      break;
  }
  services_.reads->ask<std::optional<room_summary>>(
      [user, id = id_](database_reader& store) { return store.room_of(user, id); },
      answer<std::optional<room_summary>>(
          [self = self_handle(), user, asked_at = services_.time.steady_now()](auto found) {
            caf::anon_send(self, marker_known{user, asked_at, std::move(found)});
          }));
}

void room::on_marker_known(marker_known& message) {
  if (!state_) return;
  if (!message.room || !*message.room) {
    const auto why = message.room ? no_such_room() : message.room.error();
    for (const auto& reply : markers_.look_up_failed(message.user)) reply(why);
  } else {
    const auto position = (*message.room)->last_read_seq;
    auto settled = markers_.known(message.user, position, message.asked_at);
    if (!settled.empty()) answer_markers(message.user, *markers_.position(message.user), std::move(settled));
    store_due_markers();
  }
  quit_if_done();
}

void room::store_due_markers() {
  if (!state_) return;
  auto due = markers_.take_due(services_.time.steady_now(), closing_);
  if (!due.empty()) {
    const auto stands = std::make_shared<std::vector<sequence>>();
    auto tell = answer<std::monostate>([self = self_handle(), due, stands](auto outcome) {
      caf::anon_send(self, markers_stored{due, stands, std::move(outcome)});
    });
    services_.storage->write(
        id_,
        [due = std::move(due), stands](record_writer& store) -> result<void> {
          auto saved = store.save_read_markers(due);
          if (!saved) return saved.error();
          *stands = std::move(*saved);
          return {};
        },
        std::move(tell));
  }
  if (markers_.next_due()) plan_tick();
}

void room::on_markers_stored(const markers_stored& message) {
  if (!state_) return;
  for (std::size_t i = 0; i < message.markers.size(); ++i) {
    const auto& marker = message.markers[i];
    if (message.outcome) {
      const auto stands = message.stands->at(i);
      if (state_->is_member(marker.user)) {
        show_marker(marker.user, stands);
        // What stands further its own node has told.
        if (stands <= marker.seq) publish(read_signal{marker.user, stands});
      }
      auto waiters = markers_.stored(marker, stands);  // behind what is shown, since the store has just said so
      if (!waiters.empty()) answer_markers(marker.user, *markers_.position(marker.user), std::move(waiters));
    } else {
      for (const auto& reply : markers_.failed(marker)) reply(message.outcome.error());
    }
  }
  store_due_markers();
  quit_if_done();
}

void room::show_marker(const user_id& user, sequence seq) {
  const bool is_for_all = state_->member_count() <= services_.settings.limits.read_receipt_members;
  if (!is_for_all && !fanout_->has_attached(user)) return;
  if (!markers_.shows(user, seq)) return;
  auto frame = std::make_shared<std::string>();
  services_.encoder.append_notice(*frame, read_notice{id_, user, seq});
  if (is_for_all) {
    fanout_->broadcast(frame, std::nullopt);
  } else {
    fanout_->send_to_user(user, frame);
  }
}

void room::publish(const signal_body& what) const {
  if (services_.signals != nullptr) services_.signals->publish({id_, what});
}

/// Only shown: its own node has told all the others. Nobody's typing keeps a room in use here, so no touch().
void room::on_signal(const signal_heard& message) {
  if (!state_ || fanout_->attachments() == 0) return;
  if (const auto* typing = std::get_if<typing_signal>(&message.what.body)) {
    show_typing(typing->user, typing->is_typing);
  } else if (const auto* read = std::get_if<read_signal>(&message.what.body)) {
    show_marker(read->user, read->seq);
  }
}

void room::note_attachments() {
  figures_->connections.store(static_cast<std::uint32_t>(fanout_->attachments()), std::memory_order_relaxed);
  const bool wanted = fanout_->attachments() > 0;
  if (services_.signals == nullptr || wanted == attends_) return;
  attends_ = wanted;
  if (wanted) {
    services_.signals->attend(id_, self_handle());
  } else {
    services_.signals->leave(id_);
  }
}

void room::answer_markers(user_id user, sequence seq, std::vector<read_marker_state::waiter> waiters) {
  if (waiters.empty()) return;
  const auto tell = [id = id_, seq, waiters = std::move(waiters)](const result<std::int64_t>& unread) {
    for (const auto& reply : waiters) {
      if (unread) {
        reply(read_ack{id, seq, *unread});
      } else {
        reply(unread.error());
      }
    }
  };
  if (const auto unread = state_->unread(user, seq)) return tell(*unread);
  services_.reads->ask<std::int64_t>(
      [user, id = id_, seq](database_reader& store) { return store.unread(user, id, seq); },
      answer<std::int64_t>(tell));
}

}  // namespace parley
