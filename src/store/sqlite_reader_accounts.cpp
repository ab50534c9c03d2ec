// Accounts, tokens, people and who is online, read from SQLite.
#include "store/sqlite_reader.hpp"
#include "store/sqlite_rows.hpp"
#include "store/user_pages.hpp"

namespace parley {
result<std::optional<account_record>> sqlite_reader::account_by_name(const std::string& username) {
  return guarded("reading an account", [&]() -> result<std::optional<account_record>> {
    auto row = connection_.use(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, u.email, u.phone, "
        "u.flagDelete,"
        " u.created_at, u.password FROM tb_users u JOIN tb_roles r ON r.role_id = u.role_id WHERE u.username "
        "= ?1");
    if (!row.bind(username).step()) return std::optional<account_record>();
    return std::optional(account_record{read_own_profile(row, 0), std::string(row.text(9))});
  });
}

/// Behind the parameters of an argon2 hash by libsodium come its salt and itself: 67 characters.
result<std::vector<std::string>> sqlite_reader::password_parameters() {
  return guarded("reading the cost of passwords", [&]() -> result<std::vector<std::string>> {
    std::vector<std::string> found;
    auto row = connection_.use(
        "SELECT DISTINCT substr(password, 1, length(password) - 67) FROM tb_users"
        " WHERE password LIKE '$argon2%' AND length(password) > 67 LIMIT 8");
    while (row.step()) found.emplace_back(row.text(0));
    return found;
  });
}

result<std::vector<std::optional<token_record>>> sqlite_reader::tokens(std::span<const token_hash> hashes) {
  using records = std::vector<std::optional<token_record>>;
  return guarded("reading tokens", [&]() -> result<records> {
    auto row = connection_.use(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, u.email, u.phone, "
        "u.flagDelete,"
        " u.created_at, t.created_at, coalesce(t.last_used_at, t.created_at), t.expires_at FROM tb_token t JOIN "
        "tb_users u ON u.user_id = t.user_id"
        " JOIN tb_roles r ON r.role_id = u.role_id WHERE t.token_hash = ?1");
    records found(hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (row.bind(hashes[i]).step())
        found[i] = token_record{read_own_profile(row, 0), row.time(9), row.time(10), row.time(11)};
    }
    return found;
  });
}

result<std::optional<own_profile>> sqlite_reader::user(user_id user) {
  return guarded("reading a user", [&]() -> result<std::optional<own_profile>> {
    auto row = connection_.use(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, u.email, u.phone, "
        "u.flagDelete,"
        " u.created_at FROM tb_users u JOIN tb_roles r ON r.role_id = u.role_id WHERE u.user_id = ?1");
    if (!row.bind(user).step()) return std::optional<own_profile>();
    return std::optional(read_own_profile(row, 0));
  });
}

/// Active people in order of username, which is the cursor.
result<page<user_profile>> sqlite_reader::find_users(const std::string& query, const page_request& range) {
  return guarded("finding users", [&]() -> result<page<user_profile>> {
    auto row = connection_.use(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, u.flagDelete = 'active'"
        " AND (substr(u.username, 1, length(?2)) = ?2 OR lower_text(u.display_name) LIKE ?3 ESCAPE '\\')"
        " FROM tb_users u JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE u.username > ?1 ORDER BY u.username LIMIT ?4");
    const auto after = range.cursor.value_or("");
    const auto prefix = lower_ascii(query);
    const auto pattern = containing(lower_text(query));
    row.bind(after, prefix, pattern, most_examined_users + 1);
    return read_fitting_users<user_profile>(row, range.limit, 5,
                                            [](const auto& fitting) { return read_profile(fitting, 0); });
  });
}

result<std::vector<presence_record>> sqlite_reader::presence(std::span<const user_id> users) {
  return guarded("reading presence", [&]() -> result<std::vector<presence_record>> {
    const read_snapshot snapshot(connection_);
    auto row = connection_.use("SELECT is_online, last_seen FROM tb_user_status WHERE user_id = ?1");
    std::vector<presence_record> found;
    found.reserve(users.size());
    for (const auto& user : users) {
      if (row.bind(user).step()) found.push_back({user, row.integer(0) != 0, row.optional_time(1)});
    }
    return found;
  });
}

}  // namespace parley
