// What people change about themselves and staff about them, and how both read it, on PostgreSQL.
#include "store/account_steps.hpp"
#include "store/people_rows.hpp"
#include "store/postgres_reader.hpp"
#include "store/postgres_records.hpp"
#include "store/user_pages.hpp"

namespace parley {
namespace {

#define ACCOUNT_COLUMNS                                                                            \
  "u.user_id, u.username, u.display_name, u.img_url, r.role_enum, u.email, u.phone, u.flagDelete," \
  " u.created_at"

}  // namespace

// --- Changes ---

result<own_profile> postgres_records::change_profile(user_id user, const profile_change& change) {
  return record("changing a profile", [&]() -> result<own_profile> {
    const auto rows = connection_.query(
        "WITH changed AS (UPDATE tb_users"
        " SET display_name = CASE WHEN $2 THEN coalesce($3, username) ELSE display_name END,"
        " email = CASE WHEN $4 THEN $5 ELSE email END, phone = CASE WHEN $6 THEN $7 ELSE phone END,"
        " img_url = CASE WHEN $8 THEN $9 ELSE img_url END WHERE user_id = $1 RETURNING *)"
        " SELECT " ACCOUNT_COLUMNS " FROM changed u JOIN tb_roles r ON r.role_id = u.role_id",
        user, change.display_name.has_value(), change.display_name.value_or(std::nullopt), change.email.has_value(),
        change.email.value_or(std::nullopt), change.phone.has_value(), change.phone.value_or(std::nullopt),
        change.img_url.has_value(), change.img_url.value_or(std::nullopt));
    if (rows.empty()) return not_found("There is no such user.");
    return read_own_profile(rows[0], 0);
  });
}

result<std::optional<std::vector<token_hash>>> postgres_records::change_password(const password_change& change) {
  using ended = std::optional<std::vector<token_hash>>;
  return record("changing a password", [&]() -> result<ended> {
    const auto changed =
        connection_.query("UPDATE tb_users SET password = $3 WHERE user_id = $1 AND ($2 IS NULL OR password = $2)",
                          change.user, change.old_hash, change.new_hash);
    if (changed.changed() == 0) return ended();
    write_audit(change.audit);
    std::vector<token_hash> tokens;
    const auto rows = connection_.query(
        "DELETE FROM tb_token WHERE user_id = $1 AND ($2 IS NULL OR token_hash <> $2) RETURNING token_hash",
        change.user, change.keep);
    for (const auto& row : rows) {
      if (const auto hash = parse_token_hash(row.text(0))) tokens.push_back(*hash);
    }
    return ended(std::move(tokens));
  });
}

/// Whoever writes the token at the moment renews or ends it. To wait for them would be to wait in a circle, where two
/// nodes renew the same tokens of one user in opposite orders.
result<void> postgres_records::renew_token(const token_renewal& used) {
  return record("renewing a token", [&]() -> result<void> {
    connection_.query(
        "UPDATE tb_token t SET last_used_at = greatest($2, coalesce(t.last_used_at, t.created_at)),"
        " expires_at = greatest($3, t.expires_at)"
        " FROM (SELECT token_hash FROM tb_token WHERE token_hash = $1 FOR NO KEY UPDATE SKIP LOCKED) free"
        " WHERE t.token_hash = free.token_hash",
        used.hash, used.used_at, used.expires_at);
    return {};
  });
}

result<changed_account> postgres_records::change_account(const account_change& change) {
  return record("changing an account", [&] { return run_account_change(*this, change); });
}

accounts_at_hand postgres_records::lock_accounts(std::optional<user_id> by, user_id user) {
  // One change by staff after another, on all nodes: two admins must not demote each other.
  connection_.query("SELECT role_id FROM tb_roles WHERE role_id = 1 FOR NO KEY UPDATE");
  // Behind that lock nobody else changes who acts.
  const auto account_of = [&](user_id id, const char* sql) {
    const auto rows = connection_.query(sql, id);
    return rows.empty() ? std::nullopt : std::optional(read_own_profile(rows[0], 0));
  };
#define ACCOUNT \
  "SELECT " ACCOUNT_COLUMNS " FROM tb_users u JOIN tb_roles r ON r.role_id = u.role_id WHERE u.user_id = $1"
  accounts_at_hand found;
  if (by) found.by = account_of(*by, ACCOUNT);
  found.user = account_of(user, ACCOUNT " FOR NO KEY UPDATE OF u");
#undef ACCOUNT
  return found;
}

bool postgres_records::has_other_admin(user_id user) {
  return !connection_
              .query("SELECT 1 FROM tb_users WHERE role_id = 1 AND flagDelete = 'active' AND user_id <> $1 LIMIT 1",
                     user)
              .empty();
}

void postgres_records::write_account(user_id user, account_flag flag, role user_role) {
  connection_.query(
      "UPDATE tb_users SET flagDelete = $2, role_id = (SELECT role_id FROM tb_roles WHERE role_enum = $3)"
      " WHERE user_id = $1",
      user, to_string(flag), to_string(user_role));
}

result<void> postgres_records::record_audit(const audit_record& what) {
  return record("writing the audit trail", [&]() -> result<void> {
    write_audit(what);
    return {};
  });
}

void postgres_records::write_audit(const audit_record& what) {
  connection_.query(
      "INSERT INTO tb_audit (audit_id, created_at, actor_id, action, user_id, room_id, message_id, detail)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      what.id, what.at, what.actor, to_string(what.action), what.user, what.room, what.message, what.detail);
}

// --- Reading ---

result<page<own_profile>> postgres_reader::accounts(const account_filter& which, const page_request& range) {
  return read("reading accounts", [&](postgres_connection& open) -> result<page<own_profile>> {
    const auto rows = open.query(
        "SELECT " ACCOUNT_COLUMNS
        ", u.fits AND $5 IN ('', r.role_enum), u.place = $4 FROM (SELECT s.*,"
        " $6 IN ('', s.flagDelete) AND (starts_with(s.username, $2) OR s.display_name ILIKE $3) AS fits,"
        " row_number() OVER (ORDER BY s.username) AS place"
        " FROM (SELECT * FROM tb_users WHERE username > $1 ORDER BY username LIMIT $4) s) u"
        " JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE (u.fits AND $5 IN ('', r.role_enum)) OR u.place = $4 ORDER BY u.username LIMIT $7",
        range.cursor.value_or(""), lower_ascii(which.query), containing(which.query), most_examined_users,
        which.user_role ? to_string(*which.user_role) : std::string_view(),
        which.flag ? to_string(*which.flag) : std::string_view(), static_cast<std::int64_t>(range.limit) + 1);
    return read_fitting_users<own_profile>(rows, range, 9, [](const auto& row) { return read_own_profile(row, 0); });
  });
}

result<std::vector<token_item>> postgres_reader::tokens_of(user_id user) {
  return read("reading tokens", [&](postgres_connection& open) -> result<std::vector<token_item>> {
    const auto rows = open.query(
        "SELECT token_hash, created_at, coalesce(last_used_at, created_at), expires_at, user_agent FROM tb_token"
        " WHERE user_id = $1",
        user);
    std::vector<token_item> found;
    for (const auto& row : rows) {
      if (auto token = read_token_item(row)) found.push_back(std::move(*token));
    }
    put_newest_first(found);
    return found;
  });
}

/// Appends read their actors' accounts without locking them, since that would write on each. They lock their rooms
/// first, as jobs lock their actors, and so have a transaction id by the time they read.
result<std::vector<std::string>> postgres_reader::writes_under_way() {
  return read("reading who writes", [&](postgres_connection& open) -> result<std::vector<std::string>> {
    std::vector<std::string> writing;
    const auto rows = open.query(
        "SELECT a.pid::text || ':' || a.backend_xid::text FROM pg_stat_activity a"
        " WHERE a.datname = current_database() AND a.backend_xid IS NOT NULL");
    for (const auto& row : rows) writing.emplace_back(row.text(0));
    return writing;
  });
}

result<page<audit_entry>> postgres_reader::audit_trail(const page_request& range) {
  return read("reading the audit trail", [&](postgres_connection& open) -> result<page<audit_entry>> {
    const auto before = cursor_from_the_end(range);
    if (!before) return bad_request("cursor: not one of ours.");
    const auto rows = open.query(AUDIT_COLUMNS
                                 " FROM (SELECT * FROM tb_audit WHERE audit_id < $1"
                                 " ORDER BY audit_id DESC LIMIT $2) a" AUDIT_PEOPLE " ORDER BY a.audit_id DESC",
                                 *before, static_cast<std::int64_t>(range.limit) + 1);
    std::vector<audit_entry> found;
    for (const auto& row : rows) found.push_back(read_audit_entry(row));
    return page_of_audit(std::move(found), range.limit);
  });
}

#undef ACCOUNT_COLUMNS

}  // namespace parley
