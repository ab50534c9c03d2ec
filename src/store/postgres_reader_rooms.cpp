// Rooms as their members and their actors see them, read from PostgreSQL.
#include "store/postgres_reader.hpp"
#include "store/row_values.hpp"

namespace parley {
namespace {

/// Up to 1,000, among the newest 4,000 messages behind the marker: one's own and deleted ones are passed over row by
/// row, and there may be a million of them. A macro, since literals join only that way.
#define COUNT_UNREAD(room, after, user)                                                                    \
  "SELECT count(*) FROM (SELECT 1 FROM (SELECT user_id, deleted_at FROM tb_messages WHERE room_id = " room \
  " AND seq"                                                                                               \
  " > " after " ORDER BY seq DESC LIMIT 4000) n WHERE n.user_id <> " user " AND n.deleted_at IS NULL LIMIT 1000) a"

/// A room as one of its members sees it, as read_summary() wants it.
#define ROOM_SELECTION \
  "c.chat_room_id, c.name, c.is_group, p.last_seq, coalesce(k.seq, 0),"                       \
  " u.user_id, u.username, u.display_name, u.img_url, r.role_enum,"                           \
  " (" COUNT_UNREAD("m.room_id", "coalesce(k.seq, 0)", "m.user_id") "), c.slow_mode_seconds," \
  " (SELECT x.muted_until FROM tb_room_mute x WHERE x.room_id = m.room_id"                    \
  " AND x.user_id = m.user_id AND x.muted_until > now())"                                     \
  " FROM tb_user_room m JOIN tb_chat_rooms c ON c.chat_room_id = m.room_id"                   \
  " JOIN tb_room_position p ON p.room_id = m.room_id"                                         \
  " LEFT JOIN tb_read_marker k ON k.user_id = m.user_id AND k.room_id = m.room_id"            \
  " LEFT JOIN tb_private_pair q ON q.room_id = m.room_id LEFT JOIN tb_users u ON u.user_id =" \
  " CASE WHEN q.user_low = m.user_id THEN q.user_high ELSE q.user_low END"                    \
  " LEFT JOIN tb_roles r ON r.role_id = u.role_id"
#define ROOM_OF_MEMBER "SELECT " ROOM_SELECTION
#define NO_COLUMNS_BEHIND_ID_AND_NAME " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"

room_summary read_summary(const postgres_row& row, int first = 0) {
  room_summary room;
  room.id = row.id<room_id>(first);
  room.name = row.optional_text(first + 1);
  room.is_group = row.integer(first + 2) != 0;
  room.last_seq = row.integer(first + 3);
  room.last_read_seq = row.integer(first + 4);
  if (!row.is_null(first + 5)) room.peer = read_profile(row, first + 5);
  room.unread = row.integer(first + 10);
  room.slow_mode_seconds = row.integer(first + 11);
  if (!row.is_null(first + 12)) room.muted_until = row.time(first + 12);
  return room;
}

}  // namespace

/// For each question, by its place, rows of three kinds under the columns of a room: the user, whose flag stands as a
/// name and whose token's end as that of a mute; friends, who are ids alone; and rooms.
result<std::vector<session_basis>> postgres_reader::session_bases(std::span<const session_question> questions) {
  return read("reading what sessions begin with", [&](postgres_connection& open) -> result<std::vector<session_basis>> {
    enum { of_user, of_friend, of_room };
    postgres_array<uuid> users, only_rooms;
    postgres_array<std::string_view> tokens;
    for (const auto& question : questions) {
      users.add(question.user);
      tokens.add(to_hex(question.token));
      only_rooms.add(question.only_room);
    }
    const auto rows = open.query(
        "SELECT a.place, s.* FROM unnest($1, $2, $3) WITH ORDINALITY AS a (asker, token_hash, only_room, place),"
        " LATERAL (SELECT 2 AS kind, " ROOM_SELECTION
        " WHERE m.user_id = a.asker AND (a.only_room IS NULL OR m.room_id = a.only_room)"
        " UNION ALL SELECT 1, friend_id, NULL," NO_COLUMNS_BEHIND_ID_AND_NAME
        " NULL FROM tb_friendships WHERE user_id = a.asker AND status = 'accepted'"
        " UNION ALL SELECT 1, user_id, NULL," NO_COLUMNS_BEHIND_ID_AND_NAME
        " NULL FROM tb_friendships WHERE friend_id = a.asker AND status = 'accepted'"
        " UNION ALL SELECT 0, o.user_id, o.flagDelete::text," NO_COLUMNS_BEHIND_ID_AND_NAME
        " t.expires_at FROM tb_users o LEFT JOIN tb_token t ON t.token_hash = a.token_hash AND t.user_id = o.user_id"
        " WHERE o.user_id = a.asker) s ORDER BY 1, 2, 3",
        users, tokens, only_rooms);
    std::vector<session_basis> found(questions.size());
    for (const auto& row : rows) {
      auto& basis = found[static_cast<std::size_t>(row.integer(0)) - 1];
      switch (row.integer(1)) {
        case of_user:
          basis.flag = flag_of(row.text(3));
          basis.token_expires_at = row.optional_time(14);
          break;
        case of_friend:
          basis.friends.push_back(row.id<user_id>(2));
          break;
        default:
          basis.rooms.push_back(read_summary(row, 2));
      }
    }
    return found;
  });
}

/// In order of room id, which is the cursor.
result<page<room_summary>> postgres_reader::rooms_page(user_id user, const page_request& range) {
  return read("reading a page of a user's rooms", [&](postgres_connection& open) -> result<page<room_summary>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    const auto rows = open.query(ROOM_OF_MEMBER " WHERE m.user_id = $1 AND m.room_id > $2 ORDER BY m.room_id LIMIT $3",
                                 user, *after, static_cast<std::int64_t>(range.limit) + 1);
    page<room_summary> found;
    for (const auto& row : rows) {
      if (found.items.size() == range.limit) {
        if (!found.items.empty()) found.next_cursor = to_string(found.items.back().id);
        break;
      }
      found.items.push_back(read_summary(row));
    }
    return found;
  });
}

result<std::optional<room_summary>> postgres_reader::room_of(user_id user, room_id room) {
  return read("reading a user's room", [&](postgres_connection& open) -> result<std::optional<room_summary>> {
    const auto rows = open.query(ROOM_OF_MEMBER " WHERE m.user_id = $1 AND m.room_id = $2", user, room);
    if (rows.empty()) return std::optional<room_summary>();
    return std::optional(read_summary(rows[0]));
  });
}

#undef NO_COLUMNS_BEHIND_ID_AND_NAME
#undef ROOM_OF_MEMBER
#undef ROOM_SELECTION

result<bool> postgres_reader::is_member(user_id user, room_id room) {
  return read("reading a membership", [&](postgres_connection& open) -> result<bool> {
    return !open.query("SELECT 1 FROM tb_user_room WHERE room_id = $1 AND user_id = $2", room, user).empty();
  });
}

result<std::vector<read_position>> postgres_reader::read_positions(user_id user) {
  return read("reading read markers", [&](postgres_connection& open) -> result<std::vector<read_position>> {
    const auto rows = open.query(
        "SELECT m.room_id, coalesce(k.seq, 0) FROM tb_user_room m"
        " LEFT JOIN tb_read_marker k ON k.user_id = m.user_id AND k.room_id = m.room_id"
        " WHERE m.user_id = $1 ORDER BY m.room_id",
        user);
    std::vector<read_position> positions;
    for (const auto& row : rows) positions.push_back({row.id<room_id>(0), row.integer(1)});
    return positions;
  });
}

result<std::optional<room_snapshot>> postgres_reader::snapshot(room_id room) {
  return read("reading a room", [&](postgres_connection& open) -> result<std::optional<room_snapshot>> {
    // Both statements see one state.
    postgres_round_trip trip(open);
    trip.add("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const auto about = trip.add(
        "SELECT c.name, c.is_group, c.created_by, p.last_seq FROM tb_chat_rooms c"
        " JOIN tb_room_position p ON p.room_id = c.chat_room_id WHERE c.chat_room_id = $1",
        room);
    const auto members = trip.add("SELECT user_id FROM tb_user_room WHERE room_id = $1 ORDER BY user_id", room);
    trip.add("ROLLBACK");
    const auto answers = trip.run();
    if (answers[about].empty()) return std::optional<room_snapshot>();
    const auto row = answers[about][0];
    room_snapshot found;
    found.id = room;
    found.name = row.optional_text(0);
    found.is_group = row.integer(1) != 0;
    found.created_by = row.id<user_id>(2);
    found.last_seq = row.integer(3);
    found.members.reserve(static_cast<std::size_t>(answers[members].size()));
    for (const auto& member : answers[members]) found.members.push_back(member.id<user_id>(0));
    return std::optional(std::move(found));
  });
}

result<std::vector<room_heading>> postgres_reader::headings(std::span<const room_id> rooms) {
  return read("reading rooms", [&](postgres_connection& open) -> result<std::vector<room_heading>> {
    postgres_array<uuid> asked;
    for (const auto& room : rooms) asked.add(room);
    const auto rows = open.query(
        "SELECT c.chat_room_id, c.name, c.is_group, p.last_seq FROM tb_chat_rooms c"
        " JOIN tb_room_position p ON p.room_id = c.chat_room_id WHERE c.chat_room_id = ANY($1)",
        asked);
    std::vector<room_heading> found;
    for (const auto& row : rows) {
      found.push_back({row.id<room_id>(0), row.optional_text(1), row.integer(2) != 0, row.integer(3)});
    }
    return found;
  });
}

result<std::optional<room_id>> postgres_reader::group_by_name(const std::string& name) {
  return read("finding a group", [&](postgres_connection& open) -> result<std::optional<room_id>> {
    const auto rows = open.query(
        "SELECT chat_room_id FROM tb_chat_rooms WHERE is_group = 1 AND name = $1 AND closed_at IS NULL"
        " ORDER BY created_at, chat_room_id LIMIT 1",
        name);
    if (rows.empty()) return std::optional<room_id>();
    return std::optional(rows[0].id<room_id>(0));
  });
}

/// In order of user id, which is the cursor.
result<page<room_member>> postgres_reader::members(room_id room, const page_request& range) {
  return read("reading members", [&](postgres_connection& open) -> result<page<room_member>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    const auto rows = open.query(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, m.joined_at FROM tb_user_room m"
        " JOIN tb_users u ON u.user_id = m.user_id JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE m.room_id = $1 AND m.user_id > $2 ORDER BY m.user_id LIMIT $3",
        room, *after, static_cast<std::int64_t>(range.limit) + 1);
    page<room_member> found;
    for (const auto& row : rows) {
      if (found.items.size() == range.limit) {
        if (!found.items.empty()) found.next_cursor = to_string(found.items.back().profile.id);
        break;
      }
      found.items.push_back({read_profile(row, 0), row.time(5)});
    }
    return found;
  });
}

result<std::int64_t> postgres_reader::unread(user_id user, room_id room, sequence after) {
  return read("counting unread", [&](postgres_connection& open) -> result<std::int64_t> {
    return open.query(COUNT_UNREAD("$1", "$2", "$3"), room, after, user)[0].integer(0);
  });
}

#undef COUNT_UNREAD

}  // namespace parley
