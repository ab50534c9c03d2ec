// What a session does with its client's frames, in the order in which they came.
#include <algorithm>

#include "actors/queries.hpp"
#include "actors/session.hpp"
#include "parley/permissions.hpp"
#include "parley/refusals.hpp"

namespace parley {
namespace {

/// Frames that wait for a look-up or for one room. Those that want an answer are bounded by the connection's credit
/// already.
std::size_t most_waiting(const actor_services& services) {
  return std::max<std::size_t>(64, services.settings.limits.unanswered_sends) * 4;
}

bool is_deletion(const client_frame& frame) {
  const auto* durable = std::get_if<durable_frame>(&frame.request);
  return durable != nullptr && std::holds_alternative<delete_message>(durable->command);
}

}  // namespace

void session::on_frame(const frame_ptr& frame) {
  if (closed_) return;
  if (std::holds_alternative<durable_frame>(frame->request) && !within_rate(*frame)) return;
  if (blocks_ == 0) return handle(frame);
  if (waiting_.size() < most_waiting(*services_)) {
    waiting_.push_back(frame);
  } else {
    reply_to(*frame).fail(busy("Too many frames wait on this connection; send again.", 500));
  }
}

bool session::within_rate(const client_frame& frame) {
  const auto now = services_->time.steady_now();
  const auto wait_ms = request_.who.send_allowance ? request_.who.send_allowance->try_take(now) : 0;
  if (wait_ms == 0) return true;
  services_->counts.rate_limited_total.add();
  reply_to(frame).fail({error_code::rate_limited, "Too many messages at once; wait a moment.", wait_ms});
  return false;
}

void session::unblock() {
  --blocks_;
  while (blocks_ == 0 && !closed_ && !waiting_.empty()) {
    const auto frame = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    handle(frame);
  }
  if (waiting_.empty()) waiting_.shrink_to_fit();
}

/// Here, and not where frames come in: some have waited.
void session::handle(const frame_ptr& frame) {
  if (!services_->knows_who_is_out()) return reply_to(*frame).fail(not_up_to_date());
  std::visit([&](const auto& what) { handle(frame, what); }, frame->request);
}

frame_reply session::reply_to(const client_frame& frame) const {
  return {services_,
          request_.connection,
          frame.id,
          frame.wants_answer(),
          frame.takes_credit(),
          std::holds_alternative<durable_frame>(frame.request)};
}

void session::handle(const frame_ptr& frame, const typing_frame& what) { to_named_room(frame, what.room); }
void session::handle(const frame_ptr& frame, const read_frame& what) { to_named_room(frame, what.room); }
void session::handle(const frame_ptr& frame, const ping_frame&) { reply_to(*frame).ack(empty_ack{}); }

void session::handle(const frame_ptr& frame, const durable_frame& what) {
  const auto message = message_of(what.command);
  if (what.room || request_.only_room || !message) return to_named_room(frame, what.room);
  block();
  look_up<room_id>(
      [message = *message](database_reader& store) -> result<room_id> {
        const auto room = store.room_of_message(message);
        if (!room) return room.error();
        if (!*room) return no_such_room();
        return **room;
      },
      [this, frame](const result<room_id>& room) {
        if (room) {
          to_room_of(*room, frame);
        } else {
          reply_to(*frame).fail(room.error());
        }
        unblock();
      });
}

// --- To a room ---

/// The room that a frame is for, where that can be told without the store.
result<room_id> session::room_of(const std::optional<room_id>& named) const {
  if (!named && !request_.only_room) {
    return bad_request("data.room_id is missing: this connection has no room of its own.");
  }
  if (named && !is_own_room(*named)) return no_such_room();
  return named ? *named : *request_.only_room;
}

void session::to_named_room(const frame_ptr& frame, const std::optional<room_id>& named) {
  if (const auto room = room_of(named)) {
    to_room_of(*room, frame);
  } else {
    reply_to(*frame).fail(room.error());
  }
}

/// A room that this session does not know may have been joined a moment ago: the store knows.
void session::to_room_of(const room_id& room, const frame_ptr& frame) {
  if (auto* known = find_room(room)) return speak(*known, frame);
  if (request_.only_room) return reply_to(*frame).fail(no_such_room());
  const auto as = request_.who.user.user_role;
  if (is_deletion(*frame) && permission(operation::delete_message, as, standing::outsider) == verdict::allowed) {
    // Moderators may delete in rooms in which they are not; the store decides.
    caf::anon_send(services_->directory, to_room{room, post_to_room{command_of(*frame)}});
    return;
  }
  block();
  join(room, false, [this, room, frame](const result<room_summary>& found) {
    if (auto* joined = find_room(room)) {
      speak(*joined, frame);
    } else {
      reply_to(*frame).fail(found ? no_such_room() : found.error());
    }
    advance();
    unblock();
  });
}

void session::speak(room_entry& room, const frame_ptr& frame) {
  if (!room.actor || room.live_due) {
    if (room.live_due) plan_.prefer(room.id);
    if (!room.parked) room.parked = std::make_unique<parked_frames>(parked_frames{services_->time.steady_now(), {}});
    if (room.parked->frames.size() < most_waiting(*services_)) {
      room.parked->frames.push_back(frame);
    } else {
      reply_to(*frame).fail(busy("Too many frames wait for this room; send again.", 500));
    }
    return;
  }
  const auto& user = request_.who.user.id;
  if (std::holds_alternative<durable_frame>(frame->request)) {
    caf::anon_send(room.actor, post_to_room{command_of(*frame)});
  } else if (const auto* typing = std::get_if<typing_frame>(&frame->request)) {
    answer<std::monostate> told([reply = reply_to(*frame)](const result<std::monostate>& done) {
      if (done) {
        reply.ack(empty_ack{});
      } else {
        reply.fail(done.error());
      }
    });
    caf::anon_send(room.actor, relay_typing{user, typing->is_typing, std::move(told)});
  } else if (const auto* read = std::get_if<read_frame>(&frame->request)) {
    answer<read_ack> moved([reply = reply_to(*frame)](const result<read_ack>& done) {
      if (done) {
        reply.ack(*done);
      } else {
        reply.fail(done.error());
      }
    });
    caf::anon_send(room.actor, move_read_marker{user, read->seq, std::move(moved)});
  }
}

/// Takes the command out of its frame.
std::shared_ptr<pending_command> session::command_of(client_frame& frame) const {
  auto command = std::make_shared<pending_command>();
  command->user = request_.who.user.id;
  command->command = std::move(std::get<durable_frame>(frame.request).command);
  command->new_id = services_->ids.next();
  command->connection = pending_command::from_connection{request_.connection, frame.id, frame.wants_answer()};
  // The room places the ack itself, in its event's place; only a failure comes back here.
  command->reply = answer<change_room::reply>([reply = reply_to(frame)](const result<change_room::reply>& done) {
    if (done) {
      reply.done();
    } else {
      reply.fail(done.error());
    }
  });
  return command;
}

// --- Resume ---

/// What a node remembers of a room's end may lag behind: the store is asked.
result<std::vector<session::checked_room>> session::check_rooms(database_reader& store, const user_id& user,
                                                                std::vector<checked_room> rooms) {
  for (auto& room : rooms) {
    if (room.join != 0) {
      auto joined = room_for(store, user, room.room);
      if (!joined) return joined.error();
      room.joined = std::move(*joined);
    }
    const auto end = store.last_seq(room.room);
    if (!end) return end.error();
    if (room.after < 0 || room.after > *end) {
      return bad_request("data.rooms: " + to_string(room.room) + " has no seq " + std::to_string(room.after) +
                         "; its last is " + std::to_string(*end) + ".");
    }
  }
  return rooms;
}

void session::handle(const frame_ptr& frame, const resume_frame& what) {
  const auto user = request_.who.user.id;
  const auto done = [this, reply = reply_to(*frame)](const result<std::vector<checked_room>>& rooms) {
    on_resume_checked(reply, rooms);
  };
  if (what.unread) {
    block();
    look_up<std::vector<checked_room>>(
        [user, only = request_.only_room](database_reader& store) -> result<std::vector<checked_room>> {
          std::vector<checked_room> out;
          if (only) {
            const auto room = room_for(store, user, *only);
            if (!room) return room.error();
            out.push_back({room->id, room->last_read_seq});
            return out;
          }
          const auto positions = store.read_positions(user);
          if (!positions) return positions.error();
          for (const auto& each : *positions) out.push_back({each.room, each.last_read_seq});
          return out;
        },
        done);
    return;
  }
  std::vector<checked_room> rooms;
  for (const auto& [room, after] : what.rooms) {
    if (!is_own_room(room)) return reply_to(*frame).fail(no_such_room());
    rooms.push_back({room, after});
  }
  bool is_known = true;
  for (auto& room : rooms) {
    const auto* entry = find_room(room.room);
    is_known = is_known && entry != nullptr && room.after >= 0 && room.after <= entry->known_end;
    if (entry == nullptr) room.join = begin_join(room.room, false);
  }
  block();
  // Whoever comes back has less than `ready` has just named.
  if (is_known) return on_resume_checked(reply_to(*frame), rooms);
  look_up<std::vector<checked_room>>([user, rooms](database_reader& store) { return check_rooms(store, user, rooms); },
                                     [this, done, rooms](const result<std::vector<checked_room>>& checked) {
                                       if (!checked) {
                                         for (const auto& room : rooms) end_join(room.join);
                                       }
                                       done(checked);
                                     });
}

void session::on_resume_checked(const frame_reply& reply, const result<std::vector<checked_room>>& rooms) {
  if (!rooms) {
    reply.fail(rooms.error());
    return unblock();
  }
  resume_ = std::make_unique<pending_resume>(pending_resume{reply, {}});
  for (const auto& room : *rooms) {
    const bool still_ours = room.join == 0 || end_join(room.join);  // it may have been left meanwhile
    if (room.joined && still_ours && find_room(room.room) == nullptr) {
      auto& entry = add_room(room.room);
      tell(room_added_notice{*room.joined});
      hold(entry);
    }
    resume_->rooms.push_back({room.room, room.after, services_->settings.replay.limit, true});
  }
  std::sort(resume_->rooms.begin(), resume_->rooms.end(), [](const auto& a, const auto& b) { return a.room < b.room; });
  finish_resume();
}

// --- Presence ---

/// Watch first, read afterwards: a change is either in what is read or is told. The reading begins when every record
/// has the watch, which is when the last copy of `watched` goes. Unknown users get no record.
void session::handle(const frame_ptr& frame, const watch_presence_frame& what) {
  const auto most = services_->settings.limits.watched_users;
  if (what.users.size() > most) {
    return reply_to(*frame).fail(bad_request("data.user_ids: at most " + std::to_string(most) + " users."));
  }
  if (!watch_rate_) {
    const auto most_per_second = static_cast<double>(services_->settings.limits.watches_per_second);
    watch_rate_ = std::make_unique<rate_limiter>(rate{most_per_second, most_per_second});
  }
  if (const auto wait_ms = watch_rate_->try_take(services_->time.steady_now()); wait_ms > 0) {
    services_->counts.rate_limited_total.add();
    return reply_to(*frame).fail({error_code::rate_limited, "watch_presence comes too often; wait a moment.", wait_ms});
  }
  using records = std::vector<presence_record>;
  block();
  look_up<records>(
      [users = what.users](database_reader& store) { return store.presence(users); },
      [this, frame, reply = reply_to(*frame)](const result<records>& known) {
        if (!known) {
          reply.fail(known.error());
          return unblock();
        }
        const auto& users = std::get<watch_presence_frame>(frame->request).users;
        const auto* reads = services_->reads;
        const auto tell = [directory = services_->directory, mine = request_.connection](const auto& read) {
          caf::anon_send(directory, to_presence{watcher_knows{read.user, mine, read}});
        };
        watch_instead(*known, answer<std::monostate>([me = me(), this, reply, users, reads, tell](const auto&) {
          reads->ask<records>([users](database_reader& store) { return store.presence(users); },
                              answer<records>([me, this, reply, tell](result<records> now) {
                                if (now) {
                                  reply.ack(presence_ack{*now});
                                  for (const auto& read : *now) tell(read);
                                } else {
                                  reply.fail(now.error());
                                }
                                caf::anon_send(me, look_up_done{[this] { unblock(); }});
                              }));
        }));
      });
}

void session::watch_instead(const std::vector<presence_record>& known, const answer<std::monostate>& watched) {
  const auto by_directory = [this](auto message) { caf::anon_send(services_->directory, to_presence{message}); };
  const auto is_friend = [this](const user_id& user) {
    return std::find(friends_.begin(), friends_.end(), user) != friends_.end();
  };
  // Friends too: they may cease to be.
  std::vector<user_id> wanted;
  wanted.reserve(known.size());
  for (const auto& record : known) wanted.push_back(record.user);
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const auto& user : wanted) {
    if (!std::binary_search(watched_.begin(), watched_.end(), user) && !is_friend(user)) {
      by_directory(watch_user{user, request_.connection, watched});
    }
  }
  for (const auto& user : watched_) {
    if (!std::binary_search(wanted.begin(), wanted.end(), user) && !is_friend(user)) {
      by_directory(unwatch_user{user, request_.connection});
    }
  }
  watched_ = std::move(wanted);
}

}  // namespace parley
