// Making rooms: groups, and the one private room of two people.
#include <algorithm>

#include "store/new_room_rules.hpp"
#include "store/sqlite_record_guard.hpp"
#include "store/sqlite_records.hpp"
#include "store/sqlite_rows.hpp"

namespace parley {

result<created_room> sqlite_records::create_room(const new_room& room) {
  return record("creating a room", [&]() -> result<created_room> {
    if (auto fault = shape_fault(room)) return *fault;
    if (!room.is_group) {
      // First of all: no limit and no block takes the room away that the two have.
      if (const auto existing = room_of_pair(room.creator, room.others.front())) {
        return created_room{*existing, false, {room.creator, room.others.front()}};
      }
    }
    auto members = check_members(room);
    if (members.has_error()) return members.error();
    insert_room(room, *members);
    return created_room{room.id, true, std::move(*members)};
  });
}

/// The members in order, each once, the creator first.
result<std::vector<user_id>> sqlite_records::check_members(const new_room& room) {
  auto members = members_of(room);
  if (auto fault = size_fault(members.size(), limits_)) return *fault;
  auto row = connection_.use(
      "SELECT u.flagDelete, (SELECT count(*) FROM tb_user_room m WHERE m.user_id = u.user_id),"
      " EXISTS (SELECT 1 FROM tb_friendships f WHERE f.user_id = u.user_id AND f.friend_id = ?2 AND f.status = "
      "'blocked')"
      " FROM tb_users u WHERE u.user_id = ?1");
  for (const auto& user : members) {
    member_facts facts;
    if (row.bind(user, room.creator).step()) {
      facts = {parse_account_flag(row.text(0)), row.integer(1), row.integer(2) != 0};
    }
    if (auto fault = member_fault(room, user, facts, limits_)) return *fault;
  }
  return members;
}

std::optional<room_id> sqlite_records::room_of_pair(user_id one, user_id other) {
  auto row = connection_.use("SELECT room_id FROM tb_private_pair WHERE user_low = ?1 AND user_high = ?2");
  if (!row.bind(std::min(one, other), std::max(one, other)).step()) return std::nullopt;
  return row.id<room_id>(0);
}

void sqlite_records::insert_room(const new_room& room, const std::vector<user_id>& members) {
  const auto name = room.is_group ? room.name : std::nullopt;
  connection_
      .use(
          "INSERT INTO tb_chat_rooms (chat_room_id, name, is_group, created_by, created_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5)")
      .bind(room.id, name, room.is_group, room.creator, room.created_at)
      .run();
  if (!room.is_group) {
    connection_.use("INSERT INTO tb_private_pair (user_low, user_high, room_id) VALUES (?1, ?2, ?3)")
        .bind(std::min(members[0], members[1]), std::max(members[0], members[1]), room.id)
        .run();
  }
  sequence seq = 0;
  for (const auto& user : members) {
    const auto& id = room.membership_ids[static_cast<std::size_t>(seq)];
    ++seq;
    write_membership(connection_, {id, {room.id, user}, room.created_at, seq});
    log_row row;
    row.room = room.id;
    row.seq = seq;
    row.type = log_row::kind::member_created;
    row.event_id = id;
    row.by = room.creator;
    row.at = room.created_at;
    row.user = user;
    write_log_row(connection_, row);
  }
  connection_.use("INSERT INTO tb_room_position (room_id, last_seq) VALUES (?1, ?2)").bind(room.id, seq).run();
}

}  // namespace parley
