// The rules of every durable command, in the order in which a command is examined.
#include "store/append_plan.hpp"

#include <fmt/format.h>

#include "parley/permissions.hpp"
#include "parley/refusals.hpp"

namespace parley {
namespace {

error no_such_message() { return not_found("message_id: there is no such message in this room."); }
error private_blocked() { return forbidden("Nobody can write in this private room now."); }

append_outcome stored_one(room_id room, sequence seq, event_body body) {
  stored outcome;
  outcome.events.push_back({room, seq, std::move(body)});
  return outcome;
}

append_outcome duplicate_of(durable_event event) {
  stored outcome;
  outcome.events.push_back(std::move(event));
  outcome.duplicate = true;
  return outcome;
}

/// It was allowed with the ban, whoever its moderator has become since.
bool is_with_ban(const durable_command& command) {
  const auto* deletion = std::get_if<delete_message>(&command);
  return deletion != nullptr && deletion->with_ban;
}

std::optional<error> content_fault(const std::string& content, const limits_config& limits) {
  if (content.size() <= limits.content_bytes) return std::nullopt;
  return make_error(error_code::too_large,
                    fmt::format("content: {} bytes, the limit is {}.", content.size(), limits.content_bytes));
}

}  // namespace

append_outcome append_plan::take(const append_command& command) {
  const auto actor = facts_.accounts.find(command.actor);
  const bool goes_with_ban = is_with_ban(command.command);
  if (actor == facts_.accounts.end() || (actor->second.flag != account_flag::active && !goes_with_ban)) {
    return not_active();
  }
  const auto room = facts_.rooms.find(command.room);
  if (room == facts_.rooms.end()) return no_such_room();
  if (room->second.closed && !std::holds_alternative<delete_message>(command.command)) return no_such_room();
  const scene at{command, room->second, actor->second, operation_of(command.command, command.actor),
                 facts_.members.contains({command.room, command.actor})};
  if (at.permission(false) == verdict::hidden && !goes_with_ban) return no_such_room();
  return std::visit([&](const auto& what) { return decide(at, what); }, command.command);
}

append_outcome append_plan::decide(const scene& at, const send_message& what) {
  // First of all, whatever has changed since: what is stored is answered as it was.
  if (auto event = stored_before(at, what)) return duplicate_of(std::move(*event));
  if (at.room.blocked) return private_blocked();
  if (auto muted = silence(at)) return *muted;
  const bool has_content = what.content && !what.content->empty();
  const bool has_file = what.file_url && !what.file_url->empty();
  if (!has_content && !has_file) return bad_request("content: required when there is no file_url.");
  if (what.content) {
    if (auto fault = content_fault(*what.content, limits_)) return *fault;
  }
  if (what.reply_to && find_message(at.command.room, *what.reply_to) == nullptr) {
    return not_found("reply_to: there is no such message in this room.");
  }
  const auto file = has_file ? file_of_url(*what.file_url) : std::nullopt;
  if (file && !may_send_file(at, *file, *what.file_url)) return not_found("file_url: there is no such file.");
  if (auto wait = slow_mode_wait(at)) return *wait;
  if (at.room.slow_mode_seconds > 0) {
    const membership_key who{at.command.room, at.command.actor};
    facts_.restraints[who].last_sent = at.command.at;
    writes_.emplace_back(note_last_sent{who, at.command.at});
  }
  const auto seq = next_seq(at);
  writes_.emplace_back(insert_message{&at.command, seq});
  if (file) writes_.emplace_back(hold_file{*file});
  facts_.messages.insert_or_assign(message_id(at.command.new_id),
                                   append_facts::message{at.command.room, at.command.actor, std::nullopt, file});
  if (what.client_msg_id) {
    keys_.insert_or_assign({at.command.room, at.command.actor, *what.client_msg_id}, planned_send{&at.command, seq});
  } else {
    keyless_.insert_or_assign(at.command.new_id, planned_send{&at.command, seq});
  }
  stored outcome;
  outcome.events.push_back(posted_event(at.command, seq));
  return outcome;
}

std::optional<durable_event> append_plan::stored_before(const scene& at, const send_message& what) const {
  const auto earlier = facts_.stored_sends.find(at.command.new_id);
  if (earlier != facts_.stored_sends.end() && earlier->second.room == at.command.room) return earlier->second;
  if (what.client_msg_id) {
    const auto planned = keys_.find({at.command.room, at.command.actor, *what.client_msg_id});
    if (planned != keys_.end()) return posted_event(*planned->second.command, planned->second.seq);
  } else {
    const auto planned = keyless_.find(at.command.new_id);
    if (planned != keyless_.end() && planned->second.command->room == at.command.room)
      return posted_event(*planned->second.command, planned->second.seq);
  }
  return std::nullopt;
}

append_outcome append_plan::decide(const scene& at, const edit_message& what) {
  const auto* message = find_message(at.command.room, what.message);
  if (message == nullptr || message->deleted) return no_such_message();
  if (!at.may(message->sender)) return forbidden("message_id: only its sender may edit a message.");
  if (at.room.blocked) return private_blocked();
  if (auto muted = silence(at)) return *muted;
  if (what.content.empty()) return bad_request("content: required.");
  if (auto fault = content_fault(what.content, limits_)) return *fault;
  const auto seq = next_seq(at);
  writes_.emplace_back(update_content{&at.command});
  log_row row;
  row.message = what.message;
  write_log_row(at, seq, log_row::kind::message_edited, row);
  return stored_one(at.command.room, seq, message_edited{what.message, at.command.actor, what.content, at.command.at});
}

append_outcome append_plan::decide(const scene& at, const delete_message& what) {
  auto* message = find_message(at.command.room, what.message);
  if (message == nullptr) return no_such_message();
  if (what.with_ban) {
    const auto ban = facts_.bans.find({at.command.room, what.with_ban->user});
    // One that was put anew has a removal of its own, or none.
    if (ban == facts_.bans.end() || ban->second.removal != what.with_ban->id) return not_found("The ban was lifted.");
  } else if (!at.may(message->sender)) {
    return forbidden("message_id: only its sender or a moderator may delete a message.");
  }
  if (message->deleted) {
    return duplicate_of({at.command.room, message->deleted->seq,
                         message_deleted{what.message, message->deleted->by, message->deleted->at}});
  }
  const auto seq = next_seq(at);
  message->deleted = append_facts::deletion{seq, at.command.actor, at.command.at};
  writes_.emplace_back(empty_message{&at.command, seq});
  if (message->file) writes_.emplace_back(let_go_of_file{*message->file, at.command.at});
  if (message->sender != at.command.actor && !what.with_ban) {
    audit(at, audit_action::message_deleted, message->sender, what.message);
  }
  log_row row;
  row.message = what.message;
  write_log_row(at, seq, log_row::kind::message_deleted, row);
  return stored_one(at.command.room, seq, message_deleted{what.message, at.command.actor, at.command.at});
}

append_outcome append_plan::decide(const scene& at, const change_reaction& what) {
  const auto* message = find_message(at.command.room, what.message);
  if (message == nullptr || message->deleted) return no_such_message();
  return what.action == reaction_action::add ? add_reaction(at, what) : remove_reaction(at, what);
}

append_outcome append_plan::add_reaction(const scene& at, const change_reaction& what) {
  const reaction_key key{what.message, at.command.actor, what.emoji};
  if (const auto first = facts_.reactions.find(key); first != facts_.reactions.end()) {
    const auto& known = first->second;
    return duplicate_of({at.command.room, known.seq,
                         reaction_changed{what.message, known.id, at.command.actor, what.emoji, reaction_action::add,
                                          known.created_at}});
  }
  if (at.room.blocked) return private_blocked();
  if (auto muted = silence(at)) return *muted;
  auto& emojis = facts_.emojis[what.message];
  if (!emojis.contains(what.emoji) && emojis.size() >= limits_.reactions_per_message) {
    return make_error(error_code::conflict, fmt::format("emoji: a message has at most {} different reactions.",
                                                        limits_.reactions_per_message));
  }
  emojis.insert(what.emoji);
  const auto seq = next_seq(at);
  const reaction_id reaction(at.command.new_id);
  facts_.reactions.emplace(key, append_facts::reaction{reaction, seq, at.command.at});
  writes_.emplace_back(insert_reaction{&at.command, seq});
  log_row row;
  row.message = what.message;
  row.reaction = reaction;
  row.text = what.emoji;
  write_log_row(at, seq, log_row::kind::reaction_added, row);
  return stored_one(
      at.command.room, seq,
      reaction_changed{what.message, reaction, at.command.actor, what.emoji, reaction_action::add, at.command.at});
}

append_outcome append_plan::remove_reaction(const scene& at, const change_reaction& what) {
  const auto known = facts_.reactions.find({what.message, at.command.actor, what.emoji});
  if (known == facts_.reactions.end()) return not_found("emoji: you have not reacted with it.");
  const auto reaction = known->second.id;
  facts_.reactions.erase(known);
  const auto seq = next_seq(at);
  writes_.emplace_back(delete_reaction{&at.command});
  log_row row;
  row.message = what.message;
  row.reaction = reaction;
  row.text = what.emoji;
  write_log_row(at, seq, log_row::kind::reaction_removed, row);
  return stored_one(
      at.command.room, seq,
      reaction_changed{what.message, reaction, at.command.actor, what.emoji, reaction_action::remove, at.command.at});
}

append_outcome append_plan::decide(const scene& at, const invite_members& what) {
  if (!at.room.is_group) return make_error(error_code::conflict, "room_id: a private room stays with its two people.");
  auto newcomers = find_newcomers(at, what);
  if (newcomers.has_error()) return newcomers.error();
  stored outcome;
  for (const auto index : *newcomers) {
    const auto& user = what.users[index];
    const auto id = at.command.membership_ids[index];
    const auto seq = next_seq(at);
    facts_.members.insert({at.command.room, user});
    ++at.room.members;
    ++facts_.accounts.find(user)->second.rooms;
    writes_.emplace_back(insert_membership{id, {at.command.room, user}, at.command.at, seq});
    log_row row;
    row.user = user;
    row.event_id = id;
    write_log_row(at, seq, log_row::kind::member_invited, row);
    outcome.events.push_back({at.command.room, seq, member_joined{user, at.command.actor, join_reason::invited}});
  }
  return outcome;
}

/// Places in `what.users` of those who are not members yet, each user once; nobody comes in when one of them
/// may not.
result<std::vector<std::size_t>> append_plan::find_newcomers(const scene& at, const invite_members& what) const {
  if (at.command.membership_ids.size() < what.users.size()) {
    return make_error(error_code::internal, "An invitation came without an id for each membership.");
  }
  std::vector<std::size_t> newcomers;
  fact_set<user_id> seen;
  for (std::size_t i = 0; i < what.users.size(); ++i) {
    const auto& user = what.users[i];
    const auto account = facts_.accounts.find(user);
    if (account == facts_.accounts.end() || account->second.flag != account_flag::active) {
      return not_found(fmt::format("user_ids: there is no user {}.", to_string(user)));
    }
    if (facts_.members.contains({at.command.room, user}) || !seen.insert(user).second) continue;
    if (facts_.bans.contains({at.command.room, user})) {
      return forbidden(fmt::format("user_ids: {} is banned from this room.", to_string(user)));
    }
    // A group of two would be a private room with another name. The sentence does not say that it is a block.
    if (facts_.blocked.contains({at.command.actor, user})) {
      return forbidden(fmt::format("user_ids: you cannot invite {}.", to_string(user)));
    }
    if (account->second.rooms >= limits_.rooms_per_user) {
      return make_error(error_code::conflict, fmt::format("user_ids: {} is in {} rooms already, which is the limit.",
                                                          to_string(user), limits_.rooms_per_user));
    }
    newcomers.push_back(i);
  }
  if (at.room.members + static_cast<std::int64_t>(newcomers.size()) > limits_.room_members) {
    return make_error(error_code::conflict,
                      fmt::format("user_ids: a room has at most {} members.", limits_.room_members));
  }
  return newcomers;
}

append_outcome append_plan::decide(const scene& at, const remove_member& what) {
  if (!at.room.is_group) return make_error(error_code::conflict, "room_id: a private room stays with its two people.");
  const bool leaving = what.user == at.command.actor;
  const membership_key who{at.command.room, what.user};
  if (!at.may(at.room.created_by)) {
    return forbidden("user_id: only the room's creator or a moderator may remove a member.");
  }
  if (!facts_.members.contains(who)) {
    return leaving ? no_such_room() : not_found("user_id: not a member of this room.");
  }
  if (!leaving) audit(at, audit_action::member_removed, what.user, std::nullopt);
  stored outcome;
  outcome.events.push_back(take_out(at, what.user, leaving ? leave_reason::left : leave_reason::removed));
  return outcome;
}

durable_event append_plan::take_out(const scene& at, user_id user, leave_reason reason) {
  const auto seq = next_seq(at);
  facts_.members.erase({at.command.room, user});
  --at.room.members;
  if (const auto account = facts_.accounts.find(user); account != facts_.accounts.end()) --account->second.rooms;
  writes_.emplace_back(delete_membership{{at.command.room, user}});
  if (at.room.members == 0) {
    at.room.closed = true;
    writes_.emplace_back(close_empty_room{&at.command});
  }
  log_row row;
  row.user = user;
  write_log_row(at, seq, reason == leave_reason::left ? log_row::kind::member_left : log_row::kind::member_removed,
                row);
  return {at.command.room, seq, member_left{user, at.command.actor, reason}};
}

append_outcome append_plan::decide(const scene& at, const rename_room& what) {
  if (!at.room.is_group) return make_error(error_code::conflict, "room_id: a private room has no name.");
  if (!at.may(at.room.created_by)) {
    return forbidden("name: only the room's creator or a moderator may rename it.");
  }
  if (what.name.empty()) return bad_request("name: required.");
  const auto seq = next_seq(at);
  writes_.emplace_back(update_room_name{&at.command});
  if (at.room.created_by != at.command.actor) audit(at, audit_action::room_renamed, std::nullopt, std::nullopt);
  log_row row;
  row.text = what.name;
  write_log_row(at, seq, log_row::kind::room_renamed, row);
  return stored_one(at.command.room, seq, room_renamed{what.name, at.command.actor});
}

void append_plan::audit(const scene& at, audit_action what, std::optional<user_id> user,
                        std::optional<message_id> message, std::optional<std::string> detail) {
  writes_.emplace_back(audit_record{at.command.new_id, at.command.at, at.command.actor, what, user, at.command.room,
                                    message, std::move(detail)});
}

/// Otherwise whoever guesses an address could send it to a room of his own, and read it there.
bool append_plan::may_send_file(const scene& at, file_id file, const std::string& url) const {
  const auto known = facts_.files.find(file);
  return known != facts_.files.end() && known->second.url == url && known->second.users.contains(at.command.actor);
}

append_facts::message* append_plan::find_message(room_id room, message_id message) {
  const auto found = facts_.messages.find(message);
  if (found == facts_.messages.end() || found->second.room != room) return nullptr;
  return &found->second;
}

durable_event append_plan::posted_event(const append_command& command, sequence seq) const {
  const auto& what = std::get<send_message>(command.command);
  return {command.room, seq,
          message_posted{message_id(command.new_id), command.actor,
                         facts_.accounts.find(command.actor)->second.display_name, what.content, what.file_url,
                         what.reply_to, what.client_msg_id, command.at}};
}

sequence append_plan::next_seq(const scene& at) {
  if (!at.room.advanced) advanced_rooms_.push_back(at.command.room);
  at.room.advanced = true;
  return ++at.room.last_seq;
}

void append_plan::write_log_row(const scene& at, sequence seq, log_row::kind type, log_row row) {
  row.room = at.command.room;
  row.seq = seq;
  row.type = type;
  if (row.event_id.is_nil()) row.event_id = at.command.new_id;
  row.by = at.command.actor;
  row.at = at.command.at;
  writes_.emplace_back(row);
}

}  // namespace parley
