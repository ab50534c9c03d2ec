// A room's log, merged from its two tables by seq, and history, read from SQLite.
#include <limits>

#include "store/reaction_summaries.hpp"
#include "store/sqlite_reader.hpp"
#include "store/sqlite_rows.hpp"

namespace parley {

result<sequence> sqlite_reader::last_seq(room_id room) {
  return guarded("reading a position", [&]() -> result<sequence> {
    auto row = connection_.use("SELECT last_seq FROM tb_room_position WHERE room_id = ?1");
    if (!row.bind(room).step()) return not_found("room_id: there is no such room.");
    return row.integer(0);
  });
}

result<std::vector<std::pair<room_id, sequence>>> sqlite_reader::last_seqs(std::span<const room_id> rooms) {
  using ends = std::vector<std::pair<room_id, sequence>>;
  return guarded("reading positions", [&]() -> result<ends> {
    auto row = connection_.use("SELECT last_seq FROM tb_room_position WHERE room_id = ?1");
    ends found;
    for (const auto& room : rooms) {
      if (row.bind(room).step()) found.emplace_back(room, row.integer(0));
    }
    return found;
  });
}

result<std::vector<durable_event>> sqlite_reader::events_after(room_id room, sequence after, std::uint32_t limit) {
  return guarded("reading the log", [&]() -> result<std::vector<durable_event>> {
    const read_snapshot snapshot(connection_);
    auto message = connection_.use(
        "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
        " m.created_at, m.seq FROM tb_messages m JOIN tb_users u ON u.user_id = m.user_id"
        " WHERE m.room_id = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3");
    auto other = connection_.use(
        "SELECT e.type, e.by_id, e.user_id, e.message_id, e.reaction_id, e.reason, e.text, e.created_at, "
        "m.content,"
        " e.seq FROM tb_room_event e LEFT JOIN tb_messages m ON e.type = 'message_edited'"
        " AND m.message_id = e.message_id WHERE e.room_id = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3");
    bool has_message = message.bind(room, after, limit).step();
    bool has_other = other.bind(room, after, limit).step();
    std::vector<durable_event> events;
    while (events.size() < limit && (has_message || has_other)) {
      if (has_message && (!has_other || message.integer(8) < other.integer(9))) {
        events.push_back({room, message.integer(8), read_message(message, 0)});
        has_message = message.step();
      } else {
        events.push_back({room, other.integer(9), read_log_body(other, 0)});
        has_other = other.step();
      }
    }
    return events;
  });
}

result<std::vector<history_item>> sqlite_reader::history(room_id room, std::optional<sequence> before,
                                                         std::optional<sequence> after, std::uint32_t limit) {
  return guarded("reading history", [&]() -> result<std::vector<history_item>> {
    const read_snapshot snapshot(connection_);
    auto oldest_first = connection_.use(
        "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
        " m.created_at, m.seq, m.edited_at, m.deleted_at FROM tb_messages m JOIN tb_users u ON u.user_id = "
        "m.user_id"
        " WHERE m.room_id = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3");
    auto newest_first = connection_.use(
        "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
        " m.created_at, m.seq, m.edited_at, m.deleted_at FROM tb_messages m JOIN tb_users u ON u.user_id = "
        "m.user_id"
        " WHERE m.room_id = ?1 AND m.seq < ?2 ORDER BY m.seq DESC LIMIT ?3");
    auto& row = after ? oldest_first.bind(room, *after, limit)
                      : newest_first.bind(room, before.value_or(std::numeric_limits<sequence>::max()), limit);
    std::vector<history_item> items;
    while (row.step()) {
      history_item item;
      item.room = room;
      item.seq = row.integer(8);
      item.message = read_message(row, 0);
      item.edited_at = row.optional_time(9);
      item.deleted_at = row.optional_time(10);
      // What was said about a message that is gone is gone with it.
      if (!item.deleted_at) item.reactions = read_reactions(item.message.message);
      items.push_back(std::move(item));
    }
    return items;
  });
}

std::vector<reaction_summary> sqlite_reader::read_reactions(message_id message) {
  auto row = connection_.use("SELECT emoji, user_id FROM tb_reaction WHERE message_id = ?1 ORDER BY seq");
  row.bind(message);
  reaction_summaries summaries;
  while (row.step()) summaries.add(message, row.text(0), row.id<user_id>(1));
  return summaries.take(message);
}

result<std::optional<room_id>> sqlite_reader::room_of_message(message_id message) {
  return guarded("finding a message's room", [&]() -> result<std::optional<room_id>> {
    auto row = connection_.use("SELECT room_id FROM tb_messages WHERE message_id = ?1");
    if (!row.bind(message).step()) return std::optional<room_id>();
    return std::optional(row.id<room_id>(0));
  });
}

}  // namespace parley
