// Look-ups and writes of the append transaction, each by a statement that stays prepared.
#include "store/sqlite_append.hpp"

#include "store/sqlite_rows.hpp"

namespace parley {
namespace {

/// One prepared statement for each kind of write.
struct sqlite_write_visitor {
  sqlite_connection& connection;

  void operator()(const insert_message& write) const {
    const auto& command = *write.command;
    const auto& what = std::get<send_message>(command.command);
    connection
        .use(
            "INSERT INTO tb_messages (message_id, user_id, room_id, content, file_url, created_at, seq, "
            "client_msg_id,"
            " reply_to) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        .bind(command.new_id, command.actor, command.room, what.content, what.file_url, command.at, write.seq,
              what.client_msg_id, what.reply_to)
        .run();
  }
  void operator()(const hold_file& write) const {
    connection.use("UPDATE tb_file SET unsent_since = NULL WHERE file_id = ?1").bind(write.file).run();
  }
  void operator()(const let_go_of_file& write) const {
    connection.use("UPDATE tb_file SET unsent_since = ?2 WHERE file_id = ?1").bind(write.file, write.at).run();
  }
  void operator()(const update_content& write) const {
    const auto& what = std::get<edit_message>(write.command->command);
    connection.use("UPDATE tb_messages SET content = ?2, edited_at = ?3 WHERE message_id = ?1")
        .bind(what.message, what.content, write.command->at)
        .run();
  }
  void operator()(const empty_message& write) const {
    const auto& command = *write.command;
    connection
        .use(
            "UPDATE tb_messages SET content = NULL, file_url = NULL, deleted_at = ?2, deleted_by = ?3,"
            " deleted_seq = ?4 WHERE message_id = ?1")
        .bind(std::get<delete_message>(command.command).message, command.at, command.actor, write.seq)
        .run();
  }
  void operator()(const insert_reaction& write) const {
    const auto& command = *write.command;
    const auto& what = std::get<change_reaction>(command.command);
    connection
        .use(
            "INSERT INTO tb_reaction (reaction_id, user_id, message_id, emoji, created_at, seq)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .bind(command.new_id, command.actor, what.message, what.emoji, command.at, write.seq)
        .run();
  }
  void operator()(const delete_reaction& write) const {
    const auto& what = std::get<change_reaction>(write.command->command);
    connection.use("DELETE FROM tb_reaction WHERE message_id = ?1 AND user_id = ?2 AND emoji = ?3")
        .bind(what.message, write.command->actor, what.emoji)
        .run();
  }
  void operator()(const insert_membership& write) const { write_membership(connection, write); }
  void operator()(const delete_membership& write) const {
    connection.use("DELETE FROM tb_user_room WHERE room_id = ?1 AND user_id = ?2")
        .bind(write.who.room, write.who.user)
        .run();
    connection.use("DELETE FROM tb_read_marker WHERE user_id = ?1 AND room_id = ?2")
        .bind(write.who.user, write.who.room)
        .run();
  }
  void operator()(const update_room_name& write) const {
    connection.use("UPDATE tb_chat_rooms SET name = ?2 WHERE chat_room_id = ?1")
        .bind(write.command->room, std::get<rename_room>(write.command->command).name)
        .run();
  }
  void operator()(const close_empty_room& write) const {
    connection.use("UPDATE tb_chat_rooms SET closed_at = ?2 WHERE chat_room_id = ?1")
        .bind(write.command->room, write.command->at)
        .run();
  }
  void operator()(const put_ban& write) const {
    const auto& what = std::get<ban_member>(write.command->command);
    connection
        .use(
            "INSERT INTO tb_room_ban (room_id, user_id, by_id, reason, created_at) VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT (room_id, user_id) DO NOTHING")
        .bind(write.command->room, what.user, write.command->actor, what.reason, write.command->at)
        .run();
    if (!what.remove_messages) return;
    connection
        .use(
            "UPDATE tb_room_ban SET removal_id = ?3, removal_by = ?4, removed_up_to = 0, removal_seen_at = ?5"
            " WHERE room_id = ?1 AND user_id = ?2")
        .bind(write.command->room, what.user, write.command->new_id, write.command->actor, write.command->at)
        .run();
  }
  void operator()(const delete_ban& write) const {
    connection.use("DELETE FROM tb_room_ban WHERE room_id = ?1 AND user_id = ?2")
        .bind(write.who.room, write.who.user)
        .run();
  }
  void operator()(const put_mute& write) const {
    const auto& what = std::get<mute_member>(write.command->command);
    connection
        .use(
            "INSERT INTO tb_room_mute (room_id, user_id, by_id, reason, created_at, muted_until)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (room_id, user_id) DO UPDATE SET by_id = excluded.by_id,"
            " reason = excluded.reason, created_at = excluded.created_at, muted_until = excluded.muted_until")
        .bind(write.command->room, what.user, write.command->actor, what.reason, write.command->at, write.until)
        .run();
  }
  void operator()(const delete_mute& write) const {
    connection.use("DELETE FROM tb_room_mute WHERE room_id = ?1 AND user_id = ?2")
        .bind(write.who.room, write.who.user)
        .run();
  }
  void operator()(const note_last_sent& write) const {
    connection
        .use(
            "INSERT INTO tb_room_pace (room_id, user_id, last_sent_at) VALUES (?1, ?2, ?3)"
            " ON CONFLICT (room_id, user_id) DO UPDATE SET last_sent_at = excluded.last_sent_at")
        .bind(write.who.room, write.who.user, write.at)
        .run();
  }
  void operator()(const update_slow_mode& write) const {
    const auto seconds = std::get<set_slow_mode>(write.command->command).seconds;
    connection.use("UPDATE tb_chat_rooms SET slow_mode_seconds = ?2 WHERE chat_room_id = ?1")
        .bind(write.command->room, seconds)
        .run();
    if (seconds == 0) connection.use("DELETE FROM tb_room_pace WHERE room_id = ?1").bind(write.command->room).run();
  }
  void operator()(const audit_record& record) const { write_audit_row(connection, record); }
  void operator()(const log_row& row) const { write_log_row(connection, row); }
};

}  // namespace

std::vector<append_outcome> sqlite_append::run(std::span<const append_command> commands) {
  if (commands.empty()) return {};
  connection_.use("SAVEPOINT appends").run();
  try {
    auto outcomes = run_together(commands);
    connection_.use("RELEASE appends").run();
    return outcomes;
  } catch (const sqlite_error& fault) {
    if (!fault.is_statements_fault()) throw;
    log_store_fault("a batch with a command that the tables refuse", fault.what());
  }
  // The one that the tables refuse must not fail the others: all over again, each by itself.
  connection_.use("ROLLBACK TO appends").run();
  std::vector<append_outcome> outcomes;
  outcomes.reserve(commands.size());
  for (const auto& command : commands) outcomes.push_back(run_alone(command));
  connection_.use("RELEASE appends").run();
  return outcomes;
}

append_outcome sqlite_append::run_alone(const append_command& command) {
  connection_.use("SAVEPOINT one").run();
  try {
    auto outcomes = run_together({&command, 1});
    connection_.use("RELEASE one").run();
    return std::move(outcomes.front());
  } catch (const sqlite_error& fault) {
    if (!fault.is_statements_fault()) throw;
    connection_.use("ROLLBACK TO one").run();
    connection_.use("RELEASE one").run();
    return to_error(fault);
  }
}

std::vector<append_outcome> sqlite_append::run_together(std::span<const append_command> commands) {
  needs_.clear();
  facts_.clear();
  needs_.collect(commands);
  read_facts();
  append_plan plan(facts_, limits_);
  std::vector<append_outcome> outcomes;
  outcomes.reserve(commands.size());
  for (const auto& command : commands) outcomes.push_back(plan.take(command));
  write(plan);
  return outcomes;
}

void sqlite_append::read_facts() {
  read_rooms();
  read_accounts();
  read_memberships();
  read_restraints();
  read_messages();
  read_files();
  read_stored_sends();
}

void sqlite_append::read_rooms() {
  auto row = connection_.use(
      "SELECT r.is_group, r.created_by, p.last_seq, r.slow_mode_seconds, r.closed_at IS NOT NULL FROM tb_chat_rooms r"
      " JOIN tb_room_position p ON p.room_id = r.chat_room_id WHERE r.chat_room_id = ?1");
  auto block = connection_.use(
      "SELECT 1 FROM tb_private_pair p JOIN tb_friendships f"
      " ON (f.user_id = p.user_low AND f.friend_id = p.user_high)"
      " OR (f.user_id = p.user_high AND f.friend_id = p.user_low)"
      " WHERE p.room_id = ?1 AND f.status = 'blocked'");
  for (const auto& room : needs_.rooms) {
    if (!row.bind(room).step()) continue;
    auto& fact = facts_.rooms[room];
    fact.is_group = row.integer(0) != 0;
    fact.created_by = row.id<user_id>(1);
    fact.last_seq = row.integer(2);
    fact.slow_mode_seconds = row.integer(3);
    fact.closed = row.integer(4) != 0;
    fact.blocked = !fact.is_group && block.bind(room).step();
  }
}

void sqlite_append::read_accounts() {
  auto row = connection_.use(
      "SELECT u.display_name, r.role_enum, u.flagDelete FROM tb_users u"
      " JOIN tb_roles r ON r.role_id = u.role_id WHERE u.user_id = ?1");
  for (const auto& user : needs_.accounts) {
    if (!row.bind(user).step()) continue;
    auto& fact = facts_.accounts[user];
    fact.display_name = row.text(0);
    fact.user_role = parse_role(row.text(1)).value_or(role::user);
    fact.flag = parse_account_flag(row.text(2)).value_or(account_flag::locked);
  }
}

void sqlite_append::read_memberships() {
  auto row = connection_.use("SELECT 1 FROM tb_user_room WHERE room_id = ?1 AND user_id = ?2");
  for (const auto& who : needs_.memberships) {
    if (row.bind(who.room, who.user).step()) facts_.members.insert(who);
  }
  auto members = connection_.use("SELECT count(*) FROM tb_user_room WHERE room_id = ?1");
  for (const auto& room : needs_.counted_rooms) {
    const auto fact = facts_.rooms.find(room);
    if (fact != facts_.rooms.end() && members.bind(room).step()) fact->second.members = members.integer(0);
  }
  auto rooms = connection_.use("SELECT count(*) FROM tb_user_room WHERE user_id = ?1");
  for (const auto& user : needs_.counted_accounts) {
    const auto fact = facts_.accounts.find(user);
    if (fact != facts_.accounts.end() && rooms.bind(user).step()) fact->second.rooms = rooms.integer(0);
  }
}

void sqlite_append::read_restraints() {
  auto mute = connection_.use("SELECT muted_until FROM tb_room_mute WHERE room_id = ?1 AND user_id = ?2");
  auto pace = connection_.use("SELECT last_sent_at FROM tb_room_pace WHERE room_id = ?1 AND user_id = ?2");
  for (const auto& who : needs_.memberships) {
    if (mute.bind(who.room, who.user).step()) facts_.restraints[who].muted_until = mute.time(0);
    const auto room = facts_.rooms.find(who.room);
    if (room == facts_.rooms.end() || room->second.slow_mode_seconds == 0) continue;
    if (pace.bind(who.room, who.user).step()) facts_.restraints[who].last_sent = pace.time(0);
  }
  auto ban = connection_.use("SELECT removal_id FROM tb_room_ban WHERE room_id = ?1 AND user_id = ?2");
  for (const auto& who : needs_.bans) {
    if (ban.bind(who.room, who.user).step()) facts_.bans[who].removal = ban.optional_id<removal_id>(0);
  }
  auto block =
      connection_.use("SELECT 1 FROM tb_friendships WHERE user_id = ?1 AND friend_id = ?2 AND status = 'blocked'");
  for (const auto& one : needs_.invitations) {
    if (block.bind(one.invited, one.inviter).step()) facts_.blocked.insert(one);
  }
}

void sqlite_append::read_messages() {
  auto row = connection_.use(
      "SELECT room_id, user_id, deleted_at, deleted_by, deleted_seq, file_url FROM tb_messages WHERE message_id = ?1");
  for (const auto& message : needs_.messages) {
    if (!row.bind(message).step()) continue;
    auto& fact = facts_.messages[message];
    fact.room = row.id<room_id>(0);
    fact.sender = row.id<user_id>(1);
    fact.file = file_of_url(row.text(5));
    if (!row.is_null(2)) fact.deleted = append_facts::deletion{row.integer(4), row.id<user_id>(3), row.time(2)};
  }
  auto reaction = connection_.use(
      "SELECT reaction_id, seq, created_at FROM tb_reaction WHERE message_id = ?1 AND user_id = ?2 AND emoji "
      "= ?3");
  for (const auto& key : needs_.reactions) {
    if (!reaction.bind(key.message, key.user, key.emoji).step()) continue;
    facts_.reactions[key] = {reaction.id<reaction_id>(0), reaction.integer(1), reaction.time(2)};
  }
  // From one emoji to the next by the index, however many people use each.
  auto next_emoji =
      connection_.use("SELECT emoji FROM tb_reaction WHERE message_id = ?1 AND emoji > ?2 ORDER BY emoji LIMIT 1");
  for (const auto& message : needs_.counted_messages) {
    auto& emojis = facts_.emojis[message];
    std::string last;
    while (next_emoji.bind(message, last).step()) {
      last = next_emoji.text(0);
      emojis.insert(last);
    }
  }
}

void sqlite_append::read_files() {
  auto row = connection_.use(
      "SELECT f.file_url, f.user_id = ?2 OR EXISTS (SELECT 1 FROM tb_messages m JOIN tb_user_room r"
      " ON r.room_id = m.room_id AND r.user_id = ?2 WHERE m.file_url = f.file_url)"
      " FROM tb_file f WHERE f.file_id = ?1 AND f.stage = 'stored'");
  for (const auto& use : needs_.files) {
    if (!row.bind(use.file, use.user).step()) continue;
    auto& fact = facts_.files[use.file];
    fact.url = row.text(0);
    if (row.integer(1) != 0) fact.users.insert(use.user);
  }
}

void sqlite_append::read_stored_sends() {
  auto by_key = connection_.use(
      "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
      " m.created_at, m.seq FROM tb_messages m JOIN tb_users u ON u.user_id = m.user_id"
      " WHERE m.room_id = ?1 AND m.user_id = ?2 AND m.client_msg_id = ?3");
  auto by_id = connection_.use(
      "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
      " m.created_at, m.seq FROM tb_messages m JOIN tb_users u ON u.user_id = m.user_id"
      " WHERE m.message_id = ?3 AND m.user_id = ?2 AND m.room_id = ?1");
  for (const auto* command : needs_.sends) {
    const auto& key = std::get<send_message>(command->command).client_msg_id;
    auto& row = key ? by_key.bind(command->room, command->actor, *key)
                    : by_id.bind(command->room, command->actor, command->new_id);
    if (!row.step()) continue;
    facts_.stored_sends.insert_or_assign(command->new_id,
                                         durable_event{command->room, row.integer(8), read_message(row, 0)});
  }
}

void sqlite_append::write(const append_plan& plan) {
  const sqlite_write_visitor visitor{connection_};
  for (const auto& write : plan.writes()) std::visit(visitor, write);
  for (const auto& room : plan.advanced_rooms()) {
    connection_.use("UPDATE tb_room_position SET last_seq = ?2 WHERE room_id = ?1")
        .bind(room, facts_.rooms.find(room)->second.last_seq)
        .run();
  }
}

}  // namespace parley
