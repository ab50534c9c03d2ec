// How each request of a client finds the actor that answers it.
#include "actors/actor_broker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "actors/cluster_rooms.hpp"
#include "actors/file_access.hpp"
#include "actors/file_shelf.hpp"
#include "actors/moderation_work.hpp"
#include "actors/new_room_news.hpp"
#include "actors/node_view.hpp"
#include "actors/presence_explanation.hpp"
#include "actors/queries.hpp"
#include "actors/read_pool.hpp"
#include "actors/session_actor.hpp"
#include "actors/storage_pool.hpp"
#include "actors/trace_actor.hpp"
#include "parley/refusals.hpp"

namespace parley {
namespace {

constexpr const char* too_many_sends = "Too many messages at once; wait a moment.";
constexpr const char* too_many_changes = "Too many changes at once; wait a moment.";

template <class Request>
constexpr bool is_account_request =
    std::is_same_v<Request, register_user> || std::is_same_v<Request, log_in> ||
    std::is_same_v<Request, authenticate> || std::is_same_v<Request, log_out> ||
    std::is_same_v<Request, enter_by_name> || std::is_same_v<Request, change_own_password> ||
    std::is_same_v<Request, end_own_token> || std::is_same_v<Request, change_user> ||
    std::is_same_v<Request, end_user_tokens> || std::is_same_v<Request, reset_password>;

/// A connection's hold on its session.
class open_socket final : public client_session {
 public:
  explicit open_socket(session_handle session) : session_(std::move(session)) {}
  ~open_socket() override { caf::anon_send(session_, session_ended{}); }
  void submit(client_frame frame) override {
    caf::anon_send(session_, session_frame{std::make_shared<client_frame>(std::move(frame))});
  }
  void room_failed(room_id room, sequence position) override {
    caf::anon_send(session_, parley::room_failed{room, position});
  }

 private:
  session_handle session_;
};

/// What limits that command of one log-in; null: nothing but what the room itself may hold.
const std::shared_ptr<rate_limiter>& allowance_for(const principal& who, const durable_command& command) {
  static const std::shared_ptr<rate_limiter> none;
  if (std::holds_alternative<send_message>(command) || message_of(command)) return who.send_allowance;
  const auto* removal = std::get_if<remove_member>(&command);
  const bool comes_or_leaves =
      std::holds_alternative<invite_members>(command) || (removal != nullptr && removal->user == who.user.id);
  return comes_or_leaves ? none : who.change_allowance;
}

const principal* caller_of(const principal& who) { return &who; }
/// Null: the operator, who has no token.
const principal* caller_of(const std::optional<principal>& who) { return who ? &*who : nullptr; }

/// Runs on a reading thread. The token is looked at behind the read.
template <class Request>
result<typename Request::reply> answer_while_valid(database_reader& store, const Request& request, const clock& time) {
  auto found = [&] {
    if constexpr (requires { answer_query(store, request, time.now()); }) {
      return answer_query(store, request, time.now());
    } else {
      return answer_query(store, request);
    }
  }();
  const auto* who = caller_of(request.who);
  if (!found || who == nullptr) return found;
  if (const auto valid = check_token(store, *who, time.now()); !valid) return valid.error();
  return found;
}

/// One key for two people, whoever acts.
uuid key_of_pair(const user_id& one, const user_id& other) {
  uuid key = one;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] ^= other.bytes[i];
  return key;
}

/// Everybody once, the creator not at all.
std::vector<user_id> others_of(const create_room& ask) {
  auto others = ask.members;
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  std::erase(others, ask.who.user.id);
  return others;
}

result<void> check_members(const create_room& ask, const std::vector<user_id>& others, const limits_config& limits) {
  if (!ask.is_group && (ask.members.size() != 1 || others.empty())) {
    return bad_request("user_id: a private room is for you and exactly one other.");
  }
  if (others.size() + 1 > limits.room_members) {
    return make_error(error_code::conflict, "members: at most " + std::to_string(limits.room_members) + " in a room.");
  }
  return {};
}

/// One creation of a room on its way through writer and reader; each step runs where its answer came from.
struct room_creation : std::enable_shared_from_this<room_creation> {
  room_creation(const actor_services& shared, call<create_room> asked) : services(shared), ask(std::move(asked)) {}

  void start() {
    others = others_of(ask.request);
    if (const auto checked = check_members(ask.request, others, services.settings.limits); !checked) {
      return ask.reply(checked.error());
    }
    new_room room{room_id(services.ids.next()), std::nullopt, ask.request.is_group, ask.request.who.user.id, others, {},
                  services.time.now()};
    if (room.is_group) room.name = ask.request.name;
    for (std::size_t i = 0; i < others.size() + 1; ++i) room.membership_ids.push_back(services.ids.next());
    write_job job([room, self = shared_from_this()](record_writer& writer) -> result<void> {
      auto created = writer.create_room(room);
      if (!created) return created.error();
      self->made = std::move(*created);
      return {};
    });
    job.alone = !room.is_group;
    job.key = room.creator;  // whom it locks
    services.storage->write(room.is_group ? room.id : key_of_pair(room.creator, others.front()), std::move(job),
                            answer<std::monostate>([self = shared_from_this()](const result<std::monostate>& done) {
                              if (!done) return self->ask.reply(done.error());
                              self->tell();
                            }));
  }

  void tell() {
    if (made.created) tell_of_new_room(services, made.id, made.members);
    services.reads->ask<room_summary>([user = ask.request.who.user.id,
                                       room = made.id](database_reader& store) { return room_for(store, user, room); },
                                      answer<room_summary>([self = shared_from_this()](result<room_summary> room) {
                                        if (!room) return self->ask.reply(room.error());
                                        self->ask.reply(create_room::reply{std::move(*room), self->made.created});
                                      }));
  }

  const actor_services& services;
  call<create_room> ask;
  std::vector<user_id> others;
  created_room made;
};

/// One change of a friendship on its way through the writer; each step runs where its answer came from.
struct friendship_work : std::enable_shared_from_this<friendship_work> {
  friendship_work(const actor_services& shared, call<change_friendship> asked)
      : services(shared), ask(std::move(asked)) {}

  void start() {
    const auto& [who, other, action] = ask.request;
    if (other == who.user.id) return ask.reply(bad_request("user_id: that is you."));
    // A pair's changes are told in the order in which they were stored: they all go to the same worker.
    services.storage->write(
        key_of_pair(who.user.id, other),
        alone([self = shared_from_this(), at = services.time.now()](record_writer& writer) -> result<void> {
          const auto& wish = self->ask.request;
          auto changed = writer.change_friendship(wish.who.user.id, wish.other, wish.action, at);
          if (!changed) return changed.error();
          self->change = std::move(*changed);
          for (const auto& notice : self->notices()) {
            writer.tell_nodes({notice.user, friendship_stored{notice.what.user, notice.what.status, notice.what.by}});
          }
          return {};
        }),
        answer<std::monostate>([self = shared_from_this()](const result<std::monostate>& done) {
          if (!done) return self->ask.reply(done.error());
          self->tell();
        }));
  }

  /// What there is to tell, and whom.
  [[nodiscard]] std::vector<friendship_changed> notices() const {
    const auto me = ask.request.who.user.id;
    const auto other = ask.request.other;
    const auto& [before, after, item] = change;
    std::vector<friendship_changed> told;
    if (before.seen_by_me() != after.seen_by_me()) told.push_back({me, {other, after.seen_by_me(), me}});
    if (before.seen_by_them() != after.seen_by_them()) told.push_back({other, {me, after.seen_by_them(), me}});
    return told;
  }

  /// Where there are other nodes, in the order of the control log: else an older change could come behind a newer one.
  void tell() {
    if (services.control) {
      caf::anon_send(services.control, read_control_log{true});
    } else {
      for (const auto& notice : notices()) caf::anon_send(services.directory, notice);
    }
    ask.reply(std::move(change.item));
  }

  const actor_services& services;
  call<change_friendship> ask;
  friendship_change change;
};

}  // namespace

void actor_broker::submit(any_call what) {
  std::visit([this](auto& ask) { handle(std::move(ask)); }, what);
}

std::unique_ptr<client_session> actor_broker::open_session(session_request request) {
  return std::make_unique<open_socket>(spawn_session(system_, services_, std::move(request)));
}

template <class Request>
void actor_broker::handle(call<Request> ask) {
  if constexpr (is_account_request<Request>) {
    caf::anon_send(accounts_, std::move(ask));
  } else {
    read(std::move(ask));
  }
}

template <class Request>
void actor_broker::read(call<Request> ask) {
  read_from(*services_.reads, std::move(ask));
}

/// `place`: held until it is answered.
template <class Request>
void actor_broker::read_from(const read_pool& readers, call<Request> ask, queue_place place) {
  readers.ask<typename Request::reply>(
      [request = std::move(ask.request), place = std::move(place), &time = services_.time](database_reader& store) {
        return answer_while_valid(store, request, time);
      },
      std::move(ask.reply));
}

/// Null when the allowance has room.
std::optional<error> actor_broker::over(const std::shared_ptr<rate_limiter>& allowance, const char* message) const {
  if (!allowance) return std::nullopt;
  const auto wait_ms = allowance->try_take(services_.time.steady_now());
  if (wait_ms <= 0) return std::nullopt;
  services_.counts.rate_limited_total.add();
  return error{error_code::rate_limited, message, wait_ms};
}

void actor_broker::handle(call<change_me> ask) {
  if (auto fault = over(ask.request.who.change_allowance, too_many_changes)) return ask.reply(std::move(*fault));
  caf::anon_send(accounts_, std::move(ask));
}

void actor_broker::handle(call<change_friendship> ask) {
  if (auto fault = over(ask.request.who.change_allowance, too_many_changes)) return ask.reply(std::move(*fault));
  std::make_shared<friendship_work>(services_, std::move(ask))->start();
}

void actor_broker::handle(call<create_room> ask) {
  std::make_shared<room_creation>(services_, std::move(ask))->start();
}

void actor_broker::handle(call<change_room> ask) {
  const auto& allowance = allowance_for(ask.request.who, ask.request.command);
  const bool is_send = allowance == ask.request.who.send_allowance;
  if (auto fault = over(allowance, is_send ? too_many_sends : too_many_changes)) return ask.reply(std::move(*fault));
  if (const auto room = ask.request.room) return post(*room, std::move(ask));
  const auto message = message_of(ask.request.command);
  if (!message) return ask.reply(bad_request("room_id is missing."));
  using found = std::optional<room_id>;
  services_.reads->ask<found>([message = *message](database_reader& store) { return store.room_of_message(message); },
                              answer<found>([this, ask](const result<found>& room) {
                                if (!room) return ask.reply(room.error());
                                if (!*room) return ask.reply(no_such_room());
                                post(**room, ask);
                              }));
}

void actor_broker::post(room_id room, call<change_room> ask) {
  if (!services_.knows_who_is_out()) return ask.reply(not_up_to_date());
  auto command = std::make_shared<pending_command>();
  if (const auto* invite = std::get_if<invite_members>(&ask.request.command)) {
    for (std::size_t i = 0; i < invite->users.size(); ++i) command->membership_ids.push_back(services_.ids.next());
  }
  command->user = ask.request.who.user.id;
  command->new_id = services_.ids.next();
  command->reply = std::move(ask.reply);
  const auto* ban = std::get_if<ban_member>(&ask.request.command);
  if (ban != nullptr && ban->remove_messages) {
    command->reply = answer<change_room::reply>(
        [removals = services_.removals,
         what = message_removal{removal_id(command->new_id), room, ban->user, command->user, 0},
         reply = std::move(command->reply)](result<change_room::reply> done) {
          if (done && !done->is_duplicate && removals) caf::anon_send(removals, begin_removal{what});
          reply(std::move(done));
        });
  }
  command->command = std::move(ask.request.command);
  caf::anon_send(services_.directory, to_room{room, post_to_room{std::move(command)}});
}

/// Behind the searches of one user nobody waits for anything else, and nobody for more than a few of them.
void actor_broker::handle(call<search_messages> ask) {
  if (!services_.knows_who_is_out()) return ask.reply(not_up_to_date());
  auto place = searches_->try_enter(ask.request.who.user.id);
  if (!place) {
    return ask.reply(
        busy(fmt::format("search: {} of yours are being answered; wait for one.", searches_->of_each()), 500));
  }
  read_from(*services_.searches, std::move(ask), std::move(place));
}

void actor_broker::handle(call<begin_upload> ask) { caf::anon_send(files_, std::move(ask)); }
void actor_broker::handle(call<finish_upload> ask) { caf::anon_send(files_, std::move(ask)); }
void actor_broker::handle(call<put_file_block> ask) {
  services_.shelf->put(ask.request.file, ask.request.block, std::move(ask.request.bytes), std::move(ask.reply));
}
void actor_broker::handle(call<read_file_block> ask) {
  services_.shelf->get(ask.request.file, ask.request.block, std::move(ask.reply));
}
void actor_broker::handle(call<open_file> ask) {
  services_.reads->ask<stored_file>(
      [request = std::move(ask.request), this](database_reader& store) {
        return find_file(store, request, services_.file_key, services_.time.now());
      },
      std::move(ask.reply));
}
void actor_broker::handle(call<sign_file> ask) {
  services_.reads->ask<sign_file::reply>(
      [request = std::move(ask.request), this](database_reader& store) {
        return sign_address(store, request, services_.file_key,
                            std::chrono::seconds(services_.settings.files.sign_seconds), services_.time.now());
      },
      std::move(ask.reply));
}

void actor_broker::handle(call<delete_own_file> ask) {
  if (auto fault = over(ask.request.who.change_allowance, too_many_changes)) return ask.reply(std::move(*fault));
  caf::anon_send(files_, std::move(ask));
}

void actor_broker::handle(call<list_mutes> ask) {
  ask.request.now = services_.time.now();
  read(std::move(ask));
}

void actor_broker::handle(call<report_message> ask) {
  if (auto fault = over(ask.request.who.change_allowance, too_many_changes)) return ask.reply(std::move(*fault));
  file_report(services_, std::move(ask));
}

void actor_broker::handle(call<decide_report> ask) {
  if (auto fault = over(ask.request.who.change_allowance, too_many_changes)) return ask.reply(std::move(*fault));
  decide(services_, std::move(ask));
}

void actor_broker::handle(call<list_connections> ask) { show_node(services_, std::move(ask)); }
void actor_broker::handle(call<list_active_rooms> ask) { show_node(services_, std::move(ask)); }
void actor_broker::handle(call<list_nodes> ask) {
  services_.reads->ask<list_nodes::reply>([](database_reader& store) { return store.nodes(); }, std::move(ask.reply));
}

void actor_broker::handle(call<list_cluster_rooms> ask) { show_cluster_rooms(services_, std::move(ask)); }
void actor_broker::handle(call<trace_message> ask) {
  if (services_.tracer) return caf::anon_send(services_.tracer, trace_everywhere{std::move(ask)});
  ask.reply(life_here(services_, ask.request.message));
}

void actor_broker::handle(call<explain_presence> ask) {
  if (services_.tracer) return caf::anon_send(services_.tracer, explain_everywhere{std::move(ask)});
  using log_ins = std::vector<open_sockets>;
  answer<log_ins> found([&services = services_, ask](result<log_ins> here) {
    if (!here) return ask.reply(here.error());
    const auto self = services.identity == nullptr ? uuid{} : services.identity->get();
    explain(services, {{{services.settings.node.name, std::move(*here)}}, {}, self}, ask);
  });
  caf::anon_send(services_.directory, find_sockets{ask.request.user, std::move(found)});
}

void actor_broker::handle(call<mark_read> ask) {
  const auto& what = ask.request;
  caf::anon_send(services_.directory,
                 to_room{what.room, move_read_marker{what.who.user.id, what.seq, std::move(ask.reply)}});
}

}  // namespace parley
