// The read requests of clients as functions over the store, each with its authorization; they run on reading threads.
#pragma once

#include "parley/client_ports.hpp"
#include "parley/database.hpp"

namespace parley {

/// Asked behind a read of the user's: whoever was suspended or logged out meanwhile does not get what was read. A page
/// may have waited for its reader for seconds.
result<void> check_token(database_reader& store, const principal& who, timestamp now);

// A room that the caller is no member of is `not_found`, as if it did not exist.

result<own_profile> answer_query(database_reader& store, const get_me& ask);
/// Without those that have ended, which the store keeps until the sweep.
result<std::vector<token_item>> answer_query(database_reader& store, const list_own_tokens& ask, timestamp now);
result<page<own_profile>> answer_query(database_reader& store, const list_accounts& ask);
result<page<audit_entry>> answer_query(database_reader& store, const list_audit& ask);
result<page<user_profile>> answer_query(database_reader& store, const find_users& ask);
result<user_profile> answer_query(database_reader& store, const get_user& ask);
result<std::vector<presence_record>> answer_query(database_reader& store, const get_presence& ask);
result<page<friend_item>> answer_query(database_reader& store, const list_friends& ask);
result<page<room_summary>> answer_query(database_reader& store, const list_rooms& ask);
result<room_summary> answer_query(database_reader& store, const get_room& ask);
result<page<room_member>> answer_query(database_reader& store, const list_members& ask);
result<page<history_item>> answer_query(database_reader& store, const get_history& ask);
result<page<durable_event>> answer_query(database_reader& store, const get_events& ask);

result<page<search_hit>> answer_query(database_reader& store, const search_messages& ask);

result<own_files> answer_query(database_reader& store, const list_own_files& ask);

result<page<room_ban>> answer_query(database_reader& store, const list_bans& ask);
result<page<room_mute>> answer_query(database_reader& store, const list_mutes& ask);
result<page<report_item>> answer_query(database_reader& store, const list_reports& ask);
/// Behind the decision, which was allowed.
result<report_item> decided_report(database_reader& store, const decide_report& ask);

/// As it now stands: a token may be remembered with a former one. Nobody is the operator, who may do everything.
result<role> role_of(database_reader& store, const std::optional<principal>& who);

/// `not_found` also for somebody who was removed while it was read.
result<std::vector<durable_event>> events_for(database_reader& store, user_id user, room_id room, sequence after,
                                              std::uint32_t limit);

/// The room as that user sees it; `not_found` when no member.
result<room_summary> room_for(database_reader& store, user_id user, room_id room);

}  // namespace parley
