// A session's mailbox, its life and its rooms.
#include "actors/session_actor.hpp"

#include <algorithm>

#include "actors/guarded.hpp"
#include "actors/queries.hpp"
#include "actors/session.hpp"
#include "parley/log.hpp"
#include "parley/refusals.hpp"

namespace parley {
namespace {

constexpr std::chrono::seconds retry_after{1};

/// Read after the session stood in the directory: what ended before is seen here, what ends later is told by the
/// directory.
result<session_basis> check_basis(result<session_basis> found, const std::optional<room_id>& only_room, timestamp now) {
  if (!found) return found;
  // A suspension takes the tokens with it.
  if (found->flag && *found->flag != account_flag::active) return forbidden("The account is suspended.");
  if (!found->token_expires_at || now >= *found->token_expires_at) {
    return make_error(error_code::unauthenticated, "The token has ended.");
  }
  if (only_room && found->rooms.empty()) return no_such_room();
  return found;
}

}  // namespace

// With CAF's own part it is just within a block of the allocator's; the next is of 1,792 bytes.
static_assert(sizeof(session) <= 504);

session_handle spawn_session(caf::actor_system& system, const actor_services& services, session_request request) {
  using pointer = session_handle::stateful_pointer<session>;
  return system.spawn(
      [](pointer self, const actor_services* shared, session_request asked) -> session_handle::behavior_type {
        return self->state.begin(*shared, std::move(asked));
      },
      &services, std::move(request));
}

session_handle::behavior_type session::begin(const actor_services& services, session_request request) {
  services_ = &services;
  request_ = std::move(request);
  services.counts.sessions.add();
  log_uncaught(self_, "session");
  caf::anon_send(me(), session_started{});
  return {
      [this](const session_started&) { start(); },
      [this](const session_frame& what) { on_frame(what.frame); },
      [this](session_bootstrap& what) { on_bootstrap(what); },
      [this](const room_held& what) { on_room_held(what); },
      [this](const room_unknown& what) { on_room_unknown(what); },
      [this](const catch_up_step& what) { on_step(what); },
      [this](const store_page& what) { on_store_page(what); },
      [this](const outbox_drained&) { on_outbox_drained(); },
      [this](const room_failed& what) { on_room_failed(what); },
      [this](const presence_failed& what) { on_presence_failed(what); },
      [this](const user_joined_room& what) { on_user_joined(what); },
      [this](const user_left_room& what) { on_user_left(what); },
      [this](const friend_changed& what) { on_friend_changed(what); },
      [this](const token_ended& what) { on_token_ended(what.code); },
      [this](const role_granted& what) { request_.who.user.user_role = what.granted; },
      [this](const session_ended&) { on_session_ended(); },
      [this](const look_up_done& what) {
        if (!closed_) what.then();
      },
  };
}

// --- Life ---

session::~session() {
  if (services_ == nullptr) return;
  if (!left_) services_->out.close(request_.connection, close_code::overloaded);
  leave();
  services_->counts.sessions.add(-1);
}

void session::start() {
  const auto& user = request_.who.user.id;
  caf::anon_send(services_->directory, register_session{user, request_.who.token, request_.connection, me()});
  caf::anon_send(services_->directory, to_presence{user_came_on{user, request_.connection}});
  services_->reads->ask(
      session_question{user, request_.who.token, request_.only_room},
      answer<session_basis>([me = me(), only = request_.only_room, now = services_->time.now()](auto found) {
        caf::anon_send(me, session_bootstrap{check_basis(std::move(found), only, now)});
      }));
}

void session::on_bootstrap(session_bootstrap& what) {
  if (closed_) return;
  if (!what.basis) {
    const auto code = what.basis.error().code;
    if (code == error_code::unauthenticated) return on_token_ended(close_code::token_ended);
    if (code == error_code::forbidden) return on_token_ended(close_code::not_allowed);
    return close(code == error_code::not_found ? close_code::not_allowed : close_code::overloaded);
  }
  const auto& settings = services_->settings;
  auto& rooms = what.basis->rooms;
  rooms_.reserve(rooms.size());
  for (const auto& room : rooms) {
    const bool replay = request_.replay == replay_mode::unread;
    auto& entry = add_room(room.id);
    entry.live_due = !replay;
    entry.known_end = room.last_seq;
    plan_.add({room.id, replay ? room.last_read_seq : room.last_seq,
               replay ? settings.replay.limit : catch_up_plan::no_limit, replay});
  }
  tell(ready_notice{session_id(services_->ids.next()), request_.who.user, services_->time.now(),
                    settings.net.heartbeat_ms, std::move(rooms)});
  for (auto& room : rooms_) hold(room);
  friends_ = std::move(what.basis->friends);
  for (const auto& user : friends_) {
    caf::anon_send(services_->directory, to_presence{watch_user{user, request_.connection}});
  }
  ready_ = true;
  for (const auto& news : std::exchange(early_news_, {})) {
    if (const auto* joined = std::get_if<user_joined_room>(&news)) on_user_joined(*joined);
    if (const auto* left = std::get_if<user_left_room>(&news)) on_user_left(*left);
    if (const auto* changed = std::get_if<friend_changed>(&news)) on_friend_changed(*changed);
  }
  unblock();
}

void session::on_token_ended(close_code code) {
  logged_out_ = logged_out_ || code != close_code::restarting;
  close(code);
}

void session::on_session_ended() {
  closed_ = true;
  leave();
  self_->quit();
}

void session::close(close_code code) {
  if (closed_) return;
  closed_ = true;
  services_->out.close(request_.connection, code);
}

/// The directory and the rooms also monitor this actor; saying it keeps their news prompt.
void session::leave() {
  if (std::exchange(left_, true)) return;
  const auto& user = request_.who.user.id;
  for (const auto& room : rooms_) {
    if (room.actor) caf::anon_send(room.actor, release_room{request_.connection});
  }
  rooms_.clear();
  for (const auto* watched : {&friends_, &watched_}) {
    for (const auto& other : *watched) {
      caf::anon_send(services_->directory, to_presence{unwatch_user{other, request_.connection}});
    }
  }
  caf::anon_send(services_->directory, to_presence{user_went_off{user, request_.connection, logged_out_}});
  caf::anon_send(services_->directory, unregister_session{user, request_.connection});
}

void session::tell(const notice& what) {
  std::string bytes;
  services_->encoder.append_notice(bytes, what);
  // `ready` answers the upgrade: the connection reads its client's first frame after it.
  const auto answers = std::holds_alternative<ready_notice>(what) ? 1U : 0U;
  services_->out.send(request_.connection, {std::make_shared<const std::string>(std::move(bytes)), 1, answers});
}

// --- Rooms ---

session::room_entry* session::find_room(const room_id& room) {
  const auto at = std::lower_bound(rooms_.begin(), rooms_.end(), room,
                                   [](const room_entry& a, const room_id& b) { return a.id < b; });
  return at != rooms_.end() && at->id == room ? &*at : nullptr;
}

session::room_entry& session::add_room(const room_id& room) {
  const auto at = std::lower_bound(rooms_.begin(), rooms_.end(), room,
                                   [](const room_entry& a, const room_id& b) { return a.id < b; });
  return *rooms_.insert(at, room_entry{room});
}

void session::flush_parked(room_entry& room) {
  if (!room.actor || room.live_due) return;
  const auto id = room.id;
  if (const auto parked = std::move(room.parked)) {
    for (const auto& frame : parked->frames) speak(*find_room(id), frame);
  }
}

void session::fail_parked(room_entry& room, const error& why) {
  if (const auto parked = std::move(room.parked)) {
    for (const auto& frame : parked->frames) reply_to(*frame).fail(why);
  }
}

/// Frames that waited for the room are answered as those to any room of others.
void session::remove_room(const room_id& room) {
  fail_parked(*find_room(room), no_such_room());
  std::erase_if(rooms_, [&](const room_entry& entry) { return entry.id == room; });
  plan_.cancel(room);
}

void session::hold(room_entry& room) {
  room.hold = ++last_hold_;
  caf::anon_send(services_->directory,
                 to_room{room.id, hold_room{room.id, request_.who.user.id, request_.connection, me(), room.hold}});
}

void session::on_room_held(const room_held& what) {
  auto* room = closed_ ? nullptr : find_room(what.room);
  if (room == nullptr) {
    caf::anon_send(what.actor, release_room{request_.connection});
    return;
  }
  // Before this one's own hold the room may still have to take a release, and then it would not hear what it is asked.
  if (what.number != room->hold) return;
  room->actor = what.actor;
  flush_parked(*room);
  advance();
}

void session::on_room_unknown(const room_unknown& what) {
  auto* room = closed_ ? nullptr : find_room(what.room);
  if (room == nullptr || room->actor) return;
  fail_parked(*room, what.why);
  if (what.why.code == error_code::not_found) {
    remove_room(what.room);
    return finish_resume();
  }
  self_->delayed_send(self_, retry_after, look_up_done{[this, id = what.room] {
                        auto* still = find_room(id);
                        if (still != nullptr && !still->actor) hold(*still);
                      }});
}

/// Told twice of a room that was attached: by the directory, upon which it is held anew, and by the shard with the
/// position.
void session::on_room_failed(const room_failed& what) {
  auto* room = closed_ ? nullptr : find_room(what.room);
  if (room == nullptr) return;
  const bool with_position = what.position != room_failed::unknown_position;
  if (with_position && room->stale_positions > 0) {
    --room->stale_positions;  // a resume has set another position since
    return;
  }
  if (with_position && !room->attached && !room->position_due) return;  // likewise, before the death was known
  if (!with_position || room->attached) {
    room->actor = nullptr;
    hold(*room);
  }
  // Still, when the next actor died before the position came: the shard tells it once.
  room->position_due = !with_position && (room->attached || room->position_due);
  room->live_due = room->live_due || room->attached;
  room->attached = false;
  if (with_position) plan_.add({room->id, what.position, catch_up_plan::no_limit, false});
  if (!with_position && plan_.is_current(room->id)) plan_.restart();
  finish_resume();
  advance();
}

void session::on_presence_failed(const presence_failed& what) {
  const auto watches = [&](const std::vector<user_id>& users) {
    return std::find(users.begin(), users.end(), what.user) != users.end();
  };
  if (closed_ || (!watches(friends_) && !watches(watched_))) return;
  caf::anon_send(services_->directory, to_presence{watch_user{what.user, request_.connection}});
}

void session::on_user_joined(const user_joined_room& what) {
  if (closed_) return;
  if (!ready_) {
    early_news_.emplace_back(what);
    return;
  }
  if (find_room(what.room) != nullptr) {
    if (plan_.revive(what.room)) advance();
    return;
  }
  if (!request_.only_room) join(what.room, true, [](const auto&) {});
}

void session::on_user_left(const user_left_room& what) {
  if (closed_) return;
  if (!ready_) {
    early_news_.emplace_back(what);
    return;
  }
  std::erase_if(joins_, [&](const pending_join& join) { return join.room == what.room; });
  const auto* room = find_room(what.room);
  if (room == nullptr) return;
  if (room->actor) caf::anon_send(room->actor, release_room{request_.connection});
  services_->out.detach(request_.connection, what.room);
  remove_room(what.room);
  if (request_.only_room) return close(close_code::not_allowed);
  tell(room_removed_notice{what.room, what.reason});
  finish_resume();
  advance();
}

/// Friends are watched without being asked for.
void session::on_friend_changed(const friend_changed& what) {
  if (closed_) return;
  if (!ready_) {
    early_news_.emplace_back(what);
    return;
  }
  const auto& user = what.what.user;
  const auto known = std::find(friends_.begin(), friends_.end(), user);
  const bool is_watched = std::binary_search(watched_.begin(), watched_.end(), user);
  if (what.what.status == friend_status::accepted && known == friends_.end()) {
    friends_.push_back(user);
    if (!is_watched) caf::anon_send(services_->directory, to_presence{watch_user{user, request_.connection}});
  } else if (what.what.status != friend_status::accepted && known != friends_.end()) {
    friends_.erase(known);
    if (!is_watched) caf::anon_send(services_->directory, to_presence{unwatch_user{user, request_.connection}});
  }
  if (!request_.only_room) tell(what.what);
}

std::uint32_t session::begin_join(const room_id& room, bool is_news) {
  joins_.push_back({room, ++last_join_, is_news});
  return last_join_;
}

/// False when a leave has dropped it.
bool session::end_join(std::uint32_t number) {
  return std::erase_if(joins_, [&](const pending_join& join) { return join.number == number; }) > 0;
}

/// Reads the room as a new member sees it, tells room_added and goes live from there; `then` runs with what was found.
void session::join(const room_id& room, bool is_news, std::function<void(const result<room_summary>&)> then) {
  const pending_join number{room, begin_join(room, is_news), is_news};
  const auto user = request_.who.user.id;
  look_up<room_summary>([user, room](database_reader& store) { return room_for(store, user, room); },
                        [this, number, then = std::move(then)](const result<room_summary>& found) {
                          on_join_read(number, found);
                          then(found);
                        });
}

void session::on_join_read(const pending_join& what, const result<room_summary>& found) {
  if (!found && found.error().code != error_code::not_found && what.is_news) {
    // The news comes once: without another try the client would never hear of this room.
    self_->delayed_send(self_, retry_after, look_up_done{[this, what] {
                          if (end_join(what.number)) join(what.room, true, [](const auto&) {});
                        }});
    return;
  }
  if (!end_join(what.number) || !found || find_room(what.room) != nullptr) return;
  auto& room = add_room(what.room);
  room.live_due = true;
  tell(room_added_notice{*found});
  hold(room);
  plan_.add({what.room, found->last_seq, catch_up_plan::no_limit, false});
}

}  // namespace parley
