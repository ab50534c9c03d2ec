// Accounts, tokens, markers and presence on PostgreSQL; rooms stand in postgres_records_rooms.cpp.
#include "store/postgres_records.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "store/token_text.hpp"

namespace parley {

result<own_profile> postgres_records::create_user(const new_user& user) {
  return record("creating a user", [&]() -> result<own_profile> {
    // Two nodes may ask for one name at once: the index decides.
    const auto made = connection_.query(
        "INSERT INTO tb_users (user_id, username, password, email, phone, img_url, display_name, role_id, flagDelete,"
        " created_at) SELECT $1, $2, $3, $4, $5, $6, $7, role_id, 'active', $8 FROM tb_roles WHERE role_enum = $9"
        " ON CONFLICT (username) DO NOTHING",
        user.id, user.username, user.password_hash, user.email, user.phone, user.img_url, user.display_name,
        user.created_at, to_string(user.user_role));
    if (made.changed() == 0) return make_error(error_code::conflict, "username: it is taken.");
    connection_.query("INSERT INTO tb_user_status (user_id, is_online, last_seen) VALUES ($1, 0, NULL)", user.id);
    own_profile own;
    own.profile = {user.id, user.username, user.display_name, user.img_url, user.user_role};
    own.email = user.email;
    own.phone = user.phone;
    own.flag = account_flag::active;
    own.created_at = user.created_at;
    return own;
  });
}

result<void> postgres_records::set_password_hash(user_id user, const std::string& old_hash, const std::string& hash) {
  return record("renewing a password's hash", [&]() -> result<void> {
    const auto changed = connection_.query("UPDATE tb_users SET password = $3 WHERE user_id = $1 AND password = $2",
                                           user, old_hash, hash);
    if (changed.changed() == 0) return changed_meanwhile();
    return {};
  });
}

result<std::vector<token_hash>> postgres_records::create_token(const new_token_record& token) {
  return record("creating a token", [&]() -> result<std::vector<token_hash>> {
    // Whoever suspends this person, or changes the password, comes before this lock or sees the token that came of it.
    const auto person = connection_.query(
        "SELECT 1 FROM tb_users WHERE user_id = $1 AND ($2 IS NULL OR password = $2) AND flagDelete = 'active' FOR "
        "SHARE",
        token.user, token.password_hash);
    if (person.empty()) return changed_meanwhile();
    // Who logs in sweeps up: so tokens that nobody ends do not gather.
    std::vector<token_hash> ended;
    const auto collect = [&](const postgres_rows& rows) {
      for (const auto& row : rows) {
        if (const auto hash = parse_token_hash(row.text(0))) ended.push_back(*hash);
      }
    };
    collect(connection_.query("DELETE FROM tb_token WHERE user_id = $1 AND expires_at <= $2 RETURNING token_hash",
                              token.user, token.created_at));
    const auto held = connection_.query("SELECT count(*) FROM tb_token WHERE user_id = $1", token.user);
    if (const auto too_many = held[0].integer(0) + 1 - std::int64_t{limits_.tokens_per_user}; too_many > 0) {
      collect(connection_.query(
          "DELETE FROM tb_token WHERE token_hash IN (SELECT token_hash FROM tb_token WHERE user_id = $1"
          " ORDER BY expires_at LIMIT $2) RETURNING token_hash",
          token.user, too_many));
    }
    connection_.query(
        "INSERT INTO tb_token (token_hash, user_id, created_at, expires_at, user_agent) VALUES ($1, $2, $3, $4, $5)",
        token.hash, token.user, token.created_at, token.expires_at, token.user_agent);
    return ended;
  });
}

result<void> postgres_records::delete_token(const token_hash& hash) {
  return record("deleting a token", [&]() -> result<void> {
    connection_.query("DELETE FROM tb_token WHERE token_hash = $1", hash);
    return {};
  });
}

result<std::vector<token_hash>> postgres_records::delete_tokens_of(user_id user) {
  return record("deleting a user's tokens", [&]() -> result<std::vector<token_hash>> {
    std::vector<token_hash> ended;
    for (const auto& row : connection_.query("DELETE FROM tb_token WHERE user_id = $1 RETURNING token_hash", user)) {
      if (const auto hash = parse_token_hash(row.text(0))) ended.push_back(*hash);
    }
    return ended;
  });
}

result<std::vector<sequence>> postgres_records::save_read_markers(std::span<const read_marker> markers) {
  return record("saving read markers", [&]() -> result<std::vector<sequence>> {
    postgres_array<uuid> users, rooms;
    postgres_array<std::int64_t> seqs;
    for (const auto& marker : markers) {
      users.add(marker.user);
      rooms.add(marker.room);
      seqs.add(marker.seq);
    }
    // The row comes and goes with the membership, so that a late marker of somebody who has left changes nothing. Of
    // several for one row the highest counts.
    // Locked in order first, so that two nodes do not wait for each other.
    const auto rows = connection_.query(
        "WITH asked AS (SELECT n.user_id, n.room_id, least(max(n.seq), (SELECT p.last_seq FROM tb_room_position p"
        " WHERE p.room_id = n.room_id)) AS seq FROM unnest($1, $2, $3) AS n (user_id, room_id, seq)"
        " GROUP BY n.user_id, n.room_id), stands AS MATERIALIZED (SELECT k.user_id, k.room_id, k.seq AS stood, a.seq"
        " FROM asked a JOIN tb_read_marker k ON k.user_id = a.user_id AND k.room_id = a.room_id"
        " ORDER BY k.user_id, k.room_id FOR UPDATE OF k), moved AS (UPDATE tb_read_marker k SET seq = s.seq"
        " FROM stands s WHERE k.user_id = s.user_id AND k.room_id = s.room_id AND k.seq < s.seq)"
        " SELECT user_id, room_id, greatest(stood, seq) FROM stands",
        users, rooms, seqs);
    std::map<std::pair<user_id, room_id>, sequence> found;
    for (const auto& row : rows) found.emplace(std::pair(row.id<user_id>(0), row.id<room_id>(1)), row.integer(2));
    std::vector<sequence> stands;
    stands.reserve(markers.size());
    for (const auto& marker : markers) {
      const auto at = found.find({marker.user, marker.room});
      stands.push_back(at == found.end() ? marker.seq : at->second);
    }
    return stands;
  });
}

}  // namespace parley
