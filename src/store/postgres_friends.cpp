// Friendships on PostgreSQL: changed behind the two people's locks, read as one of them sees them.
#include <algorithm>

#include "store/friend_rows.hpp"
#include "store/postgres_reader.hpp"
#include "store/postgres_records.hpp"

namespace parley {
namespace {

/// Whoever is blocked does not see that row. An accepted request was accepted by the one who was asked.
#define SEEN                                                                                                     \
  "(SELECT friend_id AS other, status, CASE status WHEN 'accepted' THEN friend_id ELSE user_id END AS acted_by," \
  " created_at FROM tb_friendships WHERE user_id = $1 UNION ALL"                                                 \
  " SELECT user_id, status, CASE status WHEN 'accepted' THEN friend_id ELSE user_id END, created_at"             \
  " FROM tb_friendships WHERE friend_id = $1 AND status <> 'blocked') s"
/// As read_friend() wants them. The rows are chosen before the people are looked up, of whom there are many more.
#define FRIENDS(chosen)                                                                                      \
  "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, f.status, f.acted_by, f.created_at" \
  " FROM (SELECT * FROM " SEEN " WHERE " chosen                                                              \
  ") f JOIN tb_users u ON u.user_id = f.other JOIN tb_roles r ON r.role_id = u.role_id ORDER BY f.other"

}  // namespace

result<friendship_change> postgres_records::change_friendship(user_id who, user_id other, friend_action what,
                                                              timestamp at) {
  return record("changing a friendship", [&] { return run_friendship_change(*this, who, other, what, at); });
}

/// A block also waits for what is being written in the two people's room: what comes to be stored behind it is refused.
friendship_at_hand postgres_records::lock_friendship(user_id who, user_id other, friend_action what) {
  lock_pair(who, other);
  if (what == friend_action::block) {
    connection_.query(
        "SELECT 1 FROM tb_room_position WHERE room_id = (SELECT room_id FROM tb_private_pair"
        " WHERE user_low = $1 AND user_high = $2) FOR UPDATE",
        std::min(who, other), std::max(who, other));
  }
  // As for a new room: a suspension comes before this lock, or waits for what comes of it.
  connection_.query("SELECT 1 FROM tb_users WHERE user_id = $1 FOR SHARE", who);
  friendship_at_hand found;
  const auto people =
      connection_.query("SELECT user_id, flagDelete FROM tb_users WHERE user_id = $1 OR user_id = $2", who, other);
  for (const auto& row : people) {
    auto& flag = row.id<user_id>(0) == who ? found.own_flag : found.others_flag;
    flag = parse_account_flag(row.text(1));
  }
  const auto rows = connection_.query(
      "SELECT user_id, status FROM tb_friendships WHERE user_id = $1 AND friend_id = $2"
      " UNION ALL SELECT user_id, status FROM tb_friendships WHERE user_id = $2 AND friend_id = $1",
      who, other);
  for (const auto& row : rows) {
    auto& stands = row.id<user_id>(0) == who ? found.rows.mine : found.rows.theirs;
    stands = parse_friend_status(row.text(1)).value_or(friend_status::none);
  }
  return found;
}

/// Both may act at once, on two nodes: one of them goes first, and the other sees what came of it. Taken before rooms,
/// by jobs that are alone in their transaction.
void postgres_records::lock_pair(user_id one, user_id other) {
  connection_.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                    to_string(std::min(one, other)) + to_string(std::max(one, other)));
}

bool postgres_records::has_friends_left(user_id user) {
  const auto most = static_cast<std::int64_t>(limits_.friends_per_user);
  const auto rows = connection_.query(
      "SELECT count(*) FROM (SELECT 1 FROM tb_friendships WHERE user_id = $1 AND status <> 'blocked'"
      " UNION ALL SELECT 1 FROM tb_friendships WHERE friend_id = $1 AND status = 'accepted' LIMIT $2) f",
      user, most);
  return rows[0].integer(0) < most;
}

void postgres_records::write_friendship(user_id who, user_id other, friend_status before, friend_status after,
                                        timestamp at) {
  if (before == after) return;
  if (after == friend_status::none) {
    connection_.query("DELETE FROM tb_friendships WHERE user_id = $1 AND friend_id = $2", who, other);
  } else {
    connection_.query(
        "INSERT INTO tb_friendships (user_id, friend_id, status, created_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (user_id, friend_id) DO UPDATE SET status = excluded.status, created_at = CASE excluded.status"
        " WHEN 'blocked' THEN excluded.created_at ELSE tb_friendships.created_at END",
        who, other, to_string(after), at);
  }
}

result<page<friend_item>> postgres_reader::friends(user_id user, std::optional<friend_status> status,
                                                   const page_request& range) {
  return read("reading friends", [&](postgres_connection& open) -> result<page<friend_item>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    const auto rows =
        open.query(FRIENDS("s.other > $2 AND ($3 = '' OR s.status = $3) ORDER BY s.other LIMIT $4"), user, *after,
                   status ? to_string(*status) : std::string_view(), static_cast<std::int64_t>(range.limit) + 1);
    std::vector<friend_item> found;
    for (const auto& row : rows) found.push_back(read_friend(row));
    return page_of_friends(std::move(found), range.limit);
  });
}

std::optional<friend_item> postgres_records::read_friend_seen_by(user_id user, user_id other) {
  const auto rows = connection_.query(FRIENDS("s.other = $2 LIMIT 1"), user, other);
  return rows.empty() ? std::nullopt : std::optional(read_friend(rows[0]));
}

#undef FRIENDS
#undef SEEN

}  // namespace parley
