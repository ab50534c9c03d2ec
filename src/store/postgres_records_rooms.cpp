// Making rooms on PostgreSQL: groups, and the one private room of two people.
#include <algorithm>

#include "store/append_plan.hpp"
#include "store/log_words.hpp"
#include "store/new_room_rules.hpp"
#include "store/postgres_records.hpp"

namespace parley {

result<created_room> postgres_records::create_room(const new_room& room) {
  return record("creating a room", [&]() -> result<created_room> {
    if (auto fault = shape_fault(room)) return *fault;
    if (!room.is_group) {
      // Neither of them opens it beside the other, nor while one blocks the other.
      lock_pair(room.creator, room.others.front());
      // First of all: no limit and no block takes the room away that the two have.
      if (const auto existing = room_of_pair(room.creator, room.others.front())) {
        return created_room{*existing, false, {room.creator, room.others.front()}};
      }
    }
    // Whoever suspends this person comes before this lock, or waits for the room that is being made.
    connection_.query("SELECT 1 FROM tb_users WHERE user_id = $1 FOR SHARE", room.creator);
    auto members = check_members(room);
    if (members.has_error()) return members.error();
    if (!room.is_group) {
      connection_.query("INSERT INTO tb_private_pair (user_low, user_high, room_id) VALUES ($1, $2, $3)",
                        std::min(members->at(0), members->at(1)), std::max(members->at(0), members->at(1)), room.id);
    }
    insert_room(room, *members);
    for (std::size_t i = 0; i < members->size(); ++i) {
      tell_nodes({members->at(i), membership_stored{room.id, static_cast<sequence>(i) + 1, true}});
    }
    return created_room{room.id, true, std::move(*members)};
  });
}

result<std::vector<user_id>> postgres_records::check_members(const new_room& room) {
  auto members = members_of(room);
  if (auto fault = size_fault(members.size(), limits_)) return *fault;
  postgres_array<uuid> asked;
  for (const auto& user : members) asked.add(user);
  const auto rows = connection_.query(
      "SELECT u.user_id, u.flagDelete, (SELECT count(*) FROM tb_user_room m WHERE m.user_id = u.user_id),"
      " EXISTS (SELECT 1 FROM tb_friendships f WHERE f.user_id = u.user_id AND f.friend_id = $2 AND f.status = "
      "'blocked')"
      " FROM tb_users u WHERE u.user_id = ANY($1)",
      asked, room.creator);
  fact_map<user_id, member_facts> accounts;
  for (const auto& row : rows) {
    accounts[row.id<user_id>(0)] = {parse_account_flag(row.text(1)), row.integer(2), row.integer(3) != 0};
  }
  for (const auto& user : members) {
    if (auto fault = member_fault(room, user, accounts[user], limits_)) return *fault;
  }
  return members;
}

std::optional<room_id> postgres_records::room_of_pair(user_id one, user_id other) {
  const auto rows = connection_.query("SELECT room_id FROM tb_private_pair WHERE user_low = $1 AND user_high = $2",
                                      std::min(one, other), std::max(one, other));
  if (rows.empty()) return std::nullopt;
  return rows[0].id<room_id>(0);
}

/// The room, its members, their markers, the log's first rows and the position behind them, in one round trip.
void postgres_records::insert_room(const new_room& room, const std::vector<user_id>& members) {
  postgres_array<uuid> ids, users;
  postgres_array<std::int64_t> seqs;
  for (std::size_t i = 0; i < members.size(); ++i) {
    ids.add(room.membership_ids[i]);
    users.add(members[i]);
    seqs.add(static_cast<sequence>(i) + 1);
  }
  const auto words = words_of(log_row::kind::member_created);
  postgres_round_trip trip(connection_);
  trip.add(
      "INSERT INTO tb_chat_rooms (chat_room_id, name, is_group, created_by, created_at)"
      " VALUES ($1, $2, $3::boolean::int, $4, $5)",
      room.id, room.is_group ? room.name : std::nullopt, room.is_group, room.creator, room.created_at);
  trip.add(
      "INSERT INTO tb_user_room (user_room_id, user_id, room_id, joined_at)"
      " SELECT n.id, n.user_id, $3, $4 FROM unnest($1, $2) AS n (id, user_id)",
      ids, users, room.id, room.created_at);
  trip.add(
      "INSERT INTO tb_read_marker (user_id, room_id, seq) SELECT n.user_id, $3, n.seq"
      " FROM unnest($1, $2) AS n (user_id, seq)",
      users, seqs, room.id);
  trip.add(
      "INSERT INTO tb_room_event (room_id, seq, type, event_id, by_id, user_id, reason, created_at)"
      " SELECT $4, n.seq, $5, n.id, $6, n.user_id, $7, $8 FROM unnest($1, $2, $3) AS n (id, user_id, seq)",
      ids, users, seqs, room.id, words.type, room.creator, words.reason, room.created_at);
  trip.add("INSERT INTO tb_room_position (room_id, last_seq) VALUES ($1, $2)", room.id,
           static_cast<sequence>(members.size()));
  trip.run();
}

}  // namespace parley
