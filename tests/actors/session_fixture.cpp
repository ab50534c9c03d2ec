#include "session_fixture.hpp"

namespace parley::testing {

class session_fixture::scripted_room final : public room_handle::base {
 public:
  scripted_room(caf::actor_config& config, session_fixture& test, room_id id)
      : room_handle::base(config), test_(test), id_(id) {}
  behavior_type make_behavior() override {
    return {
        [](const room_loaded&) {},
        [](const hold_room&) {},
        [this](const release_room&) { ++test_.released[id_]; },
        [this](const post_to_room& what) { test_.posted[id_].push_back(what.command); },
        [this](const catch_up& what) {
          test_.asked[id_].push_back(what);
          if (!test_.attach_at_once) return;
          send(test_.session, catch_up_step{id_, what.replay, catch_up_step::kind::attached, what.after, 0, nullptr});
        },
        [](const batch_stored&) {},
        [](const hole_read&) {},
        [](const shard_ready&) {},
        [](const gathering_over&) {},
        [](indexing_began) {},
        [this](const relay_typing& what) { test_.typed[id_].push_back(what); },
        [this](const move_read_marker& what) { test_.marked[id_].push_back(what); },
        [](const room_tick&) {},
        [](const retirement_decided&) {},
        [](const marker_known&) {},
        [](const end_read&) {},
        [](const markers_stored&) {},
        [](const events_heard&) {},
        [](const log_reached&) {},
        [](const signal_heard&) {},
        [](const close_room&) {},
    };
  }

 private:
  session_fixture& test_;
  room_id id_;
};

class session_fixture::scripted_directory final : public directory_handle::base {
 public:
  scripted_directory(caf::actor_config& config, session_fixture& test) : directory_handle::base(config), test_(test) {}
  behavior_type make_behavior() override {
    return {
        [this](const register_session&) { ++test_.registered; },
        [this](const unregister_session&) { ++test_.unregistered; },
        [this](const to_room& what) {
          if (const auto* command = std::get_if<post_to_room>(&what.message)) {
            return test_.posted[what.room].push_back(command->command);
          }
          const auto& wish = std::get<hold_room>(what.message);
          if (test_.hold_at_once) {
            test_.answer_hold(wish);
          } else {
            test_.holds.push_back(wish);
          }
        },
        [](const membership_changed&) {},
        [](const friendship_changed&) {},
        [](const end_sockets&) {},
        [](const role_changed&) {},
        [this](const to_presence& what) { std::visit([this](const auto& m) { note(m); }, what.message); },
        [](const presence_idle&) {},
        [](const retire_room&) {},
        [](const look_at_node&) {},
        [](const find_sockets&) {},
        [](const events_heard&) {},
        [](const list_rooms_in_use&) {},
        [](const logs_reached&) {},
        [](const end_all_sockets&) {},
        [](const presence_heard&) {},
        [](save_presence_again) {},
        [](const count_rooms&) {},
        [](const close_directory&) {},
    };
  }

 private:
  void note(const user_came_on& what) { add("on ", what.user); }
  void note(const user_went_off& what) { add("off ", what.user, what.at_once ? " at once" : ""); }
  void note(const watch_user& what) { add("watch ", what.user); }
  void note(const watcher_knows& what) { test_.told_presence.push_back(what.read); }
  void note(const unwatch_user& what) { add("unwatch ", what.user); }
  void add(const std::string& what, user_id user, const std::string& more = {}) {
    test_.presence_log.push_back(what + std::to_string(user.bytes[15]) + more);
  }
  session_fixture& test_;
};

session_fixture::session_fixture() {
  services->directory = system->spawn<scripted_directory>(*this);
  store.add_user(me, "me");
  store.add_user(other, "other");
  store.tokens[token] = {me, time.now() + std::chrono::hours(1)};
  who.user = store.accounts[me].user.profile;
  who.token = token;
  who.send_allowance = std::make_shared<rate_limiter>(rate{});
  out.on_room_failed = [this](connection_ref, room_id room, sequence position) {
    caf::anon_send(session, room_failed{room, position});
  };
}

session_fixture::~session_fixture() {
  if (session) caf::anon_send(session, session_ended{});
  run();
  for (auto& [room, actor] : rooms) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  for (auto& actor : dead_rooms) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  rooms.clear();
  dead_rooms.clear();
  holds.clear();
  session = nullptr;
  run();
}

void session_fixture::open(replay_mode replay, std::optional<room_id> only) {
  out.connections[socket_ref] = {};
  session = spawn_session(*system, *services, {who, socket_ref, replay, only});
  run();
}

void session_fixture::submit(client_request request, std::optional<std::string> id) {
  caf::anon_send(session,
                 session_frame{std::make_shared<client_frame>(client_frame{std::move(id), std::move(request)})});
}

void session_fixture::step(room_id room, catch_up_step::kind what, sequence position, std::uint32_t events,
                           const std::string& frames) {
  const auto ask = asked.at(room).back();
  caf::anon_send(session, catch_up_step{room, ask.replay, what, position, events,
                                        frames.empty() ? nullptr : std::make_shared<const std::string>(frames)});
}

void session_fixture::kill_room(room_id room) {
  dead_rooms.push_back(rooms.at(room));
  rooms.erase(room);
  out.fail_room(room);
  caf::anon_send(session, room_failed{room, room_failed::unknown_position});
}

void session_fixture::answer_hold(const hold_room& wish) {
  ++held[wish.room];
  if (!rooms.contains(wish.room)) rooms[wish.room] = system->spawn<scripted_room>(*this, wish.room);
  caf::anon_send(wish.session, room_held{wish.room, rooms[wish.room], true, wish.number});
}

}  // namespace parley::testing
