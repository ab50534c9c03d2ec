// The writes that several files need.
#include "store/sqlite_rows.hpp"

#include "store/log_words.hpp"

namespace parley {

void write_log_row(sqlite_connection& connection, const log_row& row) {
  const auto words = words_of(row.type);
  const auto text = row.text.empty() ? std::nullopt : std::optional<std::string_view>(row.text);
  connection
      .use(
          "INSERT INTO tb_room_event (room_id, seq, type, event_id, by_id, user_id, message_id, reaction_id, "
          "reason,"
          " text, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
      .bind(row.room, row.seq, words.type, row.event_id, row.by, row.user, row.message, row.reaction, words.reason,
            text, row.at)
      .run();
}

void write_membership(sqlite_connection& connection, const insert_membership& membership) {
  connection.use("INSERT INTO tb_user_room (user_room_id, user_id, room_id, joined_at) VALUES (?1, ?2, ?3, ?4)")
      .bind(membership.id, membership.who.user, membership.who.room, membership.joined_at)
      .run();
  connection
      .use(
          "INSERT INTO tb_read_marker (user_id, room_id, seq) VALUES (?1, ?2, ?3)"
          " ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq")
      .bind(membership.who.user, membership.who.room, membership.seq)
      .run();
}

}  // namespace parley
