// What people change about themselves and staff about them, and how both read it, on SQLite.
#include "store/account_steps.hpp"
#include "store/people_rows.hpp"
#include "store/sqlite_reader.hpp"
#include "store/sqlite_record_guard.hpp"
#include "store/sqlite_rows.hpp"
#include "store/user_pages.hpp"

namespace parley {
namespace {

#define ACCOUNT_COLUMNS                                                                            \
  "u.user_id, u.username, u.display_name, u.img_url, r.role_enum, u.email, u.phone, u.flagDelete," \
  " u.created_at"
#define ACCOUNTS "FROM tb_users u JOIN tb_roles r ON r.role_id = u.role_id"

}  // namespace

// --- Changes ---

result<own_profile> sqlite_records::change_profile(user_id user, const profile_change& change) {
  return record("changing a profile", [&]() -> result<own_profile> {
    connection_
        .use(
            "UPDATE tb_users SET display_name = CASE WHEN ?2 THEN coalesce(?3, username) ELSE display_name END,"
            " email = CASE WHEN ?4 THEN ?5 ELSE email END, phone = CASE WHEN ?6 THEN ?7 ELSE phone END,"
            " img_url = CASE WHEN ?8 THEN ?9 ELSE img_url END WHERE user_id = ?1")
        .bind(user, change.display_name.has_value(), change.display_name.value_or(std::nullopt),
              change.email.has_value(), change.email.value_or(std::nullopt), change.phone.has_value(),
              change.phone.value_or(std::nullopt), change.img_url.has_value(), change.img_url.value_or(std::nullopt))
        .run();
    auto row = connection_.use("SELECT " ACCOUNT_COLUMNS " " ACCOUNTS " WHERE u.user_id = ?1");
    if (!row.bind(user).step()) return not_found("There is no such user.");
    return read_own_profile(row, 0);
  });
}

result<std::optional<std::vector<token_hash>>> sqlite_records::change_password(const password_change& change) {
  using ended = std::optional<std::vector<token_hash>>;
  return record("changing a password", [&]() -> result<ended> {
    connection_.use("UPDATE tb_users SET password = ?3 WHERE user_id = ?1 AND (?2 IS NULL OR password = ?2)")
        .bind(change.user, change.old_hash, change.new_hash)
        .run();
    if (connection_.changes() == 0) return ended();
    write_audit(change.audit);
    std::vector<token_hash> tokens;
    auto row = connection_.use("SELECT token_hash FROM tb_token WHERE user_id = ?1");
    row.bind(change.user);
    while (row.step()) {
      const auto hash = parse_token_hash(row.text(0));
      if (hash && hash != change.keep) tokens.push_back(*hash);
    }
    for (const auto& token : tokens) {
      connection_.use("DELETE FROM tb_token WHERE token_hash = ?1").bind(token).run();
    }
    return ended(std::move(tokens));
  });
}

result<void> sqlite_records::renew_token(const token_renewal& used) {
  return record("renewing a token", [&]() -> result<void> {
    connection_
        .use(
            "UPDATE tb_token SET last_used_at = max(?2, coalesce(last_used_at, created_at)),"
            " expires_at = max(?3, expires_at) WHERE token_hash = ?1")
        .bind(used.hash, used.used_at, used.expires_at)
        .run();
    return {};
  });
}

result<changed_account> sqlite_records::change_account(const account_change& change) {
  return record("changing an account", [&] { return run_account_change(*this, change); });
}

accounts_at_hand sqlite_records::lock_accounts(std::optional<user_id> by, user_id user) {
  auto row = connection_.use("SELECT " ACCOUNT_COLUMNS " " ACCOUNTS " WHERE u.user_id = ?1");
  accounts_at_hand found;
  if (by && row.bind(*by).step()) found.by = read_own_profile(row, 0);
  if (row.bind(user).step()) found.user = read_own_profile(row, 0);
  return found;
}

bool sqlite_records::has_other_admin(user_id user) {
  return connection_.use("SELECT 1 FROM tb_users WHERE role_id = 1 AND flagDelete = 'active' AND user_id <> ?1 LIMIT 1")
      .bind(user)
      .step();
}

void sqlite_records::write_account(user_id user, account_flag flag, role user_role) {
  connection_
      .use(
          "UPDATE tb_users SET flagDelete = ?2, role_id = (SELECT role_id FROM tb_roles WHERE role_enum = ?3)"
          " WHERE user_id = ?1")
      .bind(user, to_string(flag), to_string(user_role))
      .run();
}

result<void> sqlite_records::record_audit(const audit_record& what) {
  return record("writing the audit trail", [&]() -> result<void> {
    write_audit(what);
    return {};
  });
}

void sqlite_records::write_audit(const audit_record& what) { write_audit_row(connection_, what); }

void write_audit_row(sqlite_connection& connection, const audit_record& what) {
  connection
      .use(
          "INSERT INTO tb_audit (audit_id, created_at, actor_id, action, user_id, room_id, message_id, detail)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
      .bind(what.id, what.at, what.actor, to_string(what.action), what.user, what.room, what.message, what.detail)
      .run();
}

// --- Reading ---

result<page<own_profile>> sqlite_reader::accounts(const account_filter& which, const page_request& range) {
  return guarded("reading accounts", [&]() -> result<page<own_profile>> {
    auto row =
        connection_.use("SELECT " ACCOUNT_COLUMNS
                        ", (substr(u.username, 1, length(?2)) = ?2 OR lower_text(u.display_name) LIKE ?3 ESCAPE '\\')"
                        " AND ?5 IN ('', u.flagDelete) AND ?6 IN ('', r.role_enum) " ACCOUNTS
                        " WHERE u.username > ?1 ORDER BY u.username LIMIT ?4");
    // Bound as they lie there: they outlive the rows.
    const auto after = range.cursor.value_or("");
    const auto prefix = lower_ascii(which.query);
    const auto pattern = containing(lower_text(which.query));
    row.bind(after, prefix, pattern, most_examined_users + 1, which.flag ? to_string(*which.flag) : std::string_view(),
             which.user_role ? to_string(*which.user_role) : std::string_view());
    return read_fitting_users<own_profile>(row, range.limit, 9,
                                           [](const auto& fitting) { return read_own_profile(fitting, 0); });
  });
}

result<std::vector<token_item>> sqlite_reader::tokens_of(user_id user) {
  return guarded("reading tokens", [&]() -> result<std::vector<token_item>> {
    auto row = connection_.use(
        "SELECT token_hash, created_at, coalesce(last_used_at, created_at), expires_at, user_agent FROM tb_token"
        " WHERE user_id = ?1");
    row.bind(user);
    std::vector<token_item> found;
    while (row.step()) {
      if (auto token = read_token_item(row)) found.push_back(std::move(*token));
    }
    put_newest_first(found);
    return found;
  });
}

result<page<audit_entry>> sqlite_reader::audit_trail(const page_request& range) {
  return guarded("reading the audit trail", [&]() -> result<page<audit_entry>> {
    const auto before = cursor_from_the_end(range);
    if (!before) return bad_request("cursor: not one of ours.");
    auto row = connection_.use(AUDIT_COLUMNS " FROM tb_audit a" AUDIT_PEOPLE
                                             " WHERE a.audit_id < ?1 ORDER BY a.audit_id DESC LIMIT ?2");
    row.bind(*before, static_cast<std::int64_t>(range.limit) + 1);
    std::vector<audit_entry> found;
    while (row.step()) found.push_back(read_audit_entry(row));
    return page_of_audit(std::move(found), range.limit);
  });
}

#undef ACCOUNTS
#undef ACCOUNT_COLUMNS

}  // namespace parley
