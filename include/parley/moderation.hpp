// Moderation: who may not come into a room or write in it, what was reported, and what the store keeps of both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/error.hpp"
#include "parley/events.hpp"
#include "parley/files.hpp"
#include "parley/permissions.hpp"
#include "parley/values.hpp"

namespace parley {

using report_id = id<struct report_tag>;

inline constexpr std::int64_t longest_slow_mode_seconds = 6 * 60 * 60;
inline constexpr std::int64_t longest_mute_seconds = 366LL * 24 * 60 * 60;

/// Somebody who is no member of a room and cannot become one.
struct room_ban {
  user_profile user;
  user_id by;
  std::optional<std::string> reason;
  timestamp created_at{};
  bool removing_messages = false;  ///< What they wrote there is being deleted.
};

/// Somebody who cannot write in a room for a time, member or not.
struct room_mute {
  user_profile user;
  user_id by;
  std::optional<std::string> reason;
  timestamp created_at{};
  timestamp until{};
};

/// Whether somebody may see bans and mutes, and whether there can be any.
struct room_standing {
  standing how = standing::outsider;
  bool is_group = false;
  friend bool operator==(const room_standing&, const room_standing&) = default;
};

// --- Reports ---

enum class report_reason : std::uint8_t { spam, abuse, illegal, other };
std::string_view to_string(report_reason value);
std::optional<report_reason> parse_report_reason(std::string_view text);

enum class report_status : std::uint8_t {
  open,
  dismissed,  ///< Nothing was wrong with the message.
  acted,      ///< Something was done about it.
};
std::string_view to_string(report_status value);
std::optional<report_status> parse_report_status(std::string_view text);

struct new_report {
  report_id id;
  user_id reporter;
  message_id message;
  report_reason reason = report_reason::other;
  std::optional<std::string> comment;
  timestamp created_at{};
};
struct filed_report {
  report_id id;
  message_id message;
  report_reason reason = report_reason::other;
  timestamp created_at{};
  bool duplicate = false;  ///< The one that this reporter had filed before.
};
/// As moderators see it, who need not be members of the room.
struct report_item {
  filed_report report;
  std::optional<std::string> comment;
  user_profile reporter;
  room_id room;
  std::optional<std::string> room_name;
  sequence seq = 0;
  user_profile sender;
  /// As it stood when it was reported; both null once the report is decided.
  std::optional<std::string> content, file_url;
  bool is_deleted = false;  ///< The message, meanwhile.
  report_status status = report_status::open;
  std::optional<user_profile> decided_by;
  std::optional<timestamp> decided_at;
  std::optional<std::string> note;  ///< For other moderators.
};
struct report_decision {
  report_id report;
  user_id by;
  report_status status = report_status::dismissed;  ///< Not `open`.
  std::optional<std::string> note;
  timestamp at{};
  uuid audit;  ///< Id of the audit row.
};

// --- The messages of somebody who is banned, on their way out ---

/// Deleted stretch by stretch of the log, by whatever node sees to it; what is deleted twice is deleted once.
struct message_removal {
  removal_id id;
  room_id room;
  user_id user;
  user_id by;         ///< Who asked for it, not always whoever banned them.
  sequence done = 0;  ///< Up to here nothing of theirs is left.
  friend bool operator==(const message_removal&, const message_removal&) = default;
};
struct messages_to_remove {
  std::vector<message_id> messages;
  sequence up_to = 0;   ///< How far the log was looked at.
  bool at_end = false;  ///< There was no more of it.
};

/// Part of record_writer: jobs within a batch's transaction.
class moderation_records {
 public:
  virtual ~moderation_records() = default;
  /// By a member of the message's room. `not_found` for what they cannot see and for a deleted message, `bad_request`
  /// for their own, `conflict` with limits.open_reports_per_user open ones.
  virtual result<filed_report> file_report(const new_report& report) = 0;
  /// That report and all others of the same message that are open. `forbidden` for whoever is no moderator,
  /// `not_found`, also for whoever wrote the message, `conflict` when it was decided before.
  virtual result<void> decide_report(const report_decision& decision) = 0;
  /// Everything of it up to `what.done` is removed, or `is_over`: all of it. False: its ban was lifted meanwhile, and
  /// with it the removal, or another node has finished it.
  virtual result<bool> note_removal(const message_removal& what, bool is_over, timestamp at) = 0;
};

/// Part of database_reader.
class moderation_queries {
 public:
  virtual ~moderation_queries() = default;
  /// `not_found` when there is no such room.
  virtual result<room_standing> standing_in(room_id room, user_id user) = 0;
  /// In order of user_id, which is the cursor. `user`: that one only.
  virtual result<page<room_ban>> bans(room_id room, std::optional<user_id> user, const page_request& range) = 0;
  /// As bans(); those that have not ended at `now`.
  virtual result<page<room_mute>> mutes(room_id room, std::optional<user_id> user, timestamp now,
                                        const page_request& range) = 0;
  /// Open ones, the oldest first; or decided ones, the newest first; without those of what `reader` wrote. The cursor
  /// is a report id.
  virtual result<page<report_item>> reports(bool open, user_id reader, const page_request& range) = 0;
  virtual result<std::optional<report_item>> report(report_id report) = 0;
  /// A file that a message has for which a report is open, or had when it was reported.
  virtual result<std::optional<stored_file>> reported_file(file_id file) = 0;
  /// At most `limit` that no node has seen to since `idle_before`.
  virtual result<std::vector<message_removal>> idle_removals(timestamp idle_before, std::uint32_t limit) = 0;
  /// What that user wrote in the next `limit` messages of the room after `after`.
  virtual result<messages_to_remove> messages_of(room_id room, user_id user, sequence after, std::uint32_t limit) = 0;
};

}  // namespace parley
