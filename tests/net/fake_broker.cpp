#include "net/fake_broker.hpp"

#include <thread>

namespace parley {
namespace {

/// What each kind of request gets.
struct replies {
  fake_broker& of;

  void answer_call(call<authenticate>& asked) {
    if (asked.request.token != "good") {
      return asked.reply(make_error(error_code::unauthenticated, "token: is unknown"));
    }
    asked.reply(principal{fake_broker::ada().profile, {}, {}, nullptr, nullptr});
  }
  template <class Request>
  void answer_call(call<Request>& asked) {
    if (of.failure) return asked.reply(*of.failure);
    asked.reply(reply_to(asked.request));
  }

  static room_summary room(room_id id) { return {id, "Engines", true, {}, 4, 3, 1}; }
  own_profile reply_to(const register_user&) { return fake_broker::ada(); }
  log_in::reply reply_to(const log_in&) { return {"good", timestamp{}, fake_broker::ada()}; }
  enter_by_name::reply reply_to(const enter_by_name&) {
    return {{fake_broker::ada().profile, {}, {}, nullptr, nullptr}, room_one};
  }
  std::monostate reply_to(const log_out&) { return {}; }
  page<search_hit> reply_to(const search_messages& request) {
    history_item item{room_one, 4, {}, {}, {}, {}};
    item.message.content = "say " + request.text;
    return {{{item, {{"say ", false}, {request.text, true}}}}, of.next_cursor};
  }
  begin_upload::reply reply_to(const begin_upload&) { return {file_one, std::make_shared<const int>(0)}; }
  std::monostate reply_to(const put_file_block& request) {
    of.file_bytes += request.bytes;
    return {};
  }
  std::monostate reply_to(const finish_upload&) { return {}; }
  stored_file reply_to(const open_file& request) {
    return {request.file, ada_id, request.name, "text/plain; charset=utf-8", of.file_bytes.size() + of.lost_bytes};
  }
  std::string reply_to(const read_file_block& request) {
    const auto from = request.block * file_block_bytes;
    return from < of.file_bytes.size() ? of.file_bytes.substr(from, file_block_bytes) : std::string();
  }
  own_files reply_to(const list_own_files&) {
    return {{{{{file_one, ada_id, "a b.txt", "text/plain; charset=utf-8", 5}, timestamp{}}}, of.next_cursor}, 7};
  }
  std::monostate reply_to(const delete_own_file&) { return {}; }
  sign_file::reply reply_to(const sign_file& request) { return {request.file_url + "?signature=x", timestamp{}}; }
  own_profile reply_to(const get_me&) { return fake_broker::ada(); }
  own_profile reply_to(const change_me&) { return fake_broker::ada(); }
  std::monostate reply_to(const change_own_password&) { return {}; }
  std::vector<token_item> reply_to(const list_own_tokens&) {
    token_item other;
    other.hash.bytes.fill(1);
    other.user_agent = "curl/8";
    return {token_item{}, other};
  }
  std::monostate reply_to(const end_own_token&) { return {}; }
  page<own_profile> reply_to(const list_accounts&) { return {{fake_broker::ada()}, of.next_cursor}; }
  own_profile reply_to(const change_user&) { return fake_broker::ada(); }
  std::monostate reply_to(const end_user_tokens&) { return {}; }
  std::monostate reply_to(const reset_password&) { return {}; }
  page<connected_user> reply_to(const list_connections&) { return {{{fake_broker::ada().profile, 2}}, of.next_cursor}; }
  std::vector<node_seen> reply_to(const list_nodes&) { return {}; }
  presence_explanation reply_to(const explain_presence&) { return {}; }
  cluster_rooms reply_to(const list_cluster_rooms&) { return of.rooms_in_use; }
  message_life reply_to(const trace_message&) { return of.traced; }
  page<active_room> reply_to(const list_active_rooms&) { return {{{room_one, "Engines", true, 2, 4}}, of.next_cursor}; }
  page<room_ban> reply_to(const list_bans&) {
    return {{{fake_broker::ada().profile, bob_id, "adverts", timestamp{}, true}}, of.next_cursor};
  }
  page<room_mute> reply_to(const list_mutes&) {
    return {{{fake_broker::ada().profile, bob_id, {}, timestamp{}, timestamp{}}}, of.next_cursor};
  }
  static filed_report filed(message_id message) { return {{}, message, report_reason::spam, timestamp{}, false}; }
  filed_report reply_to(const report_message& request) { return filed(request.message); }
  report_item reply_to(const decide_report& request) {
    report_item item;
    item.report = filed({});
    item.reporter = item.sender = fake_broker::ada().profile;
    item.status = request.status;
    item.note = request.note;
    return item;
  }
  page<report_item> reply_to(const list_reports&) { return {{reply_to(decide_report{})}, of.next_cursor}; }
  page<audit_entry> reply_to(const list_audit&) {
    audit_entry entry{{{}, timestamp{}, ada_id, audit_action::role_changed, bob_id, {}, {}, "user -> admin"}, {}, {}};
    entry.actor = fake_broker::ada().profile;
    return {{entry}, of.next_cursor};
  }
  page<user_profile> reply_to(const find_users&) { return {{fake_broker::ada().profile}, of.next_cursor}; }
  user_profile reply_to(const get_user&) { return fake_broker::ada().profile; }
  std::vector<presence_record> reply_to(const get_presence&) { return {{ada_id, true, {}}}; }
  static friend_item bob(friend_status status) {
    return {{bob_id, "bob", "Bob", {}, role::user}, status, bob_id, timestamp{}};
  }
  page<friend_item> reply_to(const list_friends& request) {
    return {{bob(request.status.value_or(friend_status::accepted))}, of.next_cursor};
  }
  std::optional<friend_item> reply_to(const change_friendship& request) {
    using enum friend_action;
    if (request.action == decline || request.action == unblock || request.action == remove) return std::nullopt;
    return bob(request.action == ask      ? friend_status::pending
               : request.action == accept ? friend_status::accepted
                                          : friend_status::blocked);
  }
  create_room::reply reply_to(const create_room&) { return {room(room_one), of.created}; }
  page<room_summary> reply_to(const list_rooms&) { return {{room(room_one)}, of.next_cursor}; }
  result<room_summary> reply_to(const get_room& request) {
    if (request.room == room_one) return room(room_one);
    return not_found("room: there is none");
  }
  /// Ada and Bob, in pages.
  page<room_member> reply_to(const list_members& request) {
    page<room_member> found;
    for (const auto& profile : {fake_broker::ada().profile, user_profile{bob_id, "bob", "Bob", {}, role::user}}) {
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
                          of.duplicate},
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
    return {{item}, of.next_cursor};
  }
  page<durable_event> reply_to(const get_events&) {
    return {{{room_one, 9, member_joined{ada_id, ada_id, join_reason::created}}}, of.next_cursor};
  }
};

}  // namespace

void fake_broker::submit(any_call what) {
  if (hold_) {
    const std::lock_guard lock(mutex_);
    held_.push_back(std::move(what));
    return;
  }
  answer_now(std::move(what));
}

std::unique_ptr<client_session> fake_broker::open_session(session_request request) {
  struct silent_session final : client_session {
    void submit(client_frame) override {}
    void room_failed(room_id, sequence) override {}
  };
  const std::lock_guard lock(mutex_);
  sessions_.push_back(std::move(request));
  return std::make_unique<silent_session>();
}

std::size_t fake_broker::session_count() {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

session_request fake_broker::session(std::size_t index) {
  const std::lock_guard lock(mutex_);
  return sessions_.at(index);
}

std::size_t fake_broker::held_count() {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

void fake_broker::release() {
  hold_ = false;
  std::vector<any_call> held;
  {
    const std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  for (auto& what : held) answer_now(std::move(what));
}

void fake_broker::forget() {
  hold_ = false;
  const std::lock_guard lock(mutex_);
  held_.clear();
}

void fake_broker::answer_now(any_call what) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(what);
    std::visit([](auto& asked) { asked.reply = {}; },
               asked_.back());  // a copy would keep the answer pending
  }
  // Actors answer on threads of their own.
  std::thread([&] {
    std::visit([this](auto& asked) { replies{*this}.answer_call(asked); }, what);
    what = call<get_me>{};  // the last handle goes on this thread, as on an actor's
  }).join();
}

}  // namespace parley
