// A broker for tests of the HTTP side: canned replies, given on another thread, and a note of what was asked.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "parley/client_ports.hpp"

namespace parley {

inline const auto ada_id = *user_id::parse("01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a01");
inline const auto bob_id = *user_id::parse("01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a02");
inline const auto room_one = *room_id::parse("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01");
inline const auto message_one = *message_id::parse("01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01");

/// Knows the token "good" of Ada, who is in room_one. Everything else is as each test sets it.
class fake_broker final : public broker {
 public:
  void submit(any_call what) override {
    if (hold_) {
      const std::lock_guard lock(mutex_);
      held_.push_back(std::move(what));
      return;
    }
    answer_now(std::move(what));
  }

  std::unique_ptr<client_session> open_session(session_request request) override {
    struct silent_session final : client_session {
      void submit(client_frame) override {}
      void room_failed(room_id, sequence) override {}
    };
    const std::lock_guard lock(mutex_);
    sessions_.push_back(std::move(request));
    return std::make_unique<silent_session>();
  }

  /// The last request of that kind; waits for none.
  template <class Request>
  std::optional<Request> last() {
    const std::lock_guard lock(mutex_);
    std::optional<Request> found;
    for (auto& what : asked_) {
      if (auto* asked = std::get_if<call<Request>>(&what)) found = asked->request;
    }
    return found;
  }
  template <class Request>
  std::ptrdiff_t count() {
    const std::lock_guard lock(mutex_);
    return std::count_if(asked_.begin(), asked_.end(),
                         [](const any_call& what) { return std::holds_alternative<call<Request>>(what); });
  }
  std::size_t session_count() {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
  }
  session_request session(std::size_t index) {
    const std::lock_guard lock(mutex_);
    return sessions_.at(index);
  }

  void hold(bool hold) { hold_ = hold; }
  std::size_t held_count() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  void release() {
    hold_ = false;
    std::vector<any_call> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (auto& what : held) answer_now(std::move(what));
  }
  /// As when an actor dies: the answers go unanswered.
  void forget() {
    hold_ = false;
    const std::lock_guard lock(mutex_);
    held_.clear();
  }

  /// Given to whatever is asked after `authenticate`, when set.
  std::optional<error> failure;
  bool duplicate = false;
  bool created = true;
  std::optional<std::string> next_cursor;

  [[nodiscard]] static own_profile ada() {
    return {{ada_id, "ada", "Ada", {}, role::user}, "ada@example.org", {}, account_flag::active, timestamp{}};
  }

 private:
  void answer_now(any_call what) {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(what);
      std::visit([](auto& asked) { asked.reply = {}; },
                 asked_.back());  // a copy would keep the answer pending
    }
    // Actors answer on threads of their own.
    std::thread([&] {
      std::visit([this](auto& asked) { answer_call(asked); }, what);
      what = call<get_me>{};  // the last handle goes on this thread, as on an actor's
    }).join();
  }

  void answer_call(call<authenticate>& asked) {
    if (asked.request.token != "good") {
      return asked.reply(make_error(error_code::unauthenticated, "token: is unknown"));
    }
    asked.reply(principal{ada().profile, {}, {}, nullptr});
  }
  template <class Request>
  void answer_call(call<Request>& asked) {
    if (failure) return asked.reply(*failure);
    asked.reply(reply_to(asked.request));
  }

  static room_summary room(room_id id) { return {id, "Engines", true, {}, 4, 3, 1}; }
  own_profile reply_to(const register_user&) { return ada(); }
  log_in::reply reply_to(const log_in&) { return {"good", timestamp{}, ada()}; }
  enter_by_name::reply reply_to(const enter_by_name&) { return {{ada().profile, {}, {}, nullptr}, room_one}; }
  std::monostate reply_to(const log_out&) { return {}; }
  own_profile reply_to(const get_me&) { return ada(); }
  page<user_profile> reply_to(const find_users&) { return {{ada().profile}, next_cursor}; }
  user_profile reply_to(const get_user&) { return ada().profile; }
  std::vector<presence_record> reply_to(const get_presence&) { return {{ada_id, true, {}}}; }
  create_room::reply reply_to(const create_room&) { return {room(room_one), created}; }
  page<room_summary> reply_to(const list_rooms&) { return {{room(room_one)}, next_cursor}; }
  result<room_summary> reply_to(const get_room& request) {
    if (request.room == room_one) return room(room_one);
    return not_found("room: there is none");
  }
  /// Ada and Bob, in pages.
  page<room_member> reply_to(const list_members& request) {
    page<room_member> found;
    for (const auto& profile : {ada().profile, user_profile{bob_id, "bob", "Bob", {}, role::user}}) {
      if (request.range.cursor && to_string(profile.id) <= *request.range.cursor) continue;
      if (found.items.size() == request.range.limit) {
        found.next_cursor = to_string(found.items.back().profile.id);
        break;
      }
      found.items.push_back({profile, timestamp{}});
    }
    return found;
  }
  change_room::reply reply_to(const change_room& request) {
    if (std::holds_alternative<send_message>(request.command)) {
      return {message_ack{room_one, message_one, 5, timestamp{}, std::get<send_message>(request.command).client_msg_id,
                          duplicate},
              {}};
    }
    if (std::holds_alternative<edit_message>(request.command))
      return {edit_ack{room_one, message_one, 6, timestamp{}}, {}};
    if (std::holds_alternative<delete_message>(request.command))
      return {delete_ack{room_one, message_one, 7, timestamp{}}, {}};
    if (std::holds_alternative<change_reaction>(request.command)) return {reaction_ack{room_one, {}, 8}, {}};
    return {empty_ack{}, {}};
  }
  read_ack reply_to(const mark_read& request) { return {request.room, request.seq, 0}; }
  page<history_item> reply_to(const get_history&) {
    history_item item;
    item.room = room_one;
    item.seq = 41;
    item.message = {message_one, ada_id, "Ada", "hello", {}, {}, {}, timestamp{}};
    return {{item}, next_cursor};
  }
  page<durable_event> reply_to(const get_events&) {
    return {{{room_one, 9, member_joined{ada_id, ada_id, join_reason::created}}}, next_cursor};
  }

  std::mutex mutex_;
  std::vector<any_call> asked_, held_;
  std::vector<session_request> sessions_;
  std::atomic<bool> hold_{false};
};

}  // namespace parley
