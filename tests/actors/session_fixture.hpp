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
  session_fixture();
  ~session_fixture() override;

  void open(replay_mode replay = replay_mode::unread, std::optional<room_id> only = {});
  void submit(client_request request, std::optional<std::string> id = std::nullopt);
  void say(const std::string& id, const std::string& content, std::optional<room_id> room) {
    submit(durable_frame{room, send_message{content, {}, {}, {}}}, id);
  }
  void resume(const std::string& id, std::vector<std::pair<room_id, sequence>> where) {
    submit(resume_frame{false, std::move(where)}, id);
  }
  /// The room's answer to the session's latest catch_up.
  void step(room_id room, catch_up_step::kind what, sequence position, std::uint32_t events = 0,
            const std::string& frames = {});
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
  void kill_room(room_id room);

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
  std::vector<presence_record> told_presence;  ///< Of which the records hear that the client knows it.
  std::vector<std::string> presence_log;       ///< `on 1`, `off 1`, `off 1 at once`, `watch 2`, `unwatch 2`
  int registered = 0, unregistered = 0;

  void answer_hold(const hold_room& wish);
  void answer_holds() {
    for (const auto& wish : std::exchange(holds, {})) answer_hold(wish);
    run();
  }

 private:
  class scripted_room;
  class scripted_directory;
};

}  // namespace parley::testing
