// Bans, mutes, reports and removals on SQLite.
#include "parley/refusals.hpp"
#include "store/file_rows.hpp"
#include "store/moderation_rows.hpp"
#include "store/sqlite_reader.hpp"
#include "store/sqlite_record_guard.hpp"
#include "store/sqlite_rows.hpp"

namespace parley {

// --- Writing ---

result<filed_report> sqlite_records::file_report(const new_report& report) {
  return record("filing a report", [&] { return run_report(*this, report, limits_); });
}

std::optional<reported_message> sqlite_records::message_for(user_id user, message_id message) {
  auto row = connection_.use(
      "SELECT m.room_id, m.user_id, m.seq, m.content, m.file_url, m.edited_at FROM tb_messages m"
      " JOIN tb_user_room r ON r.room_id = m.room_id AND r.user_id = ?2"
      " WHERE m.message_id = ?1 AND m.deleted_at IS NULL");
  if (!row.bind(message, user).step()) return std::nullopt;
  return reported_message{row.id<room_id>(0),   row.id<user_id>(1),   row.integer(2),
                          row.optional_text(3), row.optional_text(4), row.optional_time(5)};
}

std::optional<earlier_report> sqlite_records::report_of(user_id reporter, message_id id,
                                                        const reported_message& message) {
  // The newest first, by the index; an edited message has a few.
  auto row = connection_.use(
      "SELECT report_id, reason, created_at, status = 'open', status = 'open' AND content IS ?3 AND file_url IS ?4"
      " FROM tb_report WHERE message_id = ?1 AND reporter_id = ?2 ORDER BY created_at DESC, report_id DESC");
  row.bind(id, reporter, message.content, message.file_url);
  std::optional<earlier_report> newest;
  while (row.step()) {
    const auto found = read_earlier_report(row, id);
    if (found.is_of_this_text) return found;
    if (!newest) newest = found;
  }
  return newest;
}

std::int64_t sqlite_records::count_open_reports(user_id reporter) {
  auto row = connection_.use("SELECT count(*) FROM tb_report WHERE reporter_id = ?1 AND status = 'open'");
  return row.bind(reporter).step() ? row.integer(0) : 0;
}

void sqlite_records::write_report(const new_report& report, const reported_message& message) {
  connection_
      .use(
          "INSERT INTO tb_report (report_id, message_id, room_id, seq, sender_id, reporter_id, reason, comment,"
          " content, file_url, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
      .bind(report.id, report.message, message.room, message.seq, message.sender, report.reporter,
            to_string(report.reason), report.comment, message.content, message.file_url, report.created_at)
      .run();
}

result<void> sqlite_records::decide_report(const report_decision& decision) {
  return record("deciding a report", [&] { return run_decision(*this, decision); });
}

std::optional<role> sqlite_records::role_of(user_id user) {
  auto row = connection_.use(
      "SELECT r.role_enum FROM tb_users u JOIN tb_roles r ON r.role_id = u.role_id"
      " WHERE u.user_id = ?1 AND u.flagDelete = 'active'");
  return row.bind(user).step() ? parse_role(row.text(0)) : std::nullopt;
}

std::optional<report_item> sqlite_records::lock_report(report_id report) {
  auto row = connection_.use(REPORT_COLUMNS " WHERE t.report_id = ?1");
  return row.bind(report).step() ? std::optional(read_report(row)) : std::nullopt;
}

void sqlite_records::close_reports(const report_item& like, const report_decision& decision) {
  connection_
      .use(
          "UPDATE tb_report SET status = ?2, decided_by = ?3, decided_at = ?4, note = ?5, content = NULL,"
          " file_url = NULL WHERE message_id = ?1 AND status = 'open' AND content IS ?6 AND file_url IS ?7")
      .bind(like.report.message, to_string(decision.status), decision.by, decision.at, decision.note, like.content,
            like.file_url)
      .run();
}

result<bool> sqlite_records::note_removal(const message_removal& what, bool is_over, timestamp at) {
  return record("noting a removal", [&]() -> result<bool> {
    const auto done = is_over ? std::nullopt : std::optional(what.done);
    connection_
        .use(
            "UPDATE tb_room_ban SET removed_up_to = ?4, removal_seen_at = ?5"
            " WHERE room_id = ?1 AND user_id = ?2 AND removal_id = ?3 AND removed_up_to IS NOT NULL")
        .bind(what.room, what.user, what.id, done, at)
        .run();
    return connection_.changes() != 0;
  });
}

// --- Reading ---

result<room_standing> sqlite_reader::standing_in(room_id room, user_id user) {
  return guarded("reading a standing", [&]() -> result<room_standing> {
    auto row = connection_.use(
        "SELECT c.created_by, c.is_group,"
        " EXISTS (SELECT 1 FROM tb_user_room m WHERE m.room_id = c.chat_room_id AND m.user_id = ?2)"
        " FROM tb_chat_rooms c WHERE c.chat_room_id = ?1");
    if (!row.bind(room, user).step()) return no_such_room();
    return read_standing(row, user);
  });
}

result<page<room_ban>> sqlite_reader::bans(room_id room, std::optional<user_id> user, const page_request& range) {
  return guarded("reading bans", [&]() -> result<page<room_ban>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    auto row = connection_.use(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, b.by_id, b.reason, b.created_at,"
        " b.removed_up_to FROM tb_room_ban b JOIN tb_users u ON u.user_id = b.user_id"
        " JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE b.room_id = ?1 AND b.user_id > ?2 AND (?3 IS NULL OR b.user_id = ?3) ORDER BY b.user_id LIMIT ?4");
    row.bind(room, *after, user, static_cast<std::int64_t>(range.limit) + 1);
    std::vector<room_ban> found;
    while (row.step()) found.push_back(read_ban(row));
    return page_of(std::move(found), range.limit, id_of_user);
  });
}

result<page<room_mute>> sqlite_reader::mutes(room_id room, std::optional<user_id> user, timestamp now,
                                             const page_request& range) {
  return guarded("reading mutes", [&]() -> result<page<room_mute>> {
    const auto after = uuid_cursor(range);
    if (!after) return bad_request("cursor: not one of ours.");
    auto row = connection_.use(
        "SELECT u.user_id, u.username, u.display_name, u.img_url, r.role_enum, x.by_id, x.reason, x.created_at,"
        " x.muted_until FROM tb_room_mute x JOIN tb_users u ON u.user_id = x.user_id"
        " JOIN tb_roles r ON r.role_id = u.role_id"
        " WHERE x.room_id = ?1 AND x.user_id > ?2 AND (?3 IS NULL OR x.user_id = ?3) AND x.muted_until > ?5"
        " ORDER BY x.user_id LIMIT ?4");
    row.bind(room, *after, user, static_cast<std::int64_t>(range.limit) + 1, now);
    std::vector<room_mute> found;
    while (row.step()) found.push_back(read_mute(row));
    return page_of(std::move(found), range.limit, id_of_user);
  });
}

constexpr const char* open_reports =
    REPORT_COLUMNS " WHERE t.status = 'open' AND t.report_id > ?1 AND t.sender_id <> ?3 ORDER BY t.report_id LIMIT ?2";
constexpr const char* decided_reports = REPORT_COLUMNS
    " WHERE t.status <> 'open' AND t.report_id < ?1 AND t.sender_id <> ?3 ORDER BY t.report_id DESC LIMIT ?2";

result<page<report_item>> sqlite_reader::reports(bool open, user_id reader, const page_request& range) {
  return guarded("reading reports", [&]() -> result<page<report_item>> {
    const auto cursor = report_cursor(open, range);
    if (!cursor) return bad_request("cursor: not one of ours.");
    auto row = connection_.use(open ? open_reports : decided_reports);
    row.bind(*cursor, static_cast<std::int64_t>(range.limit) + 1, reader);
    std::vector<report_item> found;
    while (row.step()) found.push_back(read_report(row));
    return page_of(std::move(found), range.limit, id_of_report);
  });
}

result<std::optional<report_item>> sqlite_reader::report(report_id report) {
  return guarded("reading a report", [&]() -> result<std::optional<report_item>> {
    auto row = connection_.use(REPORT_COLUMNS " WHERE t.report_id = ?1");
    if (!row.bind(report).step()) return std::optional<report_item>();
    return std::optional(read_report(row));
  });
}

result<std::optional<stored_file>> sqlite_reader::reported_file(file_id file) {
  return guarded("reading a reported file", [&]() -> result<std::optional<stored_file>> {
    auto row = connection_.use(
        "SELECT f.file_id, f.user_id, f.name, f.content_type, f.size FROM tb_file f WHERE f.file_id = ?1"
        " AND f.stage <> 'uploading' AND EXISTS (SELECT 1 FROM tb_report t WHERE t.file_url = f.file_url"
        " AND t.status = 'open')");
    if (!row.bind(file).step()) return std::optional<stored_file>();
    return std::optional(read_stored_file(row));
  });
}

result<std::vector<message_removal>> sqlite_reader::idle_removals(timestamp idle_before, std::uint32_t limit) {
  return guarded("reading removals", [&]() -> result<std::vector<message_removal>> {
    auto row = connection_.use(
        "SELECT removal_id, room_id, user_id, removal_by, removed_up_to FROM tb_room_ban"
        " WHERE removed_up_to IS NOT NULL AND removal_seen_at < ?1 ORDER BY removal_seen_at LIMIT ?2");
    row.bind(idle_before, limit);
    std::vector<message_removal> found;
    while (row.step()) found.push_back(read_removal(row));
    return found;
  });
}

result<messages_to_remove> sqlite_reader::messages_of(room_id room, user_id user, sequence after, std::uint32_t limit) {
  return guarded("reading somebody's messages", [&]() -> result<messages_to_remove> {
    auto row = connection_.use(
        "SELECT seq, message_id, user_id = ?2 AND deleted_at IS NULL FROM tb_messages"
        " WHERE room_id = ?1 AND seq > ?3 ORDER BY seq LIMIT ?4");
    row.bind(room, user, after, limit);
    messages_to_remove found;
    found.up_to = after;
    std::uint32_t looked_at = 0;
    for (; row.step(); ++looked_at) {
      found.up_to = row.integer(0);
      if (row.integer(2) != 0) found.messages.push_back(row.id<message_id>(1));
    }
    found.at_end = looked_at < limit;
    return found;
  });
}

}  // namespace parley
