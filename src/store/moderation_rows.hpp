// Rows of bans, mutes and reports, and the rules of reports, alike in both dialects.
#pragma once

#include <utility>

#include "parley/config.hpp"
#include "parley/permissions.hpp"
#include "parley/refusals.hpp"
#include "store/row_values.hpp"

namespace parley {

/// created_by, is_group, whether the user is a member
template <class Row>
room_standing read_standing(const Row& row, user_id user) {
  const bool is_owner = row.template id<user_id>(0) == user;
  const bool is_member = row.integer(2) != 0;
  return {!is_member ? standing::outsider : is_owner ? standing::owner : standing::member, row.integer(1) != 0};
}

/// The user's profile, by_id, reason, created_at, removed_up_to
template <class Row>
room_ban read_ban(const Row& row) {
  return {read_profile(row, 0), row.template id<user_id>(5), row.optional_text(6), row.time(7), !row.is_null(8)};
}

/// The user's profile, by_id, reason, created_at, muted_until
template <class Row>
room_mute read_mute(const Row& row) {
  return {read_profile(row, 0), row.template id<user_id>(5), row.optional_text(6), row.time(7), row.time(8)};
}

inline constexpr auto id_of_user = [](const auto& item) { return to_string(item.user.id); };

/// removal_id, room_id, user_id, removal_by, removed_up_to
template <class Row>
message_removal read_removal(const Row& row) {
  return {row.template id<removal_id>(0), row.template id<room_id>(1), row.template id<user_id>(2),
          row.template id<user_id>(3), row.integer(4)};
}

// --- Reports ---

/// As read_report wants them. The people, the room and the message are looked up by key.
#define REPORT_COLUMNS                                                                                        \
  "SELECT t.report_id, t.message_id, t.reason, t.created_at, t.comment, t.room_id, c.name, t.seq, t.content," \
  " t.file_url, m.message_id IS NULL OR m.deleted_at IS NOT NULL, t.status, t.decided_at, t.note,"            \
  " p.user_id, p.username, p.display_name, p.img_url, 'user',"                                                \
  " s.user_id, s.username, s.display_name, s.img_url, 'user',"                                                \
  " d.user_id, d.username, d.display_name, d.img_url, 'user' FROM tb_report t"                                \
  " JOIN tb_chat_rooms c ON c.chat_room_id = t.room_id JOIN tb_users p ON p.user_id = t.reporter_id"          \
  " JOIN tb_users s ON s.user_id = t.sender_id LEFT JOIN tb_users d ON d.user_id = t.decided_by"              \
  " LEFT JOIN tb_messages m ON m.message_id = t.message_id"

template <class Row>
report_item read_report(const Row& row) {
  report_item item;
  item.report.id = row.template id<report_id>(0);
  item.report.message = row.template id<message_id>(1);
  item.report.reason = parse_report_reason(row.text(2)).value_or(report_reason::other);
  item.report.created_at = row.time(3);
  item.comment = row.optional_text(4);
  item.room = row.template id<room_id>(5);
  item.room_name = row.optional_text(6);
  item.seq = row.integer(7);
  item.content = row.optional_text(8);
  item.file_url = row.optional_text(9);
  item.is_deleted = row.integer(10) != 0;
  item.status = parse_report_status(row.text(11)).value_or(report_status::open);
  if (!row.is_null(12)) item.decided_at = row.time(12);
  item.note = row.optional_text(13);
  item.reporter = read_profile(row, 14);
  item.sender = read_profile(row, 19);
  if (!row.is_null(24)) item.decided_by = read_profile(row, 24);
  return item;
}

inline constexpr auto id_of_report = [](const report_item& item) { return to_string(item.report.id); };

/// Where a page of reports begins: open ones go up from the first, decided ones down from the last.
inline std::optional<uuid> report_cursor(bool open, const page_request& range) {
  return open ? uuid_cursor(range) : cursor_from_the_end(range);
}

/// A message as the one who reports it may see it.
struct reported_message {
  room_id room;
  user_id sender;
  sequence seq = 0;
  std::optional<std::string> content, file_url;
  std::optional<timestamp> edited_at;
};

/// What the same person said of the same message before: of the text as it stands now, or else last.
struct earlier_report {
  filed_report filed;
  bool is_open = true;
  bool is_of_this_text = true;  ///< Known of open ones only; a decided one keeps no copy.
};

/// report_id, reason, created_at, is it open, and of this text
template <class Row>
earlier_report read_earlier_report(const Row& row, message_id message) {
  return {{row.template id<report_id>(0), message, parse_report_reason(row.text(1)).value_or(report_reason::other),
           row.time(2), true},
          row.integer(3) != 0,
          row.integer(4) != 0};
}

/// Whether a moderator has seen, or will see, the message as it stands now by what was reported before.
inline bool covers(const earlier_report& earlier, const reported_message& message) {
  if (earlier.is_open) return earlier.is_of_this_text;
  return !message.edited_at || *message.edited_at <= earlier.filed.created_at;
}

/// `Steps` has lock_owner, report_of, message_for, count_open_reports and write_report. A text is reported once: what
/// was edited is another one, and its report stands beside those of the texts before.
template <class Steps>
result<filed_report> run_report(Steps& steps, const new_report& report, const limits_config& limits) {
  if (steps.lock_owner(report.reporter) != account_flag::active) {
    return not_active();
  }
  const std::optional<reported_message> message = steps.message_for(report.reporter, report.message);
  const auto as = message ? standing::member : standing::outsider;
  if (permission(operation::report_message, role::user, as) != verdict::allowed) {
    return no_such_room();
  }
  if (message->sender == report.reporter) return bad_request("message_id: this is your own message.");
  const std::optional<earlier_report> earlier = steps.report_of(report.reporter, report.message, *message);
  if (earlier && covers(*earlier, *message)) return earlier->filed;
  if (steps.count_open_reports(report.reporter) >= std::int64_t{limits.open_reports_per_user}) {
    return make_error(error_code::conflict,
                      "message_id: too many reports of yours wait for a moderator; the limit is " +
                          std::to_string(limits.open_reports_per_user) + ".");
  }
  steps.write_report(report, *message);
  return filed_report{report.id, report.message, report.reason, report.created_at, false};
}

/// `Steps` has role_of (null: not active), lock_report, close_reports and write_audit.
template <class Steps>
result<void> run_decision(Steps& steps, const report_decision& decision) {
  const std::optional<role> as = steps.role_of(decision.by);
  if (!as) return not_active();
  if (permission(operation::decide_reports, *as, standing::outsider) != verdict::allowed) {
    return forbidden("Only moderators and admins may do this.");
  }
  const std::optional<report_item> report = steps.lock_report(decision.report);
  // Whoever wrote the message is not to learn that it was reported, nor by whom.
  if (!report || report->sender.id == decision.by) return not_found("report_id: there is no such report.");
  if (report->status != report_status::open) {
    return make_error(error_code::conflict, "report_id: this report has been decided.");
  }
  // Those of another text have not been looked at.
  steps.close_reports(*report, decision);
  steps.write_audit({decision.audit, decision.at, decision.by, audit_action::report_decided, report->sender.id,
                     report->room, report->report.message, std::string(to_string(decision.status))});
  return {};
}

}  // namespace parley
