// Bans, mutes, reports and the audit trail on the wire.
#include "net/json_writer.hpp"

namespace parley::json {

void append_object(std::string& out, const room_ban& ban) {
  object_writer(out)
      .field("user", ban.user)
      .field("by", ban.by)
      .field("reason", ban.reason)
      .field("created_at", ban.created_at)
      .field("removing_messages", ban.removing_messages);
}

void append_object(std::string& out, const room_mute& mute) {
  object_writer(out)
      .field("user", mute.user)
      .field("by", mute.by)
      .field("reason", mute.reason)
      .field("created_at", mute.created_at)
      .field("until", mute.until);
}

void append_object(std::string& out, const filed_report& report) {
  object_writer(out)
      .field("report_id", report.id)
      .field("message_id", report.message)
      .field("reason", to_string(report.reason))
      .field("created_at", report.created_at);
}

void append_object(std::string& out, const report_item& item) {
  object_writer(out)
      .field("report_id", item.report.id)
      .field("message_id", item.report.message)
      .field("reason", to_string(item.report.reason))
      .field("created_at", item.report.created_at)
      .field("comment", item.comment)
      .field("reporter", item.reporter)
      .field("room_id", item.room)
      .field("room_name", item.room_name)
      .field("seq", item.seq)
      .field("sender", item.sender)
      .field("content", item.content)
      .field("file_url", item.file_url)
      .field("is_deleted", item.is_deleted)
      .field("status", to_string(item.status))
      .field("decided_by", item.decided_by)
      .field("decided_at", item.decided_at)
      .field("note", item.note);
}

void append_object(std::string& out, const audit_entry& entry) {
  const auto& what = entry.record;
  object_writer(out)
      .field("audit_id", what.id)
      .field("at", what.at)
      .field("action", to_string(what.action))
      .field("actor", entry.actor)
      .field("user", entry.user)
      .field("room_id", what.room)
      .field("message_id", what.message)
      .field("detail", what.detail);
}

}  // namespace parley::json
