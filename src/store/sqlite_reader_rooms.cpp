// Rooms as their members and their actors see them, read from SQLite.
#include "store/sqlite_reader.hpp"
#include "store/sqlite_rows.hpp"

namespace parley {
namespace {

/// A room as one of its members sees it, without its unread count. A macro, since literals join only that way.
#define ROOM_OF_MEMBER                                                                        \
  "SELECT c.chat_room_id, c.name, c.is_group, p.last_seq, coalesce(k.seq, 0),"                \
  " u.user_id, u.username, u.display_name, u.img_url, r.role_enum, c.slow_mode_seconds,"      \
  " (SELECT x.muted_until FROM tb_room_mute x WHERE x.room_id = m.room_id"                    \
  " AND x.user_id = m.user_id AND x.muted_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"     \
  " FROM tb_user_room m JOIN tb_chat_rooms c ON c.chat_room_id = m.room_id"                   \
  " JOIN tb_room_position p ON p.room_id = m.room_id"                                         \
  " LEFT JOIN tb_read_marker k ON k.user_id = m.user_id AND k.room_id = m.room_id"            \
  " LEFT JOIN tb_private_pair q ON q.room_id = m.room_id LEFT JOIN tb_users u ON u.user_id =" \
  " CASE WHEN q.user_low = m.user_id THEN q.user_high ELSE q.user_low END"                    \
  " LEFT JOIN tb_roles r ON r.role_id = u.role_id"

}  // namespace

/// Columns: chat_room_id, name, is_group, last_seq, the member's marker; the peer's profile; slow mode, mute.
room_summary sqlite_reader::read_summary(const statement& row, user_id user) {
  room_summary room;
  room.id = row.id<room_id>(0);
  room.name = row.optional_text(1);
  room.is_group = row.integer(2) != 0;
  room.last_seq = row.integer(3);
  room.last_read_seq = row.integer(4);
  if (!row.is_null(5)) room.peer = read_profile(row, 5);
  room.slow_mode_seconds = row.integer(10);
  if (!row.is_null(11)) room.muted_until = row.time(11);
  if (room.last_read_seq < room.last_seq) room.unread = count_unread(user, room.id, room.last_read_seq);
  return room;
}

result<std::vector<session_basis>> sqlite_reader::session_bases(std::span<const session_question> questions) {
  return guarded("reading what sessions begin with", [&]() -> result<std::vector<session_basis>> {
    const read_snapshot snapshot(connection_);
    auto account = connection_.use(
        "SELECT u.flagDelete, t.expires_at FROM tb_users u LEFT JOIN tb_token t"
        " ON t.token_hash = ?2 AND t.user_id = u.user_id WHERE u.user_id = ?1");
    auto room =
        connection_.use(ROOM_OF_MEMBER " WHERE m.user_id = ?1 AND (?2 IS NULL OR m.room_id = ?2) ORDER BY m.room_id");
    auto other = connection_.use(
        "SELECT friend_id FROM tb_friendships WHERE user_id = ?1 AND status = 'accepted'"
        " UNION ALL SELECT user_id FROM tb_friendships WHERE friend_id = ?1 AND status = 'accepted'");
    std::vector<session_basis> all;
    all.reserve(questions.size());
    for (const auto& question : questions) {
      auto& found = all.emplace_back();
      if (account.bind(question.user, question.token).step()) {
        found.flag = flag_of(account.text(0));
        found.token_expires_at = account.optional_time(1);
      }
      room.bind(question.user, question.only_room);
      while (room.step()) found.rooms.push_back(read_summary(room, question.user));
      other.bind(question.user);
      while (other.step()) found.friends.push_back(other.id<user_id>(0));
    }
    return all;
  });
}

/// In order of room id, which is the cursor.
result<page<room_summary>> sqlite_reader::rooms_page(user_id user, const page_request& range) {
  return guarded("reading a page of a user's rooms", [&]() -> result<page<room_summary>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    const read_snapshot snapshot(connection_);
    auto row = connection_.use(ROOM_OF_MEMBER " WHERE m.user_id = ?1 AND m.room_id > ?2 ORDER BY m.room_id LIMIT ?3");
    row.bind(user, *after, static_cast<std::int64_t>(range.limit) + 1);
    page<room_summary> found;
    while (row.step()) {
      if (found.items.size() == range.limit) {
        if (!found.items.empty()) found.next_cursor = to_string(found.items.back().id);
        break;
      }
      found.items.push_back(read_summary(row, user));
    }
    return found;
  });
}

result<std::optional<room_summary>> sqlite_reader::room_of(user_id user, room_id room) {
  return guarded("reading a user's room", [&]() -> result<std::optional<room_summary>> {
    const read_snapshot snapshot(connection_);
    auto row = connection_.use(ROOM_OF_MEMBER " WHERE m.user_id = ?1 AND m.room_id = ?2");
    if (!row.bind(user, room).step()) return std::optional<room_summary>();
    return std::optional(read_summary(row, user));
  });
}

result<bool> sqlite_reader::is_member(user_id user, room_id room) {
  return guarded("reading a membership", [&]() -> result<bool> {
    auto row = connection_.use("SELECT 1 FROM tb_user_room WHERE room_id = ?1 AND user_id = ?2");
    return row.bind(room, user).step();
  });
}

result<std::vector<read_position>> sqlite_reader::read_positions(user_id user) {
  return guarded("reading read markers", [&]() -> result<std::vector<read_position>> {
    auto row = connection_.use(
        "SELECT m.room_id, coalesce(k.seq, 0) FROM tb_user_room m"
        " LEFT JOIN tb_read_marker k ON k.user_id = m.user_id AND k.room_id = m.room_id"
        " WHERE m.user_id = ?1 ORDER BY m.room_id");
    row.bind(user);
    std::vector<read_position> positions;
    while (row.step()) positions.push_back({row.id<room_id>(0), row.integer(1)});
    return positions;
  });
}

result<std::optional<room_snapshot>> sqlite_reader::snapshot(room_id room) {
  return guarded("reading a room", [&]() -> result<std::optional<room_snapshot>> {
    const read_snapshot snapshot(connection_);
    auto row = connection_.use(
        "SELECT c.name, c.is_group, c.created_by, p.last_seq FROM tb_chat_rooms c"
        " JOIN tb_room_position p ON p.room_id = c.chat_room_id WHERE c.chat_room_id = ?1");
    if (!row.bind(room).step()) return std::optional<room_snapshot>();
    room_snapshot found;
    found.id = room;
    found.name = row.optional_text(0);
    found.is_group = row.integer(1) != 0;
    found.created_by = row.id<user_id>(2);
    found.last_seq = row.integer(3);
    auto member = connection_.use("SELECT user_id FROM tb_user_room WHERE room_id = ?1 ORDER BY user_id");
    member.bind(room);
    while (member.step()) found.members.push_back(member.id<user_id>(0));
    return std::optional(std::move(found));
  });
}

result<std::vector<room_heading>> sqlite_reader::headings(std::span<const room_id> rooms) {
  return guarded("reading rooms", [&]() -> result<std::vector<room_heading>> {
    auto row = connection_.use(
        "SELECT c.name, c.is_group, p.last_seq FROM tb_chat_rooms c"
        " JOIN tb_room_position p ON p.room_id = c.chat_room_id WHERE c.chat_room_id = ?1");
    std::vector<room_heading> found;
    for (const auto& room : rooms) {
      if (row.bind(room).step()) found.push_back({room, row.optional_text(0), row.integer(1) != 0, row.integer(2)});
    }
    return found;
  });
}

result<std::optional<room_id>> sqlite_reader::group_by_name(const std::string& name) {
  return guarded("finding a group", [&]() -> result<std::optional<room_id>> {
    auto row = connection_.use(
        "SELECT chat_room_id FROM tb_chat_rooms WHERE is_group = 1 AND name = ?1 AND closed_at IS NULL"
        " ORDER BY created_at, chat_room_id LIMIT 1");
    if (!row.bind(name).step()) return std::optional<room_id>();
    return std::optional(row.id<room_id>(0));
  });
}

/// In order of user id, which is the cursor.
result<page<room_member>> sqlite_reader::members(room_id room, const page_request& range) {
  return guarded("reading members", [&]() -> result<page<room_member>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    auto row = connection_.use(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, m.joined_at FROM tb_user_room "
        "m"
        " JOIN tb_users u ON u.user_id = m.user_id JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE m.room_id = ?1 AND m.user_id > ?2 ORDER BY m.user_id LIMIT ?3");
    row.bind(room, *after, static_cast<std::int64_t>(range.limit) + 1);
    page<room_member> found;
    while (row.step()) {
      if (found.items.size() == range.limit) {
        if (!found.items.empty()) found.next_cursor = to_string(found.items.back().profile.id);
        break;
      }
      found.items.push_back({read_profile(row, 0), row.time(5)});
    }
    return found;
  });
}

result<std::int64_t> sqlite_reader::unread(user_id user, room_id room, sequence after) {
  return guarded("counting unread", [&]() -> result<std::int64_t> { return count_unread(user, room, after); });
}

/// Up to 1,000, among the newest 4,000 messages behind the marker: one's own and deleted ones are passed over row by
/// row, and there may be a million of them.
std::int64_t sqlite_reader::count_unread(user_id user, room_id room, sequence after) {
  auto row = connection_.use(
      "SELECT count(*) FROM (SELECT 1 FROM (SELECT user_id, deleted_at FROM tb_messages WHERE room_id = ?1 AND seq > ?2"
      " ORDER BY seq DESC LIMIT 4000) WHERE user_id <> ?3 AND deleted_at IS NULL LIMIT 1000)");
  return row.bind(room, after, user).step() ? row.integer(0) : 0;
}

#undef ROOM_OF_MEMBER

}  // namespace parley
