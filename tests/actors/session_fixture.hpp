// A real session between a modelled connection and rooms that do only what the test says.
#pragma once

#include <deque>
#include <map>
#include <variant>
#include <vector>

#include "actors/session_actor.hpp"
#include "node_fixture.hpp"

namespace parley::testing {

constexpr connection_ref socket_ref{0, 1};

class session_fixture : public node_fixture {
 protected:
  session_fixture() {
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
  ~session_fixture() override {
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

  void open(replay_mode replay = replay_mode::unread, std::optional<room_id> only = {}) {
    out.connections[socket_ref] = {};
    session = spawn_session(*system, *services, {who, socket_ref, replay, only});
    run();
  }
  void submit(client_request request, std::optional<std::string> id = std::nullopt) {
    caf::anon_send(session,
                   session_frame{std::make_shared<client_frame>(client_frame{std::move(id), std::move(request)})});
  }
  void say(const std::string& id, const std::string& content, std::optional<room_id> room) {
    submit(durable_frame{room, send_message{content, {}, {}, {}}}, id);
  }
  void resume(const std::string& id, std::vector<std::pair<room_id, sequence>> where) {
    submit(resume_frame{false, std::move(where)}, id);
  }
  /// The room's answer to the session's latest catch_up.
  void step(room_id room, catch_up_step::kind what, sequence position, std::uint32_t events = 0,
            const std::string& frames = {}) {
    const auto ask = asked.at(room).back();
    caf::anon_send(session, catch_up_step{room, ask.replay, what, position, events,
                                          frames.empty() ? nullptr : std::make_shared<const std::string>(frames)});
  }
  void attach(room_id room, sequence position) {
    step(room, catch_up_step::kind::attached, position);
    out.attach(socket_ref, {room, me, position, nullptr});
    run();
  }
  /// The contents of the messages that reached the room, in order.
  std::vector<std::string> contents(room_id room) {
    std::vector<std::string> out_lines;
    for (const auto& command : posted[room]) {
      const auto* send = std::get_if<send_message>(&command->command);
      out_lines.push_back(send != nullptr ? send->content.value_or("null") : "change");
    }
    return out_lines;
  }
  [[nodiscard]] std::optional<close_code> closed() { return out.connections[socket_ref].closed; }
  /// The room's actor died: the directory and the shard say so, as far as the test lets the shard run.
  void kill_room(room_id room) {
    dead_rooms.push_back(rooms.at(room));
    rooms.erase(room);
    out.fail_room(room);
    caf::anon_send(session, room_failed{room, room_failed::unknown_position});
  }

  user_id me = id_of<user_id>(1), other = id_of<user_id>(2), third = id_of<user_id>(3);
  room_id red = id_of<room_id>(1), green = id_of<room_id>(2), blue = id_of<room_id>(3);
  token_hash token{{9}};
  principal who;
  session_handle session;

  // What the scripted parts saw.
  std::map<room_id, room_handle> rooms;
  std::vector<room_handle> dead_rooms;
  std::map<room_id, std::vector<catch_up>> asked;
  std::map<room_id, std::vector<std::shared_ptr<pending_command>>> posted;
  std::map<room_id, std::vector<relay_typing>> typed;
  std::map<room_id, std::vector<move_read_marker>> marked;
  std::map<room_id, int> released, held;
  std::deque<hold_room> holds;  ///< Waiting, while hold_at_once is false.
  bool hold_at_once = true;
  bool attach_at_once = false;
  std::vector<std::string> presence_log;  ///< `on 1`, `off 1`, `off 1 at once`, `watch 2`, `unwatch 2`
  int registered = 0, unregistered = 0;

  void answer_hold(const hold_room& wish) {
    ++held[wish.room];
    if (!rooms.contains(wish.room)) rooms[wish.room] = system->spawn<scripted_room>(*this, wish.room);
    caf::anon_send(wish.session, room_held{wish.room, rooms[wish.room], true});
  }
  void answer_holds() {
    for (const auto& wish : std::exchange(holds, {})) answer_hold(wish);
    run();
  }

 private:
  class scripted_room final : public room_handle::base {
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
          [this](const relay_typing& what) { test_.typed[id_].push_back(what); },
          [this](const move_read_marker& what) { test_.marked[id_].push_back(what); },
          [](const room_tick&) {},
          [](const retirement_decided&) {},
          [](const marker_known&) {},
          [](const markers_stored&) {},
          [](const close_room&) {},
      };
    }

   private:
    session_fixture& test_;
    room_id id_;
  };

  class scripted_directory final : public directory_handle::base {
   public:
    scripted_directory(caf::actor_config& config, session_fixture& test)
        : directory_handle::base(config), test_(test) {}
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
          [](const end_token&) {},
          [this](const to_presence& what) { std::visit([this](const auto& m) { note(m); }, what.message); },
          [](const presence_idle&) {},
          [](const retire_room&) {},
          [](const close_directory&) {},
      };
    }

   private:
    void note(const user_came_on& what) { add("on ", what.user); }
    void note(const user_went_off& what) { add("off ", what.user, what.at_once ? " at once" : ""); }
    void note(const watch_user& what) { add("watch ", what.user); }
    void note(const unwatch_user& what) { add("unwatch ", what.user); }
    void add(const std::string& what, user_id user, const std::string& more = {}) {
      test_.presence_log.push_back(what + std::to_string(user.bytes[15]) + more);
    }
    session_fixture& test_;
  };
};

}  // namespace parley::testing
