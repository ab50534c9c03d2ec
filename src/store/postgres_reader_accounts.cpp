// Accounts, tokens, people and who is online, read from PostgreSQL.
#include <unordered_map>

#include "store/postgres_reader.hpp"
#include "store/row_values.hpp"
#include "store/user_pages.hpp"

namespace parley {
namespace {

#define PROFILE_COLUMNS "u.user_id, u.username, u.display_name, u.img_url, r.role_enum"
#define OWN_PROFILE_COLUMNS PROFILE_COLUMNS ", u.email, u.phone, u.flagDelete, u.created_at"

}  // namespace

result<std::optional<account_record>> postgres_reader::account_by_name(const std::string& username) {
  return read("reading an account", [&](postgres_connection& open) -> result<std::optional<account_record>> {
    const auto rows = open.query("SELECT " OWN_PROFILE_COLUMNS
                                 ", u.password FROM tb_users u"
                                 " JOIN tb_roles r ON r.role_id = u.role_id WHERE u.username = $1",
                                 username);
    if (rows.empty()) return std::optional<account_record>();
    return std::optional(account_record{read_own_profile(rows[0], 0), std::string(rows[0].text(9))});
  });
}

/// Behind the parameters of an argon2 hash by libsodium come its salt and itself: 67 characters.
result<std::vector<std::string>> postgres_reader::password_parameters() {
  return read("reading the cost of passwords", [&](postgres_connection& open) -> result<std::vector<std::string>> {
    std::vector<std::string> found;
    const auto rows = open.query(
        "SELECT DISTINCT left(password, -67) FROM tb_users WHERE password LIKE '$argon2%' AND length(password) > 67"
        " LIMIT 8");
    found.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto& row : rows) found.emplace_back(row.text(0));
    return found;
  });
}

result<std::vector<std::optional<token_record>>> postgres_reader::tokens(std::span<const token_hash> hashes) {
  using records = std::vector<std::optional<token_record>>;
  return read("reading tokens", [&](postgres_connection& open) -> result<records> {
    postgres_array<std::string_view> wanted;
    for (const auto& hash : hashes) wanted.add(to_hex(hash));
    const auto rows = open.query("SELECT " OWN_PROFILE_COLUMNS
                                 ", t.created_at, coalesce(t.last_used_at, t.created_at), t.expires_at, t.token_hash"
                                 " FROM tb_token t JOIN tb_users u ON u.user_id = t.user_id"
                                 " JOIN tb_roles r ON r.role_id = u.role_id WHERE t.token_hash = ANY($1)",
                                 wanted);
    std::unordered_map<std::string_view, token_record> by_hash;
    for (const auto& row : rows)
      by_hash.emplace(row.text(12), token_record{read_own_profile(row, 0), row.time(9), row.time(10), row.time(11)});
    records found(hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const auto record = by_hash.find(to_hex(hashes[i]));
      if (record != by_hash.end()) found[i] = record->second;
    }
    return found;
  });
}

result<std::optional<own_profile>> postgres_reader::user(user_id user) {
  return read("reading a user", [&](postgres_connection& open) -> result<std::optional<own_profile>> {
    const auto rows = open.query("SELECT " OWN_PROFILE_COLUMNS
                                 " FROM tb_users u"
                                 " JOIN tb_roles r ON r.role_id = u.role_id WHERE u.user_id = $1",
                                 user);
    if (rows.empty()) return std::optional<own_profile>();
    return std::optional(read_own_profile(rows[0], 0));
  });
}

/// Active people in order of username, which is the cursor.
result<page<user_profile>> postgres_reader::find_users(const std::string& query, const page_request& range) {
  return read("finding users", [&](postgres_connection& open) -> result<page<user_profile>> {
    // The steps are walked by the server; only what fits, and the last that was looked at, come back.
    const auto rows = open.query(
        "SELECT " PROFILE_COLUMNS
        ", u.fits, u.place = $4 FROM (SELECT s.user_id, s.username, s.display_name, s.img_url, s.role_id,"
        " s.flagDelete = 'active' AND (starts_with(s.username, $2) OR s.display_name ILIKE $3) AS fits,"
        " row_number() OVER (ORDER BY s.username) AS place FROM (SELECT user_id, username, display_name, img_url,"
        " role_id, flagDelete FROM tb_users WHERE username > $1 ORDER BY username LIMIT $4) s) u"
        " JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE u.fits OR u.place = $4 ORDER BY u.username LIMIT $5",
        range.cursor.value_or(""), lower_ascii(query), containing(query), most_examined_users,
        static_cast<std::int64_t>(range.limit) + 1);
    return read_fitting_users<user_profile>(rows, range, 5, [](const auto& row) { return read_profile(row, 0); });
  });
}

result<std::vector<presence_record>> postgres_reader::presence(std::span<const user_id> users) {
  return read("reading presence", [&](postgres_connection& open) -> result<std::vector<presence_record>> {
    postgres_array<uuid> asked;
    for (const auto& user : users) asked.add(user);
    const auto rows = open.query(
        "SELECT s.user_id, s.is_online, s.last_seen, s.version FROM unnest($1) WITH ORDINALITY AS k (user_id, place)"
        " JOIN tb_user_status s ON s.user_id = k.user_id ORDER BY k.place",
        asked);
    std::vector<presence_record> found;
    found.reserve(users.size());
    for (const auto& row : rows) {
      found.push_back({row.id<user_id>(0), row.integer(1) != 0, row.optional_time(2), row.integer(3)});
    }
    return found;
  });
}

#undef OWN_PROFILE_COLUMNS
#undef PROFILE_COLUMNS

}  // namespace parley
