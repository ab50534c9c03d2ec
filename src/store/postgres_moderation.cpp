// Bans, mutes, reports and removals on PostgreSQL.
#include "parley/refusals.hpp"
#include "store/file_rows.hpp"
#include "store/moderation_rows.hpp"
#include "store/postgres_reader.hpp"
#include "store/postgres_records.hpp"

namespace parley {

// --- Writing ---

result<filed_report> postgres_records::file_report(const new_report& report) {
  return record("filing a report", [&] { return run_report(*this, report, limits_); });
}

std::optional<reported_message> postgres_records::message_for(user_id user, message_id message) {
  const auto rows = connection_.query(
      "SELECT m.room_id, m.user_id, m.seq, m.content, m.file_url, m.edited_at FROM tb_messages m"
      " JOIN tb_user_room r ON r.room_id = m.room_id AND r.user_id = $2"
      " WHERE m.message_id = $1 AND m.deleted_at IS NULL",
      message, user);
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  return reported_message{row.id<room_id>(0),   row.id<user_id>(1),   row.integer(2),
                          row.optional_text(3), row.optional_text(4), row.optional_time(5)};
}

std::optional<earlier_report> postgres_records::report_of(user_id reporter, message_id id,
                                                          const reported_message& message) {
  const auto rows = connection_.query(
      "SELECT report_id, reason, created_at, status = 'open', status = 'open' AND content IS NOT DISTINCT FROM $3"
      " AND file_url IS NOT DISTINCT FROM $4 AS is_same FROM tb_report WHERE message_id = $1 AND reporter_id = $2"
      " ORDER BY is_same DESC, created_at DESC, report_id DESC LIMIT 1",
      id, reporter, message.content, message.file_url);
  return rows.empty() ? std::nullopt : std::optional(read_earlier_report(rows[0], id));
}

std::int64_t postgres_records::count_open_reports(user_id reporter) {
  return connection_.query("SELECT count(*) FROM tb_report WHERE reporter_id = $1 AND status = 'open'", reporter)[0]
      .integer(0);
}

/// The file is locked: its owner deletes it before, or finds the report and leaves it to the moderators.
void postgres_records::write_report(const new_report& report, const reported_message& message) {
  const auto file = message.file_url ? file_of_url(*message.file_url) : std::nullopt;
  if (file) connection_.query("SELECT 1 FROM tb_file WHERE file_id = $1 FOR SHARE", *file);
  connection_.query(
      "INSERT INTO tb_report (report_id, message_id, room_id, seq, sender_id, reporter_id, reason, comment, content,"
      " file_url, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      report.id, report.message, message.room, message.seq, message.sender, report.reporter, to_string(report.reason),
      report.comment, message.content, message.file_url, report.created_at);
}

result<void> postgres_records::decide_report(const report_decision& decision) {
  return record("deciding a report", [&] { return run_decision(*this, decision); });
}

/// Locked, so that whoever is suspended or demoted meanwhile has decided before or does not.
std::optional<role> postgres_records::role_of(user_id user) {
  const auto rows = connection_.query(
      "SELECT r.role_enum FROM tb_users u JOIN tb_roles r ON r.role_id = u.role_id"
      " WHERE u.user_id = $1 AND u.flagDelete = 'active' FOR SHARE OF u",
      user);
  return rows.empty() ? std::nullopt : parse_role(rows[0].text(0));
}

/// All open ones of its message, in their order: two who decide two of them do not wait for each other in a circle.
std::optional<report_item> postgres_records::lock_report(report_id report) {
  connection_.query(
      "SELECT 1 FROM tb_report WHERE message_id = (SELECT message_id FROM tb_report WHERE report_id = $1)"
      " AND status = 'open' ORDER BY report_id FOR UPDATE",
      report);
  const auto rows = connection_.query(REPORT_COLUMNS " WHERE t.report_id = $1", report);
  return rows.empty() ? std::nullopt : std::optional(read_report(rows[0]));
}

void postgres_records::close_reports(const report_item& like, const report_decision& decision) {
  connection_.query(
      "UPDATE tb_report SET status = $2, decided_by = $3, decided_at = $4, note = $5, content = NULL, file_url = NULL"
      " WHERE message_id = $1 AND status = 'open' AND content IS NOT DISTINCT FROM $6"
      " AND file_url IS NOT DISTINCT FROM $7",
      like.report.message, to_string(decision.status), decision.by, decision.at, decision.note, like.content,
      like.file_url);
}

result<bool> postgres_records::note_removal(const message_removal& what, bool is_over, timestamp at) {
  return record("noting a removal", [&]() -> result<bool> {
    const auto done = is_over ? std::nullopt : std::optional(what.done);
    const auto changed = connection_.query(
        "UPDATE tb_room_ban SET removed_up_to = $4, removal_seen_at = $5"
        " WHERE room_id = $1 AND user_id = $2 AND removal_id = $3 AND removed_up_to IS NOT NULL",
        what.room, what.user, what.id, done, at);
    return changed.changed() != 0;
  });
}

// --- Reading ---

result<room_standing> postgres_reader::standing_in(room_id room, user_id user) {
  return read("reading a standing", [&](postgres_connection& open) -> result<room_standing> {
    const auto rows = open.query(
        "SELECT c.created_by, c.is_group,"
        " EXISTS (SELECT 1 FROM tb_user_room m WHERE m.room_id = c.chat_room_id AND m.user_id = $2)"
        " FROM tb_chat_rooms c WHERE c.chat_room_id = $1",
        room, user);
    if (rows.empty()) return no_such_room();
    return read_standing(rows[0], user);
  });
}

result<page<room_ban>> postgres_reader::bans(room_id room, std::optional<user_id> user, const page_request& range) {
  return read("reading bans", [&](postgres_connection& open) -> result<page<room_ban>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    const auto rows = open.query(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, b.by_id, b.reason, b.created_at,"
        " b.removed_up_to FROM tb_room_ban b JOIN tb_users u ON u.user_id = b.user_id"
        " JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE b.room_id = $1 AND b.user_id > $2 AND ($3 IS NULL OR b.user_id = $3) ORDER BY b.user_id LIMIT $4",
        room, *after, user, static_cast<std::int64_t>(range.limit) + 1);
    std::vector<room_ban> found;
    for (const auto& row : rows) found.push_back(read_ban(row));
    return page_of(std::move(found), range.limit, id_of_user);
  });
}

result<page<room_mute>> postgres_reader::mutes(room_id room, std::optional<user_id> user, timestamp now,
                                               const page_request& range) {
  return read("reading mutes", [&](postgres_connection& open) -> result<page<room_mute>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    const auto rows = open.query(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, x.by_id, x.reason, x.created_at,"
        " x.muted_until FROM tb_room_mute x JOIN tb_users u ON u.user_id = x.user_id"
        " JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE x.room_id = $1 AND x.user_id > $2 AND ($3 IS NULL OR x.user_id = $3) AND x.muted_until > $5"
        " ORDER BY x.user_id LIMIT $4",
        room, *after, user, static_cast<std::int64_t>(range.limit) + 1, now);
    std::vector<room_mute> found;
    for (const auto& row : rows) found.push_back(read_mute(row));
    return page_of(std::move(found), range.limit, id_of_user);
  });
}

constexpr const char* open_reports =
    REPORT_COLUMNS " WHERE t.status = 'open' AND t.report_id > $1 AND t.sender_id <> $3 ORDER BY t.report_id LIMIT $2";
constexpr const char* decided_reports = REPORT_COLUMNS
    " WHERE t.status <> 'open' AND t.report_id < $1 AND t.sender_id <> $3 ORDER BY t.report_id DESC LIMIT $2";

result<page<report_item>> postgres_reader::reports(bool open_ones, user_id reader, const page_request& range) {
  return read("reading reports", [&](postgres_connection& open) -> result<page<report_item>> {
    const auto cursor = report_cursor(open_ones, range);
    if (!cursor) return bad_request("cursor: not one of ours.");
    const auto rows = open.query(open_ones ? open_reports : decided_reports, *cursor,
                                 static_cast<std::int64_t>(range.limit) + 1, reader);
    std::vector<report_item> found;
    for (const auto& row : rows) found.push_back(read_report(row));
    return page_of(std::move(found), range.limit, id_of_report);
  });
}

result<std::optional<report_item>> postgres_reader::report(report_id report) {
  return read("reading a report", [&](postgres_connection& open) -> result<std::optional<report_item>> {
    const auto rows = open.query(REPORT_COLUMNS " WHERE t.report_id = $1", report);
    if (rows.empty()) return std::optional<report_item>();
    return std::optional(read_report(rows[0]));
  });
}

result<std::optional<stored_file>> postgres_reader::reported_file(file_id file) {
  return read("reading a reported file", [&](postgres_connection& open) -> result<std::optional<stored_file>> {
    const auto rows = open.query(
        "SELECT f.file_id, f.user_id, f.name, f.content_type, f.size FROM tb_file f WHERE f.file_id = $1"
        " AND f.stage <> 'uploading' AND EXISTS (SELECT 1 FROM tb_report t WHERE t.file_url = f.file_url"
        " AND t.status = 'open')",
        file);
    return rows.empty() ? std::nullopt : std::optional(read_stored_file(rows[0]));
  });
}

result<std::vector<message_removal>> postgres_reader::idle_removals(timestamp idle_before, std::uint32_t limit) {
  return read("reading removals", [&](postgres_connection& open) -> result<std::vector<message_removal>> {
    const auto rows = open.query(
        "SELECT removal_id, room_id, user_id, removal_by, removed_up_to FROM tb_room_ban"
        " WHERE removed_up_to IS NOT NULL AND removal_seen_at < $1 ORDER BY removal_seen_at LIMIT $2",
        idle_before, limit);
    std::vector<message_removal> found;
    for (const auto& row : rows) found.push_back(read_removal(row));
    return found;
  });
}

result<messages_to_remove> postgres_reader::messages_of(room_id room, user_id user, sequence after,
                                                        std::uint32_t limit) {
  return read("reading somebody's messages", [&](postgres_connection& open) -> result<messages_to_remove> {
    const auto rows = open.query(
        "SELECT seq, message_id, user_id = $2 AND deleted_at IS NULL FROM tb_messages"
        " WHERE room_id = $1 AND seq > $3 ORDER BY seq LIMIT $4",
        room, user, after, limit);
    messages_to_remove found;
    found.up_to = after;
    found.at_end = static_cast<std::int64_t>(rows.size()) < std::int64_t{limit};
    for (const auto& row : rows) {
      found.up_to = row.integer(0);
      if (row.integer(2) != 0) found.messages.push_back(row.id<message_id>(1));
    }
    return found;
  });
}

}  // namespace parley
