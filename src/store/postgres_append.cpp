// The facts of a batch: what is asked in the first round trip, and how the answers become the plan's facts.
#include "store/postgres_append.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include "store/row_values.hpp"

namespace parley {
namespace {

template <class Ids>
postgres_array<uuid> array_of(const Ids& ids) {
  postgres_array<uuid> array;
  for (const auto& id : ids) array.add(id);
  return array;
}

#define STORED_MESSAGE                                                                                      \
  " k.new_id, m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id," \
  " m.created_at, m.seq, m.room_id"

}  // namespace

void postgres_append::begin(postgres_connection& connection, std::span<const append_command> commands,
                            busy_rooms busy) {
  plan_.reset();
  outcomes_.clear();
  skipped_.clear();
  needs_.clear();
  facts_.clear();
  needs_.collect(commands);
  const bool waits_briefly = busy == busy_rooms::wait && options_.busy_room;
  if (waits_briefly) wait_for_rooms(connection);
  postgres_round_trip trip(connection);
  if (!waits_briefly) trip.add("BEGIN");
  send_questions(trip, busy);
  take_answers(trip.run());
  if (busy == busy_rooms::wait) skipped_.clear();  // a room without a position: as good as none
  plan_.emplace(facts_, limits_);
  outcomes_.reserve(commands.size());
  for (const auto& command : commands) {
    outcomes_.push_back(skipped_.contains(command.room) ? std::nullopt : std::optional(plan_->take(command)));
  }
}

/// Begins the transaction. Other rooms' commands wait for it: for these locks not as long as for others.
void postgres_append::wait_for_rooms(postgres_connection& connection) const {
  postgres_round_trip trip(connection);
  trip.add("BEGIN");
  trip.add("SELECT set_config('lock_timeout', $1, true)", std::to_string(options_.busy_room->count()));
  trip.add("SELECT room_id FROM tb_room_position WHERE room_id = ANY($1) ORDER BY room_id FOR UPDATE",
           array_of(needs_.rooms));
  trip.add("SELECT set_config('lock_timeout', $1, true)", std::to_string(options_.lock.count()));
  try {
    trip.run();
  } catch (const postgres_error& fault) {
    if (!fault.is_lock_time_out()) throw;
    throw rooms_are_busy(fault);
  }
}

void postgres_append::send_questions(postgres_round_trip& trip, busy_rooms busy) {
  asked_ = {};
  const auto rooms = array_of(needs_.rooms);
  asked_.locked = busy == busy_rooms::skip
                      ? trip.add(
                            "SELECT room_id, last_seq FROM tb_room_position WHERE room_id = ANY($1)"
                            " ORDER BY room_id FOR UPDATE SKIP LOCKED",
                            rooms)
                      : trip.add(
                            "SELECT room_id, last_seq FROM tb_room_position WHERE room_id = ANY($1)"
                            " ORDER BY room_id FOR UPDATE",
                            rooms);
  // From here on in statements of their own, whose snapshots are newer than the locks.
  asked_.rooms = trip.add(
      "SELECT r.chat_room_id, r.is_group, r.created_by, EXISTS (SELECT 1 FROM tb_private_pair p"
      " CROSS JOIN LATERAL (VALUES (p.user_low, p.user_high), (p.user_high, p.user_low)) AS way (user_id, friend_id)"
      " JOIN tb_friendships f ON f.user_id = way.user_id AND f.friend_id = way.friend_id"
      " WHERE p.room_id = r.chat_room_id AND f.status = 'blocked'), r.slow_mode_seconds, CASE WHEN r.closed_at IS NULL "
      "THEN 0 ELSE 1 END"
      " FROM tb_chat_rooms r WHERE r.chat_room_id = ANY($1)",
      rooms);
  asked_.accounts = trip.add(
      "SELECT u.user_id, u.display_name, r.role_enum, u.flagDelete FROM tb_users u"
      " JOIN tb_roles r ON r.role_id = u.role_id WHERE u.user_id = ANY($1)",
      array_of(needs_.accounts));
  postgres_array<uuid> member_rooms;
  postgres_array<uuid> member_users;
  for (const auto& who : needs_.memberships) {
    member_rooms.add(who.room);
    member_users.add(who.user);
  }
  asked_.memberships = trip.add(
      "SELECT k.room_id, k.user_id, m.user_id IS NOT NULL, x.muted_until, p.last_sent_at"
      " FROM unnest($1, $2) AS k (room_id, user_id)"
      " LEFT JOIN tb_user_room m ON m.room_id = k.room_id AND m.user_id = k.user_id"
      " LEFT JOIN tb_room_mute x ON x.room_id = k.room_id AND x.user_id = k.user_id"
      " LEFT JOIN tb_room_pace p ON p.room_id = k.room_id AND p.user_id = k.user_id",
      member_rooms, member_users);
  if (!needs_.bans.empty()) {
    postgres_array<uuid> rooms_of_bans, users_of_bans;
    for (const auto& who : needs_.bans) {
      rooms_of_bans.add(who.room);
      users_of_bans.add(who.user);
    }
    asked_.bans = trip.add(
        "SELECT b.room_id, b.user_id, b.removal_id FROM unnest($1, $2) AS k (room_id, user_id)"
        " JOIN tb_room_ban b ON b.room_id = k.room_id AND b.user_id = k.user_id",
        rooms_of_bans, users_of_bans);
  }
  if (!needs_.invitations.empty()) {
    postgres_array<uuid> inviters, invited;
    for (const auto& one : needs_.invitations) {
      inviters.add(one.inviter);
      invited.add(one.invited);
    }
    asked_.blocked = trip.add(
        "SELECT k.inviter, k.invited FROM unnest($1, $2) AS k (inviter, invited) JOIN tb_friendships f"
        " ON f.user_id = k.invited AND f.friend_id = k.inviter WHERE f.status = 'blocked'",
        inviters, invited);
  }
  if (!needs_.counted_rooms.empty()) {
    asked_.room_sizes = trip.add("SELECT room_id, count(*) FROM tb_user_room WHERE room_id = ANY($1) GROUP BY room_id",
                                 array_of(needs_.counted_rooms));
  }
  if (!needs_.counted_accounts.empty()) {
    asked_.account_rooms =
        trip.add("SELECT user_id, count(*) FROM tb_user_room WHERE user_id = ANY($1) GROUP BY user_id",
                 array_of(needs_.counted_accounts));
  }
  if (!needs_.files.empty() || !needs_.deleted_messages.empty()) ask_for_files(trip);
  if (!needs_.messages.empty()) {
    asked_.messages = trip.add(
        "SELECT message_id, room_id, user_id, deleted_at, deleted_by, deleted_seq, file_url FROM tb_messages"
        " WHERE message_id = ANY($1)",
        array_of(needs_.messages));
  }
  if (!needs_.reactions.empty()) {
    postgres_array<uuid> messages;
    postgres_array<uuid> users;
    postgres_array<std::string_view> emojis;
    for (const auto& key : needs_.reactions) {
      messages.add(key.message);
      users.add(key.user);
      emojis.add(key.emoji);
    }
    asked_.reactions = trip.add(
        "SELECT r.message_id, r.user_id, r.emoji, r.reaction_id, r.seq, r.created_at"
        " FROM unnest($1, $2, $3) AS k (message_id, user_id, emoji) JOIN tb_reaction r"
        " ON r.message_id = k.message_id AND r.user_id = k.user_id AND r.emoji = k.emoji",
        messages, users, emojis);
  }
  if (!needs_.counted_messages.empty()) {
    // From one emoji to the next by the index, however many people use each.
    asked_.emojis = trip.add(
        "WITH RECURSIVE used (message_id, emoji) AS (SELECT k.message_id,"
        " (SELECT min(r.emoji) FROM tb_reaction r WHERE r.message_id = k.message_id)"
        " FROM unnest($1) AS k (message_id) UNION ALL SELECT u.message_id,"
        " (SELECT min(r.emoji) FROM tb_reaction r WHERE r.message_id = u.message_id AND r.emoji > u.emoji)"
        " FROM used u WHERE u.emoji IS NOT NULL) SELECT message_id, emoji FROM used WHERE emoji IS NOT NULL",
        array_of(needs_.counted_messages));
  }
  postgres_array<uuid> key_rooms, key_users, key_ids, plain_rooms, plain_users, plain_ids;
  postgres_array<std::string_view> keys;
  for (const auto* command : needs_.sends) {
    const auto& key = std::get<send_message>(command->command).client_msg_id;
    (key ? key_rooms : plain_rooms).add(command->room);
    (key ? key_users : plain_users).add(command->actor);
    (key ? key_ids : plain_ids).add(command->new_id);
    if (key) keys.add(*key);
  }
  if (!keys.empty()) {
    asked_.by_key =
        trip.add("SELECT" STORED_MESSAGE
                 " FROM unnest($1, $2, $3, $4) AS k (room_id, user_id, client_msg_id, new_id) JOIN tb_messages m"
                 " ON m.room_id = k.room_id AND m.user_id = k.user_id AND m.client_msg_id = k.client_msg_id"
                 " JOIN tb_users u ON u.user_id = m.user_id",
                 key_rooms, key_users, keys, key_ids);
  }
  if (!plain_ids.empty()) {
    asked_.by_id = trip.add("SELECT" STORED_MESSAGE
                            " FROM unnest($1, $2, $3) AS k (room_id, user_id, new_id) JOIN tb_messages m"
                            " ON m.message_id = k.new_id AND m.user_id = k.user_id AND m.room_id = k.room_id"
                            " JOIN tb_users u ON u.user_id = m.user_id",
                            plain_rooms, plain_users, plain_ids);
  }
}

#undef STORED_MESSAGE

/// Locked behind the rooms, all at once and in their own order, those that are sent, which the sweep must not take, and
/// those of deleted messages: so no two batches wait for each other.
void postgres_append::ask_for_files(postgres_round_trip& trip) {
  postgres_array<uuid> files, users;
  for (const auto& use : needs_.files) {
    files.add(use.file);
    users.add(use.user);
  }
  asked_.files = trip.add(
      "SELECT file_id, file_url FROM tb_file WHERE file_id = ANY($1 || ARRAY("
      "SELECT substring(m.file_url FROM 15 FOR 36)::uuid FROM tb_messages m WHERE m.message_id = ANY($2)"
      " AND m.file_url ~ '^/api/v1/files/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/')) AND stage = 'stored'"
      " ORDER BY file_id FOR NO KEY UPDATE",
      files, array_of(needs_.deleted_messages));
  asked_.file_users = trip.add(
      "SELECT k.file_id, k.user_id FROM unnest($1, $2) AS k (file_id, user_id)"
      " JOIN tb_file f ON f.file_id = k.file_id WHERE f.user_id = k.user_id"
      " OR EXISTS (SELECT 1 FROM tb_messages m JOIN tb_user_room r ON r.room_id = m.room_id AND r.user_id = k.user_id"
      " WHERE m.file_url = f.file_url)",
      files, users);
}

void postgres_append::take_answers(const std::vector<postgres_rows>& answers) {
  take_rooms(answers[asked_.locked], answers[asked_.rooms]);
  for (const auto& row : answers[asked_.accounts]) {
    auto& fact = facts_.accounts[row.id<user_id>(0)];
    fact.display_name = row.text(1);
    fact.user_role = parse_role(row.text(2)).value_or(role::user);
    fact.flag = parse_account_flag(row.text(3)).value_or(account_flag::locked);
  }
  for (const auto& row : answers[asked_.memberships]) take_membership(row);
  if (asked_.bans) {
    for (const auto& row : answers[*asked_.bans]) {
      facts_.bans[{row.id<room_id>(0), row.id<user_id>(1)}].removal = row.optional_id<removal_id>(2);
    }
  }
  if (asked_.blocked) {
    for (const auto& row : answers[*asked_.blocked]) facts_.blocked.insert({row.id<user_id>(0), row.id<user_id>(1)});
  }
  if (asked_.room_sizes) {
    for (const auto& row : answers[*asked_.room_sizes]) {
      const auto room = facts_.rooms.find(row.id<room_id>(0));
      if (room != facts_.rooms.end()) room->second.members = row.integer(1);
    }
  }
  if (asked_.account_rooms) {
    for (const auto& row : answers[*asked_.account_rooms]) {
      const auto account = facts_.accounts.find(row.id<user_id>(0));
      if (account != facts_.accounts.end()) account->second.rooms = row.integer(1);
    }
  }
  if (asked_.files) {
    for (const auto& row : answers[*asked_.files]) facts_.files[row.id<file_id>(0)].url = row.text(1);
    for (const auto& row : answers[*asked_.file_users]) {
      const auto file = facts_.files.find(row.id<file_id>(0));
      if (file != facts_.files.end()) file->second.users.insert(row.id<user_id>(1));
    }
  }
  take_messages(answers);
  if (asked_.by_key) take_stored_sends(answers[*asked_.by_key]);
  if (asked_.by_id) take_stored_sends(answers[*asked_.by_id]);
}

void postgres_append::take_membership(const postgres_row& row) {
  const membership_key who{row.id<room_id>(0), row.id<user_id>(1)};
  if (row.integer(2) != 0) facts_.members.insert(who);
  if (row.is_null(3) && row.is_null(4)) return;
  auto& restraint = facts_.restraints[who];
  if (!row.is_null(3)) restraint.muted_until = row.time(3);
  if (!row.is_null(4)) restraint.last_sent = row.time(4);
}

void postgres_append::take_rooms(const postgres_rows& locked, const postgres_rows& rooms) {
  fact_map<room_id, sequence> positions;
  for (const auto& row : locked) positions.emplace(row.id<room_id>(0), row.integer(1));
  for (const auto& row : rooms) {
    const auto room = row.id<room_id>(0);
    const auto position = positions.find(room);
    if (position == positions.end()) {
      skipped_.insert(room);
      continue;
    }
    auto& fact = facts_.rooms[room];
    fact.is_group = row.integer(1) != 0;
    fact.created_by = row.id<user_id>(2);
    fact.blocked = row.integer(3) != 0;
    fact.slow_mode_seconds = row.integer(4);
    fact.closed = row.integer(5) != 0;
    fact.last_seq = position->second;
  }
}

void postgres_append::take_messages(const std::vector<postgres_rows>& answers) {
  if (asked_.messages) {
    for (const auto& row : answers[*asked_.messages]) {
      auto& fact = facts_.messages[row.id<message_id>(0)];
      fact.room = row.id<room_id>(1);
      fact.sender = row.id<user_id>(2);
      fact.file = file_of_url(row.text(6));
      if (!row.is_null(3)) fact.deleted = append_facts::deletion{row.integer(5), row.id<user_id>(4), row.time(3)};
    }
  }
  if (asked_.reactions) {
    // The keys of the facts point into the commands, as those of the needs do; the row's text is gone with the answer.
    for (const auto& row : answers[*asked_.reactions]) {
      const reaction_key found{row.id<message_id>(0), row.id<user_id>(1), row.text(2)};
      const auto asked = std::lower_bound(needs_.reactions.begin(), needs_.reactions.end(), found);
      if (asked == needs_.reactions.end() || *asked != found) continue;
      facts_.reactions[*asked] = {row.id<reaction_id>(3), row.integer(4), row.time(5)};
    }
  }
  if (asked_.emojis) {
    for (const auto& row : answers[*asked_.emojis]) {
      facts_.emojis[row.id<message_id>(0)].insert(std::string(row.text(1)));
    }
  }
}

void postgres_append::take_stored_sends(const postgres_rows& rows) {
  for (const auto& row : rows) {
    facts_.stored_sends.insert_or_assign(row.id(0),
                                         durable_event{row.id<room_id>(10), row.integer(9), read_message(row, 1)});
  }
}

bool postgres_append::was_committed(postgres_connection& connection) {
  postgres_array<uuid> messages, rooms, events, audits;
  postgres_array<std::int64_t> seqs;
  fact_set<room_id> written(plan_->advanced_rooms().begin(), plan_->advanced_rooms().end());
  for (const auto& write : plan_->writes()) {
    if (const auto* message = std::get_if<insert_message>(&write)) {
      messages.add(message->command->new_id);
    } else if (const auto* row = std::get_if<log_row>(&write)) {
      rooms.add(row->room);
      seqs.add(row->seq);
      events.add(row->event_id);
    } else if (const auto* record = std::get_if<audit_record>(&write)) {
      // Of what is no event (a stranger's ban, say) this alone is left.
      audits.add(record->id);
      written.insert(*record->room);
    }
  }
  postgres_round_trip trip(connection);
  trip.add("BEGIN");
  // Those that it wrote to, and so certainly had.
  trip.add("SELECT room_id FROM tb_room_position WHERE room_id = ANY($1) ORDER BY room_id FOR UPDATE",
           array_of(written));
  const auto found = trip.add(
      "SELECT (SELECT count(*) FROM tb_messages WHERE message_id = ANY($1)) + (SELECT count(*)"
      " FROM unnest($2, $3, $4) AS k (room_id, seq, event_id) JOIN tb_room_event e"
      " ON e.room_id = k.room_id AND e.seq = k.seq AND e.event_id = k.event_id)"
      " + (SELECT count(*) FROM tb_audit WHERE audit_id = ANY($5))",
      messages, rooms, seqs, events, audits);
  trip.add("ROLLBACK");
  const auto count = trip.run()[found][0].integer(0);
  if (count != 0 && count != static_cast<std::int64_t>(messages.size() + events.size() + audits.size())) {
    throw std::runtime_error("a part of a batch was stored");
  }
  return count != 0;
}

}  // namespace parley
