// What the plan wants written, as few statements over arrays, and the commit behind them.
#include <algorithm>

#include "store/log_words.hpp"
#include "store/postgres_append.hpp"
#include "store/postgres_control.hpp"

namespace parley {
namespace {

/// Columns of one INSERT of messages. All of a batch's go first: whatever else it does to a message comes after.
struct message_columns {
  postgres_array<uuid> ids, users, rooms, replies;
  postgres_array<std::string_view> contents, files, keys;
  postgres_array<timestamp> times;
  postgres_array<std::int64_t> seqs;

  void add(const insert_message& write) {
    const auto& command = *write.command;
    const auto& what = std::get<send_message>(command.command);
    ids.add(command.new_id);
    users.add(command.actor);
    rooms.add(command.room);
    contents.add(what.content);
    files.add(what.file_url);
    times.add(command.at);
    seqs.add(write.seq);
    keys.add(what.client_msg_id);
    replies.add(what.reply_to);
  }
  void send(postgres_round_trip& trip) const {
    if (ids.empty()) return;
    trip.add(
        "INSERT INTO tb_messages (message_id, user_id, room_id, content, file_url, created_at, seq, client_msg_id,"
        " reply_to) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        ids, users, rooms, contents, files, times, seqs, keys, replies);
  }
};

/// Columns of one INSERT of log rows. All of a batch's go last: they refer to what stands above them.
struct log_columns {
  postgres_array<uuid> rooms, events, by, users, messages, reactions;
  postgres_array<std::int64_t> seqs;
  postgres_array<std::string_view> types, reasons, texts;
  postgres_array<timestamp> times;

  void add(const log_row& row) {
    const auto words = words_of(row.type);
    rooms.add(row.room);
    seqs.add(row.seq);
    types.add(words.type);
    events.add(row.event_id);
    by.add(row.by);
    users.add(row.user);
    messages.add(row.message);
    reactions.add(row.reaction);
    reasons.add(words.reason);
    texts.add(row.text.empty() ? std::nullopt : std::optional<std::string_view>(row.text));
    times.add(row.at);
  }
  void send(postgres_round_trip& trip) const {
    if (rooms.empty()) return;
    trip.add(
        "INSERT INTO tb_room_event (room_id, seq, type, event_id, by_id, user_id, message_id, reaction_id, reason,"
        " text, created_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        rooms, seqs, types, events, by, users, messages, reactions, reasons, texts, times);
  }
};

/// A run of reactions that are added: what takes one back ends the run, since the same may come again behind it.
struct reaction_columns {
  postgres_array<uuid> ids, users, messages;
  postgres_array<std::string_view> emojis;
  postgres_array<timestamp> times;
  postgres_array<std::int64_t> seqs;

  void add(const insert_reaction& write) {
    const auto& what = std::get<change_reaction>(write.command->command);
    ids.add(write.command->new_id);
    users.add(write.command->actor);
    messages.add(what.message);
    emojis.add(what.emoji);
    times.add(write.command->at);
    seqs.add(write.seq);
  }
  void send(postgres_round_trip& trip) {
    if (ids.empty()) return;
    trip.add(
        "INSERT INTO tb_reaction (reaction_id, user_id, message_id, emoji, created_at, seq)"
        " SELECT * FROM unnest($1, $2, $3, $4, $5, $6)",
        ids, users, messages, emojis, times, seqs);
    *this = {};
  }
};

/// A run of people who come in, as for reactions.
struct membership_columns {
  postgres_array<uuid> ids, users, rooms;
  postgres_array<timestamp> times;
  postgres_array<std::int64_t> seqs;

  void add(const insert_membership& write) {
    ids.add(write.id);
    users.add(write.who.user);
    rooms.add(write.who.room);
    times.add(write.joined_at);
    seqs.add(write.seq);
  }
  void send(postgres_round_trip& trip) {
    if (ids.empty()) return;
    trip.add(
        "INSERT INTO tb_user_room (user_room_id, user_id, room_id, joined_at) SELECT * FROM unnest($1, $2, $3, $4)",
        ids, users, rooms, times);
    trip.add(
        "INSERT INTO tb_read_marker (user_id, room_id, seq) SELECT * FROM unnest($1, $2, $3)"
        " ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq",
        users, rooms, seqs);
    *this = {};
  }
};

/// Takes the plan's writes in their order; see the columns for what may be gathered.
class write_sender {
 public:
  explicit write_sender(postgres_round_trip& trip) : trip_(trip) {}

  /// Who joined and left.
  [[nodiscard]] const std::vector<control_event>& told() const { return told_; }

  void send(const std::vector<append_write>& writes) {
    message_columns messages;
    for (const auto& write : writes) {
      if (const auto* message = std::get_if<insert_message>(&write)) messages.add(*message);
    }
    messages.send(trip_);
    for (const auto& write : writes) std::visit(*this, write);
    reactions_.send(trip_);
    memberships_.send(trip_);
    log_.send(trip_);
  }

  void operator()(const insert_message&) {}
  void operator()(const log_row& row) {
    log_.add(row);
    using kind = log_row::kind;
    const bool joined = row.type == kind::member_created || row.type == kind::member_invited;
    const bool left = row.type == kind::member_left || row.type == kind::member_removed;
    if ((joined || left) && row.user) told_.push_back({*row.user, membership_stored{row.room, row.seq, joined}});
  }
  void operator()(const insert_reaction& write) { reactions_.add(write); }
  void operator()(const insert_membership& write) { memberships_.add(write); }
  void operator()(const hold_file& write) {
    trip_.add("UPDATE tb_file SET unsent_since = NULL WHERE file_id = $1", write.file);
  }
  void operator()(const let_go_of_file& write) {
    trip_.add("UPDATE tb_file SET unsent_since = $2 WHERE file_id = $1", write.file, write.at);
  }
  void operator()(const update_content& write) {
    const auto& what = std::get<edit_message>(write.command->command);
    trip_.add("UPDATE tb_messages SET content = $2, edited_at = $3 WHERE message_id = $1", what.message, what.content,
              write.command->at);
  }
  void operator()(const empty_message& write) {
    const auto& command = *write.command;
    trip_.add(
        "UPDATE tb_messages SET content = NULL, file_url = NULL, deleted_at = $2, deleted_by = $3, deleted_seq = $4"
        " WHERE message_id = $1",
        std::get<delete_message>(command.command).message, command.at, command.actor, write.seq);
  }
  void operator()(const delete_reaction& write) {
    reactions_.send(trip_);
    const auto& what = std::get<change_reaction>(write.command->command);
    trip_.add("DELETE FROM tb_reaction WHERE message_id = $1 AND user_id = $2 AND emoji = $3", what.message,
              write.command->actor, what.emoji);
  }
  void operator()(const delete_membership& write) {
    memberships_.send(trip_);
    trip_.add("DELETE FROM tb_user_room WHERE room_id = $1 AND user_id = $2", write.who.room, write.who.user);
    trip_.add("DELETE FROM tb_read_marker WHERE room_id = $1 AND user_id = $2", write.who.room, write.who.user);
  }
  void operator()(const update_room_name& write) {
    trip_.add("UPDATE tb_chat_rooms SET name = $2 WHERE chat_room_id = $1", write.command->room,
              std::get<rename_room>(write.command->command).name);
  }
  void operator()(const close_empty_room& write) {
    trip_.add("UPDATE tb_chat_rooms SET closed_at = $2 WHERE chat_room_id = $1", write.command->room,
              write.command->at);
  }
  void operator()(const put_ban& write) {
    const auto& what = std::get<ban_member>(write.command->command);
    trip_.add(
        "INSERT INTO tb_room_ban (room_id, user_id, by_id, reason, created_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (room_id, user_id) DO NOTHING",
        write.command->room, what.user, write.command->actor, what.reason, write.command->at);
    if (!what.remove_messages) return;
    trip_.add(
        "UPDATE tb_room_ban SET removal_id = $3, removal_by = $4, removed_up_to = 0, removal_seen_at = $5"
        " WHERE room_id = $1 AND user_id = $2",
        write.command->room, what.user, write.command->new_id, write.command->actor, write.command->at);
  }
  void operator()(const delete_ban& write) {
    trip_.add("DELETE FROM tb_room_ban WHERE room_id = $1 AND user_id = $2", write.who.room, write.who.user);
  }
  void operator()(const put_mute& write) {
    const auto& what = std::get<mute_member>(write.command->command);
    trip_.add(
        "INSERT INTO tb_room_mute (room_id, user_id, by_id, reason, created_at, muted_until)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (room_id, user_id) DO UPDATE SET by_id = excluded.by_id,"
        " reason = excluded.reason, created_at = excluded.created_at, muted_until = excluded.muted_until",
        write.command->room, what.user, write.command->actor, what.reason, write.command->at, write.until);
  }
  void operator()(const delete_mute& write) {
    trip_.add("DELETE FROM tb_room_mute WHERE room_id = $1 AND user_id = $2", write.who.room, write.who.user);
  }
  void operator()(const note_last_sent& write) {
    trip_.add(
        "INSERT INTO tb_room_pace (room_id, user_id, last_sent_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (room_id, user_id) DO UPDATE SET last_sent_at = excluded.last_sent_at",
        write.who.room, write.who.user, write.at);
  }
  void operator()(const update_slow_mode& write) {
    const auto seconds = std::get<set_slow_mode>(write.command->command).seconds;
    trip_.add("UPDATE tb_chat_rooms SET slow_mode_seconds = $2 WHERE chat_room_id = $1", write.command->room, seconds);
    if (seconds == 0) trip_.add("DELETE FROM tb_room_pace WHERE room_id = $1", write.command->room);
  }
  void operator()(const audit_record& what) {
    trip_.add(
        "INSERT INTO tb_audit (audit_id, created_at, actor_id, action, user_id, room_id, message_id, detail)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        what.id, what.at, what.actor, to_string(what.action), what.user, what.room, what.message, what.detail);
  }

 private:
  postgres_round_trip& trip_;
  reaction_columns reactions_;
  membership_columns memberships_;
  log_columns log_;
  std::vector<control_event> told_;
};

}  // namespace

void postgres_append::commit(postgres_connection& connection) {
  postgres_round_trip trip(connection);
  std::optional<control_columns> told;
  if (writes_something()) {
    write_sender sender(trip);
    sender.send(plan_->writes());
    if (tells_) told.emplace(sender.told());
    postgres_array<uuid> rooms;
    postgres_array<std::int64_t> seqs;
    for (const auto& room : plan_->advanced_rooms()) {
      rooms.add(room);
      seqs.add(facts_.rooms.find(room)->second.last_seq);
    }
    trip.add(
        "UPDATE tb_room_position p SET last_seq = v.last_seq FROM unnest($1, $2) AS v (room_id, last_seq)"
        " WHERE p.room_id = v.room_id",
        rooms, seqs);
    if (told) told->send(trip);
  }
  // A duplicate's own commit may still wait for a standby. The locks stand in the write-ahead log behind it, so that
  // this one waits for as much, though it writes nothing.
  const bool accepts_something = std::any_of(outcomes_.begin(), outcomes_.end(),
                                             [](const auto& outcome) { return outcome && outcome->has_value(); });
  trip.add(accepts_something ? "COMMIT" : "ROLLBACK");
  trip.run();
}

}  // namespace parley
