// The wire's names for every domain value; keep in step with docs/asyncapi.yaml and docs/openapi.yaml.
#include "net/json_writer.hpp"

#include <cstring>

namespace parley::json {
namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;  // clang 14 does not deduce it

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// Eight bytes at a time: true when one of them may need an escape (exact for ASCII; bytes of 0x80 and up
/// never do).
bool may_need_escape(const char* eight_bytes) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
  std::uint64_t word;
  std::memcpy(&word, eight_bytes, sizeof word);
  const auto has_zero = [](std::uint64_t v) { return (v - ones) & ~v & tops; };
  const auto below_space = (word - ones * 0x20) & ~word & tops;
  return (below_space | has_zero(word ^ ones * '"') | has_zero(word ^ ones * '\\')) != 0;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += hex[static_cast<unsigned char>(c) >> 4U];
      out += hex[static_cast<unsigned char>(c) & 0xFU];
  }
}

std::string_view name_of(reaction_action action) { return action == reaction_action::add ? "add" : "remove"; }
std::string_view name_of(join_reason reason) { return reason == join_reason::created ? "created" : "invited"; }
std::string_view name_of(leave_reason reason) { return reason == leave_reason::left ? "left" : "removed"; }

void add_profile(object_writer& object, const user_profile& user) {
  object.field("user_id", user.id)
      .field("username", user.username)
      .field("display_name", user.display_name)
      .field("img_url", user.img_url);
}

void add_message(object_writer& object, room_id room, sequence seq, const message_posted& message) {
  object.field("room_id", room)
      .field("seq", seq)
      .field("message_id", message.message)
      .field("user_id", message.sender)
      .field("display_name", message.display_name)
      .field("content", message.content)
      .field("file_url", message.file_url)
      .field("reply_to", message.reply_to)
      .field("client_msg_id", message.client_msg_id)
      .field("created_at", message.created_at);
}

/// Opens {"type": …, "data": and leaves the data to `write_data`.
template <class F>
void append_typed(std::string& out, std::string_view type, F write_data) {
  object_writer frame(out);
  frame.field("type", type);
  frame.begin("data");
  write_data();
}

std::string_view type_of(const event_body& body) {
  return std::visit(
      overloaded{
          [](const message_posted&) { return "new_message"; }, [](const message_edited&) { return "message_edited"; },
          [](const message_deleted&) { return "message_deleted"; }, [](const reaction_changed&) { return "reaction"; },
          [](const member_joined&) { return "member_joined"; }, [](const member_left&) { return "member_left"; },
          [](const room_renamed&) { return "room_renamed"; }, [](const member_muted&) { return "member_muted"; },
          [](const slow_mode_changed&) { return "slow_mode_changed"; }},
      body);
}

void add_body(object_writer& object, const message_edited& e) {
  object.field("message_id", e.message)
      .field("user_id", e.by)
      .field("content", e.content)
      .field("edited_at", e.edited_at);
}
void add_body(object_writer& object, const message_deleted& e) {
  object.field("message_id", e.message).field("user_id", e.by).field("deleted_at", e.deleted_at);
}
void add_body(object_writer& object, const reaction_changed& e) {
  object.field("message_id", e.message)
      .field("reaction_id", e.reaction)
      .field("user_id", e.by)
      .field("emoji", e.emoji)
      .field("action", name_of(e.action))
      .field("created_at", e.created_at);
}
void add_body(object_writer& object, const member_joined& e) {
  object.field("user_id", e.user).field("by", e.by).field("reason", name_of(e.reason));
}
void add_body(object_writer& object, const member_left& e) {
  object.field("user_id", e.user).field("by", e.by).field("reason", name_of(e.reason));
}
void add_body(object_writer& object, const room_renamed& e) { object.field("name", e.name).field("by", e.by); }
void add_body(object_writer& object, const member_muted& e) {
  object.field("user_id", e.user).field("by", e.by).field("until", e.until);
}
void add_body(object_writer& object, const slow_mode_changed& e) {
  object.field("slow_mode_seconds", e.seconds).field("by", e.by);
}

void append_event_data(std::string& out, const durable_event& event) {
  object_writer data(out);
  if (const auto* message = std::get_if<message_posted>(&event.body)) {
    add_message(data, event.room, event.seq, *message);
    return;
  }
  data.field("room_id", event.room).field("seq", event.seq);
  std::visit(overloaded{[](const message_posted&) {}, [&](const auto& body) { add_body(data, body); }}, event.body);
}

void append_ready(std::string& out, const ready_notice& ready) {
  object_writer data(out);
  data.field("session_id", ready.session);
  {
    object_writer user(data.begin("user"));
    add_profile(user, ready.user);
    user.field("role", to_string(ready.user.user_role));
  }
  data.field("server_time", ready.server_time).field("heartbeat_ms", ready.heartbeat_ms).field("rooms", ready.rooms);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  const char* run = text.data();
  const char* at = run;
  const char* const end = run + text.size();
  while (at != end) {
    if (end - at >= 8 && !may_need_escape(at)) {
      at += 8;
    } else if (!needs_escape(*at)) {
      ++at;
    } else {
      out.append(run, at);
      append_escape(out, *at);
      run = ++at;
    }
  }
  out.append(run, end);
  out += '"';
}

void append_object(std::string& out, const user_profile& user) {
  object_writer object(out);
  add_profile(object, user);
}

namespace {
void add_own_profile(object_writer& object, const own_profile& user) {
  add_profile(object, user.profile);
  object.field("role", to_string(user.profile.user_role))
      .field("email", user.email)
      .field("phone", user.phone)
      .field("created_at", user.created_at);
}
}  // namespace

void append_object(std::string& out, const own_profile& user) {
  object_writer object(out);
  add_own_profile(object, user);
}

void append_object(std::string& out, const account& of) {
  object_writer object(out);
  add_own_profile(object, of.user);
  object.field("flagDelete", to_string(of.user.flag));
}

void append_object(std::string& out, const connected_user& user) {
  object_writer object(out);
  add_profile(object, user.user);
  object.field("connections", user.connections);
}

void append_token(std::string& out, const token_item& token, bool is_current) {
  object_writer(out)
      .field("token_id", token_id_of(token.hash))
      .field("created_at", token.created_at)
      .field("last_used_at", token.last_used_at)
      .field("expires_at", token.expires_at)
      .field("user_agent", token.user_agent)
      .field("is_current", is_current);
}

void append_object(std::string& out, const room_summary& room) {
  object_writer(out)
      .field("room_id", room.id)
      .field("name", room.name)
      .field("is_group", room.is_group)
      .field("peer", room.peer)
      .field("last_seq", room.last_seq)
      .field("last_read_seq", room.last_read_seq)
      .field("unread", room.unread)
      .field("slow_mode_seconds", room.slow_mode_seconds)
      .field("muted_until", room.muted_until);
}

void append_object(std::string& out, const room_member& member) {
  object_writer object(out);
  add_profile(object, member.profile);
  object.field("joined_at", member.joined_at);
}

void append_object(std::string& out, const presence_record& presence) {
  object_writer(out)
      .field("user_id", presence.user)
      .field("is_online", presence.is_online)
      .field("last_seen", presence.last_seen);
}

void append_object(std::string& out, const friend_item& item) {
  object_writer(out)
      .field("user_id", item.profile.id)
      .field("profile", item.profile)
      .field("status", to_string(item.status))
      .field("by", item.by)
      .field("created_at", item.created_at);
}

void append_object(std::string& out, const reaction_summary& reaction) {
  object_writer(out).field("emoji", reaction.emoji).field("count", reaction.count).field("user_ids", reaction.users);
}

namespace {

void add_history(object_writer& object, const history_item& item) {
  add_message(object, item.room, item.seq, item.message);
  object.field("edited_at", item.edited_at).field("deleted_at", item.deleted_at).field("reactions", item.reactions);
}

}  // namespace

void append_object(std::string& out, const history_item& item) {
  object_writer object(out);
  add_history(object, item);
}

void append_object(std::string& out, const own_file& mine) {
  object_writer(out)
      .field("file_url", file_url_of(mine.file.id, mine.file.name))
      .field("name", mine.file.name)
      .field("size", mine.file.size)
      .field("content_type", mine.file.content_type)
      .field("created_at", mine.created_at);
}

void append_object(std::string& out, const search_hit& hit) {
  object_writer object(out);
  add_history(object, hit.item);
  object.field("snippet", hit.snippet);
}

void append_object(std::string& out, const snippet_part& part) {
  object_writer(out).field("text", part.text).field("is_hit", part.is_hit);
}

void append_object(std::string& out, const log_in::reply& reply) {
  object_writer(out).field("token", reply.token).field("expires_at", reply.expires_at).field("user", reply.user);
}

void append_object(std::string& out, const durable_event& event) {
  append_typed(out, type_of(event.body), [&] { append_event_data(out, event); });
}

void append_object(std::string& out, const ack_data& data) {
  object_writer object(out);
  std::visit(overloaded{[](const empty_ack&) {},
                        [&](const message_ack& a) {
                          object.field("room_id", a.room)
                              .field("message_id", a.message)
                              .field("seq", a.seq)
                              .field("created_at", a.created_at)
                              .field("client_msg_id", a.client_msg_id)
                              .field("duplicate", a.duplicate);
                        },
                        [&](const edit_ack& a) {
                          object.field("room_id", a.room)
                              .field("message_id", a.message)
                              .field("seq", a.seq)
                              .field("edited_at", a.edited_at);
                        },
                        [&](const delete_ack& a) {
                          object.field("room_id", a.room)
                              .field("message_id", a.message)
                              .field("seq", a.seq)
                              .field("deleted_at", a.deleted_at);
                        },
                        [&](const reaction_ack& a) {
                          object.field("room_id", a.room).field("reaction_id", a.reaction).field("seq", a.seq);
                        },
                        [&](const read_ack& a) {
                          object.field("room_id", a.room).field("seq", a.seq).field("unread", a.unread);
                        },
                        [&](const presence_ack& a) { object.field("users", a.users); }},
             data);
}

void append_object(std::string& out, const notice& what) {
  std::visit(
      overloaded{
          [&](const ready_notice& n) { append_typed(out, "ready", [&] { append_ready(out, n); }); },
          [&](const room_added_notice& n) { append_typed(out, "room_added", [&] { append_object(out, n.room); }); },
          [&](const room_removed_notice& n) {
            append_typed(out, "room_removed",
                         [&] { object_writer(out).field("room_id", n.room).field("reason", name_of(n.reason)); });
          },
          [&](const typing_notice& n) {
            append_typed(out, "typing", [&] {
              object_writer(out).field("room_id", n.room).field("user_id", n.user).field("is_typing", n.is_typing);
            });
          },
          [&](const read_notice& n) {
            append_typed(out, "read", [&] {
              object_writer(out).field("room_id", n.room).field("user_id", n.user).field("seq", n.seq);
            });
          },
          [&](const presence_notice& n) { append_typed(out, "presence", [&] { append_object(out, n.presence); }); },
          [&](const friend_notice& n) {
            append_typed(out, "friend", [&] {
              object_writer(out).field("user_id", n.user).field("status", to_string(n.status)).field("by", n.by);
            });
          },
          [&](const replay_end_notice& n) {
            append_typed(out, "replay_end", [&] {
              object_writer(out).field("room_id", n.room).field("seq", n.seq).field("more", n.more);
            });
          },
          [&](const drain_notice& n) {
            append_typed(out, "drain", [&] { object_writer(out).field("reconnect_after_ms", n.reconnect_after_ms); });
          }},
      what);
}

}  // namespace parley::json
