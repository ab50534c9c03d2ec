// Accounts, tokens, markers and presence on SQLite; rooms stand in sqlite_records_rooms.cpp.
#include "store/sqlite_records.hpp"

#include "store/sqlite_record_guard.hpp"
#include "store/token_text.hpp"

namespace parley {
result<own_profile> sqlite_records::create_user(const new_user& user) {
  return record("creating a user", [&]() -> result<own_profile> {
    auto taken = connection_.use("SELECT 1 FROM tb_users WHERE username = ?1");
    if (taken.bind(user.username).step()) return make_error(error_code::conflict, "username: it is taken.");
    connection_
        .use(
            "INSERT INTO tb_users (user_id, username, password, email, phone, img_url, display_name, role_id,"
            " flagDelete, created_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, role_id, 'active', ?8 FROM tb_roles"
            " WHERE role_enum = ?9")
        .bind(user.id, user.username, user.password_hash, user.email, user.phone, user.img_url, user.display_name,
              user.created_at, to_string(user.user_role))
        .run();
    connection_.use("INSERT INTO tb_user_status (user_id, is_online, last_seen) VALUES (?1, 0, NULL)")
        .bind(user.id)
        .run();
    own_profile own;
    own.profile = {user.id, user.username, user.display_name, user.img_url, user.user_role};
    own.email = user.email;
    own.phone = user.phone;
    own.flag = account_flag::active;
    own.created_at = user.created_at;
    return own;
  });
}

result<void> sqlite_records::set_password_hash(user_id user, const std::string& old_hash, const std::string& hash) {
  return record("renewing a password's hash", [&]() -> result<void> {
    connection_.use("UPDATE tb_users SET password = ?3 WHERE user_id = ?1 AND password = ?2")
        .bind(user, old_hash, hash)
        .run();
    if (connection_.changes() == 0) return changed_meanwhile();
    return {};
  });
}

result<std::vector<token_hash>> sqlite_records::create_token(const new_token_record& token) {
  return record("creating a token", [&]() -> result<std::vector<token_hash>> {
    auto person = connection_.use(
        "SELECT 1 FROM tb_users WHERE user_id = ?1 AND (?2 IS NULL OR password = ?2) AND flagDelete = 'active'");
    if (!person.bind(token.user, token.password_hash).step()) return changed_meanwhile();
    // Who logs in sweeps up: so tokens that nobody ends do not gather.
    std::vector<token_hash> ended;
    const auto collect = [&](statement& row) {
      while (row.step()) {
        if (const auto hash = parse_token_hash(row.text(0))) ended.push_back(*hash);
      }
    };
    auto expired = connection_.use("SELECT token_hash FROM tb_token WHERE user_id = ?1 AND expires_at <= ?2");
    collect(expired.bind(token.user, token.created_at));
    auto held = connection_.use("SELECT count(*) FROM tb_token WHERE user_id = ?1 AND expires_at > ?2");
    const auto count = held.bind(token.user, token.created_at).step() ? held.integer(0) : 0;
    if (const auto too_many = count + 1 - std::int64_t{limits_.tokens_per_user}; too_many > 0) {
      auto first = connection_.use(
          "SELECT token_hash FROM tb_token WHERE user_id = ?1 AND expires_at > ?2 ORDER BY expires_at LIMIT ?3");
      collect(first.bind(token.user, token.created_at, too_many));
    }
    for (const auto& hash : ended) connection_.use("DELETE FROM tb_token WHERE token_hash = ?1").bind(hash).run();
    connection_
        .use(
            "INSERT INTO tb_token (token_hash, user_id, created_at, expires_at, user_agent)"
            " VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(token.hash, token.user, token.created_at, token.expires_at, token.user_agent)
        .run();
    return ended;
  });
}

result<void> sqlite_records::delete_token(const token_hash& hash) {
  return record("deleting a token", [&]() -> result<void> {
    connection_.use("DELETE FROM tb_token WHERE token_hash = ?1").bind(hash).run();
    return {};
  });
}

result<std::vector<token_hash>> sqlite_records::delete_tokens_of(user_id user) {
  return record("deleting a user's tokens", [&]() -> result<std::vector<token_hash>> {
    std::vector<token_hash> ended;
    auto row = connection_.use("SELECT token_hash FROM tb_token WHERE user_id = ?1");
    row.bind(user);
    while (row.step()) {
      if (const auto hash = parse_token_hash(row.text(0))) ended.push_back(*hash);
    }
    connection_.use("DELETE FROM tb_token WHERE user_id = ?1").bind(user).run();
    return ended;
  });
}

result<std::vector<sequence>> sqlite_records::save_read_markers(std::span<const read_marker> markers) {
  return record("saving read markers", [&]() -> result<std::vector<sequence>> {
    // The row comes and goes with the membership, so that a late marker of somebody who has left changes
    // nothing.
    auto save = connection_.use(
        "UPDATE tb_read_marker SET seq = min(?3, (SELECT last_seq FROM tb_room_position WHERE room_id = ?2))"
        " WHERE user_id = ?1 AND room_id = ?2 AND seq < ?3");
    for (const auto& marker : markers) save.bind(marker.user, marker.room, marker.seq).run();
    auto look = connection_.use("SELECT seq FROM tb_read_marker WHERE user_id = ?1 AND room_id = ?2");
    std::vector<sequence> stands;
    stands.reserve(markers.size());
    for (const auto& marker : markers) {
      look.bind(marker.user, marker.room);
      stands.push_back(look.step() ? look.integer(0) : marker.seq);
    }
    return stands;
  });
}

result<void> sqlite_records::save_presence(std::span<const presence_record> users) {
  return record("saving presence", [&]() -> result<void> {
    auto save = connection_.use(
        "UPDATE tb_user_status SET is_online = ?2, last_seen = coalesce(?3, last_seen) WHERE user_id = ?1");
    for (const auto& presence : users) save.bind(presence.user, presence.is_online, presence.last_seen).run();
    return {};
  });
}

result<void> sqlite_records::clear_presence() {
  return record("clearing presence", [&]() -> result<void> {
    connection_.use("UPDATE tb_user_status SET is_online = 0 WHERE is_online = 1").run();
    return {};
  });
}

}  // namespace parley
