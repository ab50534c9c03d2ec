// The node's directory: hands messages to rooms and presence records, makes them when they are missing, and tells
// everybody concerned when one has died.
#include "actors/directory_actor.hpp"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>

#include "actors/directory_state.hpp"
#include "actors/guarded.hpp"
#include "actors/room_actor.hpp"
#include "actors/run_next_policy.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

/// Any end but those that an actor or the runtime chose.
bool is_crash(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown && reason != caf::exit_reason::kill;
}

/// A room, and what it shows of itself.
struct running_room {
  room_handle actor;
  std::shared_ptr<const room_figures> figures;
};

class directory final : public directory_handle::base {
 public:
  directory(caf::actor_config& config, const actor_services& services)
      : directory_handle::base(config), services_(services) {}

  behavior_type make_behavior() override {
    set_down_handler([this](const caf::down_msg& gone) { safely([&] { on_down(gone); }); });
    return {
        [this](const register_session& message) { safely([&] { add_session(message); }); },
        [this](unregister_session message) { safely([&] { sessions_.erase(message.connection); }); },
        [this](to_room& message) { safely([&] { hand_to_room(message); }); },
        [this](membership_changed message) { safely([&] { tell_membership(message); }); },
        [this](const friendship_changed& message) {
          safely([&] {
            sessions_.for_user(message.user,
                               [&](const auto& each) { send(each.handle, friend_changed{message.what}); });
          });
        },
        [this](const end_sockets& message) { safely([&] { end_sessions(message.what, message.handed_on); }); },
        [this](const role_changed& message) {
          safely([&] {
            sessions_.for_user(message.user,
                               [&](const auto& each) { send(each.handle, role_granted{message.granted}); });
          });
        },
        [this](const to_presence& message) { safely([&] { hand_to_presence(message); }); },
        [this](presence_idle message) { safely([&] { let_presence_go(message); }); },
        [this](retire_room message) { safely([&] { let_room_go(message); }); },
        [this](const look_at_node& message) { safely([&] { message.reply(view()); }); },
        [this](events_heard& message) { safely([&] { hand_on(message); }); },
        [this](const list_rooms_in_use& message) { safely([&] { message.reply(rooms_in_use()); }); },
        [this](const count_rooms& message) { safely([&] { message.reply(room_counts()); }); },
        [this](const find_sockets& message) { safely([&] { message.reply(sockets_of(message.user)); }); },
        [this](const logs_reached& message) {
          safely([&] {
            for (const auto& [room, end] : message.ends) {
              if (const auto* known = rooms_.hand_over(room)) send(known->actor, log_reached{end});
            }
          });
        },
        [this](const end_all_sockets& message) {
          safely([&] {
            sessions_.for_each([&](const auto& each) {
              services_.out.close(each.connection, close_code::restarting);
              send(each.handle, token_ended{close_code::restarting, message.handed_on});
            });
          });
        },
        [this](const presence_heard& message) {
          safely([&] {
            if (const auto* known = presences_.hand_over(message.user)) send(*known, message);
          });
        },
        [this](save_presence_again) {
          safely([&] {
            presences_.for_each([&](const presence_handle& presence) { send(presence, save_presence_again{}); });
          });
        },
        [this](const close_directory& message) { safely([&] { close(message); }); },
    };
  }

  void on_exit() override {
    rooms_ = {};
    presences_ = {};
    sessions_ = {};
    done_ = {};
  }

 private:
  /// Everything goes through this actor, so that it must not end by one bad message.
  template <class Handler>
  static void safely(Handler handler) {
    guarded("directory", std::move(handler));
  }

  void add_session(const register_session& message) {
    monitor(message.session);
    sessions_.insert({message.user, message.token, message.connection, message.session}, message.session.id());
  }

  [[nodiscard]] std::vector<open_sockets> sockets_of(const user_id& user) const {
    std::unordered_map<token_hash, std::uint32_t> counts;
    sessions_.for_user(user, [&](const auto& each) { ++counts[each.token]; });
    std::vector<open_sockets> found;
    found.reserve(counts.size());
    for (const auto& [token, count] : counts) found.push_back({token, count});
    std::sort(found.begin(), found.end(), [](const auto& one, const auto& other) { return one.count > other.count; });
    if (found.size() > most_told_log_ins) found.resize(most_told_log_ins);
    return found;
  }

  void hand_to_room(to_room& message) {
    if (closing_) return refuse(message);
    const auto* known = rooms_.hand_over(message.room);
    if (known == nullptr) {
      const auto figures = std::make_shared<room_figures>();
      const auto made = spawn_room(system(), services_, message.room, crashed_rooms_.contains(message.room), figures);
      monitor(made);
      rooms_.insert(message.room, {made, figures}, made.id());
      known = rooms_.hand_over(message.room);
    }
    std::visit([&](auto& what) { send(known->actor, std::move(what)); }, message.message);
  }

  void refuse(to_room& message) {
    const auto why = unavailable("The server is stopping; send again to another or later.");
    if (auto* wants = std::get_if<hold_room>(&message.message)) {
      send(wants->session, room_unknown{message.room, why});
    } else if (auto* command = std::get_if<post_to_room>(&message.message)) {
      command->command->reply(why);
    } else {
      std::get<move_read_marker>(message.message).reply(why);
    }
  }

  void tell_membership(const membership_changed& message) {
    sessions_.for_user(message.user, [&](const auto& each) {
      if (message.left) {
        send(each.handle, user_left_room{message.room, *message.left});
      } else {
        send(each.handle, user_joined_room{message.room});
      }
    });
  }

  /// Somebody who joined may be here while the room is not, or the room may have read of the joining before this came.
  /// Who left is told by the room, behind all that came before. Where that is not in use here, nobody who is connected
  /// has more than read of being a member, and the room that is then made says otherwise.
  void hand_on(events_heard& message) {
    const auto what = message.what;
    for (const auto& event : what->events) {
      if (const auto* joined = std::get_if<member_joined>(&event.body)) {
        tell_membership({what->room, joined->user, std::nullopt});
      }
    }
    if (const auto* known = rooms_.hand_over(what->room)) send(known->actor, std::move(message));
  }

  [[nodiscard]] std::vector<room_id> rooms_in_use() const {
    run_next_policy::share_next();
    std::vector<room_id> rooms;
    rooms_.for_each_key([&](const room_id& room) { rooms.push_back(room); });
    return rooms;
  }

  [[nodiscard]] std::vector<roster_entry> room_counts() const {
    run_next_policy::share_next();
    std::vector<roster_entry> rooms;
    rooms_.for_each_with_key([&](const room_id& room, const running_room& running) {
      rooms.push_back({room, running.figures->connections.load(std::memory_order_relaxed),
                       running.figures->seq.load(std::memory_order_relaxed)});
    });
    return rooms;
  }

  /// The presence record is told from here, for each socket: one that closes before its session hears why would leave
  /// as if it came back soon.
  void end_sessions(const revocation& what, const std::shared_ptr<void>& handed_on) {
    sessions_.for_user(what.user, [&](const auto& each) {
      if (!what.concerns(each.token)) return;
      send(each.handle, token_ended{what.code, handed_on});
      if (what.code != close_code::restarting) end_presence(what.user, each.connection);
    });
    // Somebody who has just logged in is no concern of those tokens that end meanwhile. Of a suspension other nodes
    // hear by its tokens, however many.
    const bool ends_all = (!what.tokens && !what.except) || what.code == close_code::not_allowed;
    if (ends_all && what.code != close_code::restarting) end_presence(what.user, no_connection);
  }

  void end_presence(user_id user, const connection_ref& connection) {
    if (const auto* known = presences_.hand_over(user)) send(*known, user_went_off{user, connection, true});
  }

  void hand_to_presence(const to_presence& message) {
    if (closing_ || !services_.make_presence) return;
    std::visit([&](const auto& what) { send(presence_of(what.user), what); }, message.message);
  }

  const presence_handle& presence_of(user_id user) {
    const auto* known = presences_.hand_over(user);
    if (known == nullptr) {
      const auto made = services_.make_presence(system(), services_, user);
      monitor(made);
      presences_.insert(user, made, made.id());
      known = presences_.hand_over(user);
    }
    return *known;
  }

  void let_presence_go(const presence_idle& message) {
    const auto& from = current_sender();
    if (!from || !presences_.let_go(message.user, from->id(), message.received)) return;
    send(caf::actor_cast<presence_handle>(from), stop_presence{});
  }

  void let_room_go(const retire_room& message) {
    const auto& from = current_sender();
    if (!from) return;
    const bool granted = rooms_.let_go(message.room, from->id(), message.received);
    send(caf::actor_cast<room_handle>(from), retirement_decided{granted});
    end_if_closed();
  }

  [[nodiscard]] node_view view() const {
    run_next_policy::share_next();
    node_view seen;
    sessions_.for_each_user([&](const user_id& user, std::size_t count) {
      seen.users.emplace_back(user, static_cast<std::uint32_t>(count));
    });
    rooms_.for_each_key([&](const room_id& room) { seen.rooms.push_back(room); });
    std::sort(seen.users.begin(), seen.users.end());
    std::sort(seen.rooms.begin(), seen.rooms.end());
    return seen;
  }

  void on_down(const caf::down_msg& gone) {
    const auto number = gone.source.id();
    if (const auto room = rooms_.ended(number)) {
      if (is_crash(gone.reason)) replace_room(*room);
    } else if (const auto user = presences_.ended(number)) {
      if (is_crash(gone.reason)) replace_presence(*user);
    } else if (const auto session = sessions_.ended(number)) {
      // Nobody is left to answer this client: let it connect again.
      if (is_crash(gone.reason)) services_.out.close(session->second, close_code::restarting);
    }
    end_if_closed();
  }

  /// The next use makes the room anew. Attached connections learn of it from their shards, others from here.
  void replace_room(room_id room) {
    services_.counts.actors_restarted_total.add();
    crashed_rooms_.insert(room);
    services_.out.fail_room(room);
    sessions_.for_each([&](const auto& each) { send(each.handle, room_failed{room, room_failed::unknown_position}); });
  }

  void replace_presence(user_id user) {
    services_.counts.actors_restarted_total.add();
    log::error("directory", "presence_failed", "A presence record died and is made anew");
    bool is_here = false;
    sessions_.for_user(user, [&](const auto& each) {
      is_here = true;
      hand_to_presence({user_came_on{user, each.connection}});
    });
    // Perhaps it died in the grace time, and the store still says online: on once more for that time, then off.
    if (!is_here) hand_to_presence({user_came_on{user, std::nullopt}});
    sessions_.for_each([&](const auto& each) { send(each.handle, presence_failed{user}); });
  }

  void close(const close_directory& message) {
    closing_ = true;
    done_ = message.done;
    rooms_.for_each([&](const running_room& room) { send(room.actor, close_room{}); });
    presences_.for_each([&](const presence_handle& presence) { send(presence, stop_presence{}); });
    end_if_closed();
  }

  void end_if_closed() {
    if (!closing_ || !rooms_.empty() || !presences_.empty()) return;
    std::exchange(done_, {})(std::monostate{});
    quit();
  }

  const actor_services& services_;
  activation_table<room_id, running_room> rooms_;
  activation_table<user_id, presence_handle> presences_;
  session_table<session_handle> sessions_;
  /// Their former actor may have left a batch with the store, so whoever comes next begins behind it. Kept for good: a
  /// room that died once is worth an empty transaction at each start.
  std::unordered_set<room_id> crashed_rooms_;
  bool closing_ = false;
  answer<std::monostate> done_;
};

}  // namespace

directory_handle spawn_directory(caf::actor_system& system, const actor_services& services) {
  return system.spawn<directory>(services);
}

}  // namespace parley
