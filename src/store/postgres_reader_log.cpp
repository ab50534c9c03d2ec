// A room's log, merged from its two tables by seq, and history, read from PostgreSQL.
#include <limits>

#include "store/postgres_reader.hpp"
#include "store/reaction_summaries.hpp"
#include "store/row_values.hpp"

namespace parley {

result<sequence> postgres_reader::last_seq(room_id room) {
  return read("reading a position", [&](postgres_connection& open) -> result<sequence> {
    const auto rows = open.query("SELECT last_seq FROM tb_room_position WHERE room_id = $1", room);
    if (rows.empty()) return not_found("room_id: there is no such room.");
    return rows[0].integer(0);
  });
}

result<std::vector<std::pair<room_id, sequence>>> postgres_reader::last_seqs(std::span<const room_id> rooms) {
  using ends = std::vector<std::pair<room_id, sequence>>;
  return read("reading positions", [&](postgres_connection& open) -> result<ends> {
    postgres_array<uuid> asked;
    for (const auto& room : rooms) asked.add(room);
    const auto rows = open.query("SELECT room_id, last_seq FROM tb_room_position WHERE room_id = ANY($1)", asked);
    ends found;
    for (const auto& row : rows) found.emplace_back(row.id<room_id>(0), row.integer(1));
    return found;
  });
}

result<std::vector<durable_event>> postgres_reader::events_after(room_id room, sequence after, std::uint32_t limit) {
  return read("reading the log", [&](postgres_connection& open) -> result<std::vector<durable_event>> {
    postgres_round_trip trip(open);
    trip.add("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const auto messages = trip.add(
        "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
        " m.created_at, m.seq FROM tb_messages m JOIN tb_users u ON u.user_id = m.user_id"
        " WHERE m.room_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3",
        room, after, limit);
    const auto others = trip.add(
        "SELECT e.type, e.by_id, e.user_id, e.message_id, e.reaction_id, e.reason, e.text, e.created_at, m.content,"
        " e.seq FROM tb_room_event e LEFT JOIN tb_messages m ON e.type = 'message_edited'"
        " AND m.message_id = e.message_id WHERE e.room_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3",
        room, after, limit);
    trip.add("ROLLBACK");
    const auto answers = trip.run();
    const auto& message = answers[messages];
    const auto& other = answers[others];
    std::vector<durable_event> events;
    for (int i = 0, k = 0; events.size() < limit && (i < message.size() || k < other.size());) {
      if (i < message.size() && (k == other.size() || message[i].integer(8) < other[k].integer(9))) {
        events.push_back({room, message[i].integer(8), read_message(message[i], 0)});
        ++i;
      } else {
        events.push_back({room, other[k].integer(9), read_log_body(other[k], 0)});
        ++k;
      }
    }
    return events;
  });
}

result<std::vector<history_item>> postgres_reader::history(room_id room, std::optional<sequence> before,
                                                           std::optional<sequence> after, std::uint32_t limit) {
#define HISTORY                                                                                         \
  "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id," \
  " m.created_at, m.seq, m.edited_at, m.deleted_at FROM tb_messages m JOIN tb_users u ON u.user_id = m.user_id"
// Of the same messages, those that still stand: what was said about a message that is gone is gone with it.
#define REACTIONS "SELECT r.message_id, r.emoji, r.user_id FROM (SELECT m.message_id, m.deleted_at FROM tb_messages m"
#define OF_THESE \
  ") m JOIN tb_reaction r ON r.message_id = m.message_id WHERE m.deleted_at IS NULL ORDER BY r.message_id, r.seq"
#define OLDEST_FIRST " WHERE m.room_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3"
#define NEWEST_FIRST " WHERE m.room_id = $1 AND m.seq < $2 ORDER BY m.seq DESC LIMIT $3"
  return read("reading history", [&](postgres_connection& open) -> result<std::vector<history_item>> {
    const auto from = after ? *after : before.value_or(std::numeric_limits<sequence>::max());
    postgres_round_trip trip(open);
    trip.add("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const auto messages = trip.add(after ? HISTORY OLDEST_FIRST : HISTORY NEWEST_FIRST, room, from, limit);
    const auto reactions =
        trip.add(after ? REACTIONS OLDEST_FIRST OF_THESE : REACTIONS NEWEST_FIRST OF_THESE, room, from, limit);
    trip.add("ROLLBACK");
    const auto answers = trip.run();
    reaction_summaries summaries;
    for (const auto& row : answers[reactions]) summaries.add(row.id<message_id>(0), row.text(1), row.id<user_id>(2));
    std::vector<history_item> items;
    for (const auto& row : answers[messages]) {
      history_item item;
      item.room = room;
      item.seq = row.integer(8);
      item.message = read_message(row, 0);
      item.edited_at = row.optional_time(9);
      item.deleted_at = row.optional_time(10);
      item.reactions = summaries.take(item.message.message);
      items.push_back(std::move(item));
    }
    return items;
  });
#undef NEWEST_FIRST
#undef OLDEST_FIRST
#undef OF_THESE
#undef REACTIONS
#undef HISTORY
}

result<std::optional<room_id>> postgres_reader::room_of_message(message_id message) {
  return read("finding a message's room", [&](postgres_connection& open) -> result<std::optional<room_id>> {
    const auto rows = open.query("SELECT room_id FROM tb_messages WHERE message_id = $1", message);
    if (rows.empty()) return std::optional<room_id>();
    return std::optional(rows[0].id<room_id>(0));
  });
}

}  // namespace parley
