// What clients ask about moderation; bans, mutes and slow mode are changes of a room (change_room).
#pragma once

#include <optional>
#include <string>

#include "parley/account_requests.hpp"
#include "parley/moderation.hpp"

namespace parley {

/// By the room's creator or a moderator; in order of user_id, which is the cursor.
struct list_bans {
  using reply = page<room_ban>;
  principal who;
  room_id room;
  std::optional<user_id> user;  ///< That one only.
  page_request range;
};
struct list_mutes {
  using reply = page<room_mute>;
  principal who;
  room_id room;
  std::optional<user_id> user;  ///< That one only.
  page_request range;
  timestamp now{};  ///< Set by the broker: those that have ended are left out.
};
/// See moderation_records::file_report.
struct report_message {
  using reply = filed_report;
  principal who;
  message_id message;
  report_reason reason = report_reason::other;
  std::optional<std::string> comment;
};
/// By moderators. See moderation_queries::reports.
struct list_reports {
  using reply = page<report_item>;
  principal who;
  bool open = true;
  page_request range;
};
/// See moderation_records::decide_report.
struct decide_report {
  using reply = report_item;
  principal who;
  report_id report;
  report_status status = report_status::dismissed;
  std::optional<std::string> note;
};

}  // namespace parley
