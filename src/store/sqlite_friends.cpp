// Friendships on SQLite, which has one writer: nobody acts at the same moment.
#include "store/friend_rows.hpp"
#include "store/sqlite_reader.hpp"
#include "store/sqlite_record_guard.hpp"
#include "store/sqlite_rows.hpp"

namespace parley {
namespace {

/// As read_friend() wants them; an accepted request was accepted by the one who was asked.
#define FRIENDS_FROM(other)                                                          \
  "SELECT f." other                                                                  \
  ", u.username, u.display_name, u.img_url, r.role_enum, f.status,"                  \
  " CASE f.status WHEN 'accepted' THEN f.friend_id ELSE f.user_id END, f.created_at" \
  " FROM tb_friendships f CROSS JOIN tb_users u ON u.user_id = f." other             \
  " CROSS JOIN tb_roles r ON r.role_id = u.role_id"
/// What the others have asked or agreed to, each status in the order of its index; their blocks are not for one's eyes.
#define FRIENDS_OF_OTHERS(status)                                                         \
  " UNION ALL " FRIENDS_FROM("user_id") " WHERE f.friend_id = ?1 AND f.status = '" status \
                                        "' AND f.user_id > ?2 AND ?3 IN ('', '" status "')"

}  // namespace

result<friendship_change> sqlite_records::change_friendship(user_id who, user_id other, friend_action what,
                                                            timestamp at) {
  return record("changing a friendship", [&] { return run_friendship_change(*this, who, other, what, at); });
}

friendship_at_hand sqlite_records::lock_friendship(user_id who, user_id other, friend_action) {
  friendship_at_hand found;
  auto person = connection_.use("SELECT flagDelete FROM tb_users WHERE user_id = ?1");
  if (person.bind(who).step()) found.own_flag = parse_account_flag(person.text(0));
  if (person.bind(other).step()) found.others_flag = parse_account_flag(person.text(0));
  auto row = connection_.use("SELECT status FROM tb_friendships WHERE user_id = ?1 AND friend_id = ?2");
  if (row.bind(who, other).step()) found.rows.mine = parse_friend_status(row.text(0)).value_or(friend_status::none);
  if (row.bind(other, who).step()) found.rows.theirs = parse_friend_status(row.text(0)).value_or(friend_status::none);
  return found;
}

bool sqlite_records::has_friends_left(user_id user) {
  const auto most = static_cast<std::int64_t>(limits_.friends_per_user);
  auto row = connection_.use(
      "SELECT count(*) FROM (SELECT 1 FROM tb_friendships WHERE user_id = ?1 AND status <> 'blocked'"
      " UNION ALL SELECT 1 FROM tb_friendships WHERE friend_id = ?1 AND status = 'accepted' LIMIT ?2)");
  return row.bind(user, most).step() && row.integer(0) < most;
}

void sqlite_records::write_friendship(user_id who, user_id other, friend_status before, friend_status after,
                                      timestamp at) {
  if (before == after) return;
  if (after == friend_status::none) {
    connection_.use("DELETE FROM tb_friendships WHERE user_id = ?1 AND friend_id = ?2").bind(who, other).run();
    return;
  }
  connection_
      .use(
          "INSERT INTO tb_friendships (user_id, friend_id, status, created_at) VALUES (?1, ?2, ?3, ?4)"
          " ON CONFLICT (user_id, friend_id) DO UPDATE SET status = excluded.status, created_at = CASE excluded.status"
          " WHEN 'blocked' THEN excluded.created_at ELSE tb_friendships.created_at END")
      .bind(who, other, to_string(after), at)
      .run();
}

result<page<friend_item>> sqlite_reader::friends(user_id user, std::optional<friend_status> status,
                                                 const page_request& range) {
  return guarded("reading friends", [&]() -> result<page<friend_item>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    auto row = connection_.use(FRIENDS_FROM(
        "friend_id") " WHERE f.user_id = ?1 AND f.friend_id > ?2"
                     " AND ?3 IN ('', f.status)" FRIENDS_OF_OTHERS("pending")
                                   FRIENDS_OF_OTHERS("accepted") " ORDER BY 1 LIMIT ?4");
    row.bind(user, *after, status ? to_string(*status) : std::string_view(),
             static_cast<std::int64_t>(range.limit) + 1);
    std::vector<friend_item> found;
    while (row.step()) found.push_back(read_friend(row));
    return page_of_friends(std::move(found), range.limit);
  });
}

std::optional<friend_item> sqlite_records::read_friend_seen_by(user_id user, user_id other) {
  auto row =
      connection_.use(FRIENDS_FROM("friend_id") " WHERE f.user_id = ?1 AND f.friend_id = ?2 UNION ALL " FRIENDS_FROM(
          "user_id") " WHERE f.user_id = ?2 AND f.friend_id = ?1 AND f.status <> 'blocked'");
  return row.bind(user, other).step() ? std::optional(read_friend(row)) : std::nullopt;
}

#undef FRIENDS_OF_OTHERS
#undef FRIENDS_FROM

}  // namespace parley
