// Searches in tb_message_search.
#include "store/postgres_search.hpp"

#include "store/postgres_reader.hpp"
#include "store/reaction_summaries.hpp"
#include "store/row_values.hpp"
#include "store/search_hits.hpp"

namespace parley {
namespace {

/// Of whoever is in more, what everybody wrote is looked through.
constexpr std::size_t most_rooms_named = 100;

std::string in_quotes(std::string_view word) { return '\'' + std::string(word) + '\''; }

/// Folded words hold neither quotes nor backslashes. `rooms`: one of them; none are named when there are none here.
std::string tsquery_of(const search_query& query, const std::vector<room_id>& rooms) {
  std::string text;
  for (const auto& room : rooms) text += (text.empty() ? "(" : " | ") + in_quotes(room_word(room));
  if (!rooms.empty()) text += ')';
  for (const auto& word : query.words) text += (text.empty() ? "" : " & ") + in_quotes(word);
  return query.last_is_begun ? text + ":*" : text;
}

/// Where somebody's rooms stand in the question, the index passes over what others wrote. One more than can be named,
/// if there are so many.
std::vector<room_id> some_rooms_of(postgres_connection& open, user_id user) {
  std::vector<room_id> rooms;
  for (const auto& row : open.query("SELECT room_id FROM tb_user_room WHERE user_id = $1 LIMIT $2", user,
                                    static_cast<std::int64_t>(most_rooms_named) + 1)) {
    rooms.push_back(row.id<room_id>(0));
  }
  return rooms;
}

}  // namespace

/// In two round trips: which messages, and then them and their reactions.
result<page<search_hit>> postgres_reader::search(user_id user, std::optional<room_id> room, const std::string& text,
                                                 const page_request& range) {
  const auto query = read_query(text);
  if (query.words.empty()) return page<search_hit>();
  const auto before = range.cursor ? parse_uuid(*range.cursor) : std::optional(uuid{});
  if (!before) return bad_request("cursor: not one of ours.");
  return read("searching", [&](postgres_connection& open) -> result<page<search_hit>> {
    auto rooms = room ? std::vector{*room} : some_rooms_of(open, user);
    if (rooms.empty()) return page<search_hit>();
    if (rooms.size() > most_rooms_named) rooms.clear();
    const auto wanted = tsquery_of(query, rooms);
    postgres_round_trip look(open);
    look.add("BEGIN READ ONLY");
    // A GIN index is read by no other way; everywhere else it is a sign of a lost index.
    look.add("SET LOCAL enable_bitmapscan = on");
    // Planned for these words: of few messages by their index, of many from the newest back. A plan for any words takes
    // the latter, and so reads every message where a word is rare.
    look.add("SET LOCAL plan_cache_mode = force_custom_plan");
    const auto ids = look.add(
        "SELECT s.message_id FROM tb_message_search s JOIN tb_user_room r ON r.room_id = s.room_id AND r.user_id = $1"
        " WHERE s.words @@ $2::tsquery AND ($3 OR s.message_id < $4) ORDER BY s.message_id DESC LIMIT $5",
        user, wanted, !range.cursor, *before, static_cast<std::int64_t>(range.limit) + 1);
    look.add("COMMIT");
    postgres_array<uuid> found;
    const auto looked = look.run();
    for (const auto& row : looked[ids]) found.add(row.id(0));
    if (found.empty()) return page<search_hit>();
    postgres_round_trip trip(open);
    const auto messages = trip.add(
        "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
        " m.created_at, m.seq, m.edited_at, m.deleted_at, m.room_id FROM tb_messages m"
        " JOIN tb_users u ON u.user_id = m.user_id WHERE m.message_id = ANY($1) ORDER BY m.message_id DESC",
        found);
    const auto reactions = trip.add(
        "SELECT r.message_id, r.emoji, r.user_id FROM tb_reaction r WHERE r.message_id = ANY($1)"
        " ORDER BY r.message_id, r.seq",
        found);
    const auto answers = trip.run();
    reaction_summaries summaries;
    for (const auto& row : answers[reactions]) summaries.add(row.id<message_id>(0), row.text(1), row.id<user_id>(2));
    std::vector<search_candidate> candidates;
    for (const auto& row : answers[messages]) {
      history_item item;
      item.room = row.id<room_id>(11);
      item.seq = row.integer(8);
      item.message = read_message(row, 0);
      item.edited_at = row.optional_time(9);
      item.deleted_at = row.optional_time(10);
      item.reactions = summaries.take(item.message.message);
      auto cursor = to_string(item.message.message);
      candidates.push_back({std::move(item), std::move(cursor)});
    }
    return page_of_hits(std::move(candidates), range.limit, query);
  });
}

}  // namespace parley
