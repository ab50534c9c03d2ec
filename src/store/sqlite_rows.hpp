// Rows to values and back, for the writer and the readers alike: people, messages, the log.
#pragma once

#include "parley/database.hpp"
#include "store/append_plan.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

// --- Reading: each names the columns that it expects, from `first` on. ---

/// user_id, username, display_name, img_url, role_enum
user_profile read_profile(const statement& row, int first);
/// As read_profile, then email, phone, flagDelete, created_at
own_profile read_own_profile(const statement& row, int first);
/// message_id, user_id, display_name, content, file_url, reply_to, client_msg_id, created_at
message_posted read_message(const statement& row, int first);
/// type, by_id, user_id, message_id, reaction_id, reason, text, created_at, and the message's content as it
/// now stands
event_body read_log_body(const statement& row, int first);

// --- Writing ---

void write_log_row(sqlite_connection& connection, const log_row& row);
/// The membership and its read marker.
void write_membership(sqlite_connection& connection, const insert_membership& membership);

}  // namespace parley
