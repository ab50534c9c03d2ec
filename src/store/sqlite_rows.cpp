// The log's words in the tables, and which columns make which value.
#include "store/sqlite_rows.hpp"

#include <fmt/format.h>

#include <array>

namespace parley {
namespace {

struct log_words {
  const char* type;
  const char* reason;
};

/// In the order of log_row::kind.
constexpr std::array<log_words, 9> words_of_kind{{
    {"message_edited", nullptr},
    {"message_deleted", nullptr},
    {"reaction", "add"},
    {"reaction", "remove"},
    {"member_joined", "created"},
    {"member_joined", "invited"},
    {"member_left", "left"},
    {"member_left", "removed"},
    {"room_renamed", nullptr},
}};

}  // namespace

user_profile read_profile(const statement& row, int first) {
  user_profile profile;
  profile.id = row.id<user_id>(first);
  profile.username = row.text(first + 1);
  profile.display_name = row.text(first + 2);
  profile.img_url = row.optional_text(first + 3);
  profile.user_role = parse_role(row.text(first + 4)).value_or(role::user);
  return profile;
}

own_profile read_own_profile(const statement& row, int first) {
  own_profile own;
  own.profile = read_profile(row, first);
  own.email = row.optional_text(first + 5);
  own.phone = row.optional_text(first + 6);
  // A flag that this build does not know lets nobody in.
  own.flag = parse_account_flag(row.text(first + 7)).value_or(account_flag::locked);
  own.created_at = row.time(first + 8);
  return own;
}

message_posted read_message(const statement& row, int first) {
  message_posted message;
  message.message = row.id<message_id>(first);
  message.sender = row.id<user_id>(first + 1);
  message.display_name = row.text(first + 2);
  message.content = row.optional_text(first + 3);
  message.file_url = row.optional_text(first + 4);
  message.reply_to = row.optional_id<message_id>(first + 5);
  message.client_msg_id = row.optional_text(first + 6);
  message.created_at = row.time(first + 7);
  return message;
}

event_body read_log_body(const statement& row, int first) {
  const auto type = row.text(first);
  const auto by = row.id<user_id>(first + 1);
  const auto reason = row.text(first + 5);
  const auto at = row.time(first + 7);
  if (type == "message_edited") {
    return message_edited{row.id<message_id>(first + 3), by, row.optional_text(first + 8), at};
  }
  if (type == "message_deleted") return message_deleted{row.id<message_id>(first + 3), by, at};
  if (type == "reaction") {
    return reaction_changed{row.id<message_id>(first + 3),
                            row.id<reaction_id>(first + 4),
                            by,
                            std::string(row.text(first + 6)),
                            reason == "remove" ? reaction_action::remove : reaction_action::add,
                            at};
  }
  if (type == "member_joined") {
    return member_joined{row.id<user_id>(first + 2), by,
                         reason == "created" ? join_reason::created : join_reason::invited};
  }
  if (type == "member_left") {
    return member_left{row.id<user_id>(first + 2), by,
                       reason == "removed" ? leave_reason::removed : leave_reason::left};
  }
  if (type == "room_renamed") return room_renamed{std::string(row.text(first + 6)), by};
  throw std::runtime_error(fmt::format("the log holds an event of the unknown type {}", type));
}

void write_log_row(sqlite_connection& connection, const log_row& row) {
  const auto& words = words_of_kind.at(static_cast<std::size_t>(row.type));
  const auto reason = words.reason ? std::optional<std::string_view>(words.reason) : std::nullopt;
  const auto text = row.text.empty() ? std::nullopt : std::optional<std::string_view>(row.text);
  connection
      .use(
          "INSERT INTO tb_room_event (room_id, seq, type, event_id, by_id, user_id, message_id, reaction_id, "
          "reason,"
          " text, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
      .bind(row.room, row.seq, words.type, row.event_id, row.by, row.user, row.message, row.reaction, reason, text,
            row.at)
      .run();
}

void write_membership(sqlite_connection& connection, const insert_membership& membership) {
  connection.use("INSERT INTO tb_user_room (user_room_id, user_id, room_id, joined_at) VALUES (?1, ?2, ?3, ?4)")
      .bind(membership.id, membership.who.user, membership.who.room, membership.joined_at)
      .run();
  connection
      .use(
          "INSERT INTO tb_read_marker (user_id, room_id, seq) VALUES (?1, ?2, ?3)"
          " ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq")
      .bind(membership.who.user, membership.who.room, membership.seq)
      .run();
}

}  // namespace parley
