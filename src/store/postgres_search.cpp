// Follows the rooms' logs into tb_message_search, and searches there.
#include "store/postgres_search.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "store/postgres_reader.hpp"
#include "store/reaction_summaries.hpp"
#include "store/row_values.hpp"
#include "store/search_hits.hpp"

namespace parley {
namespace {

constexpr std::int64_t rooms_a_look = 5'000;
/// Of whoever is in more, what everybody wrote is looked through.
constexpr std::size_t most_rooms_named = 100;

std::string in_quotes(std::string_view word) { return '\'' + std::string(word) + '\''; }
std::string room_word(room_id room) { return '#' + to_string(room); }

/// Folded words hold neither quotes nor backslashes.
std::string vector_of(const std::vector<std::string>& words, room_id room) {
  std::string text = in_quotes(room_word(room));
  for (const auto& word : words) text += ' ' + in_quotes(word);
  return text;
}

/// `rooms`: one of them; none are named when there are none here.
std::string tsquery_of(const search_query& query, const std::vector<room_id>& rooms) {
  std::string text;
  for (const auto& room : rooms) text += (text.empty() ? "(" : " | ") + in_quotes(room_word(room));
  if (!rooms.empty()) text += ')';
  for (const auto& word : query.words) text += (text.empty() ? "" : " & ") + in_quotes(word);
  return query.last_is_begun ? text + ":*" : text;
}

/// A part of one room's log: (from, to].
struct log_part {
  room_id room;
  sequence from = 0, to = 0, end = 0;
};

class postgres_search_index final : public search_index {
 public:
  explicit postgres_search_index(postgres_options options) : options_(std::move(options)) {}

  result<std::vector<room_id>> advance(std::span<const room_id> rooms) override {
    return on_connection("indexing messages", [&](postgres_connection& open) -> result<std::vector<room_id>> {
      const auto parts = lock_parts(open, rooms);
      postgres_array<uuid> ids;
      postgres_array<std::int64_t> from, to;
      std::vector<room_id> more;
      for (const auto& part : parts) {
        ids.add(part.room);
        from.add(part.from);
        to.add(part.to);
        if (part.to < part.end) more.push_back(part.room);
      }
      postgres_round_trip read(open);
      const auto fresh = read.add(
          "SELECT m.message_id, m.room_id, m.content FROM unnest($1, $2, $3) AS k (room_id, low, high)"
          " JOIN tb_messages m ON m.room_id = k.room_id AND m.seq > k.low AND m.seq <= k.high",
          ids, from, to);
      const auto changed = read.add(
          "SELECT m.message_id, m.room_id, m.content FROM unnest($1, $2, $3) AS k (room_id, low, high)"
          " JOIN tb_room_event e ON e.room_id = k.room_id AND e.seq > k.low AND e.seq <= k.high"
          " AND e.type IN ('message_edited', 'message_deleted') JOIN tb_messages m ON m.message_id = e.message_id",
          ids, from, to);
      const auto answers = read.run();
      write(open, {&answers[fresh], &answers[changed]}, ids, to);
      return more;
    });
  }

  result<rooms_behind> find_behind(room_id after) override {
    return on_connection("looking for what is not indexed", [&](postgres_connection& open) -> result<rooms_behind> {
      rooms_behind found;
      std::int64_t looked_at = 0;
      for (const auto& row : open.query("SELECT p.room_id, p.last_seq <> coalesce(s.seq, 0)"
                                        " FROM (SELECT room_id, last_seq FROM tb_room_position WHERE room_id > $1"
                                        " ORDER BY room_id LIMIT $2) p"
                                        " LEFT JOIN tb_search_position s ON s.room_id = p.room_id ORDER BY p.room_id",
                                        after, rooms_a_look)) {
        if (row.integer(1) != 0) found.rooms.push_back(row.id<room_id>(0));
        found.next = row.id<room_id>(0);
        ++looked_at;
      }
      if (looked_at < rooms_a_look) found.next.reset();
      return found;
    });
  }

 private:
  template <class Body>
  std::invoke_result_t<Body, postgres_connection&> on_connection(std::string_view what, Body&& body) {
    auto done = guard_postgres(what, [&] {
      if (!connection_ || !connection_->is_usable()) connection_ = std::make_unique<postgres_connection>(options_);
      return body(*connection_);
    });
    if (connection_ && (!connection_->is_usable() || connection_->in_transaction())) connection_.reset();
    return done;
  }

  /// Begins the transaction. What it writes can be made again, so that its commit waits for no disk.
  static std::vector<log_part> lock_parts(postgres_connection& open, std::span<const room_id> rooms) {
    postgres_array<uuid> ids;
    for (const auto& room : rooms) ids.add(room);
    postgres_round_trip trip(open);
    trip.add("BEGIN");
    trip.add("SET LOCAL synchronous_commit = off");
    trip.add(
        "INSERT INTO tb_search_position (room_id, seq) SELECT p.room_id, 0 FROM tb_room_position p"
        " WHERE p.room_id = ANY($1) ORDER BY p.room_id ON CONFLICT (room_id) DO NOTHING",
        ids);
    trip.add("SELECT room_id FROM tb_search_position WHERE room_id = ANY($1) ORDER BY room_id FOR UPDATE", ids);
    // Behind the locks, since another node may just have moved them: one statement would see only the positions anew.
    const auto locked = trip.add(
        "SELECT s.room_id, s.seq, p.last_seq FROM tb_search_position s JOIN tb_room_position p ON p.room_id = s.room_id"
        " WHERE s.room_id = ANY($1) ORDER BY s.room_id",
        ids);
    std::vector<log_part> parts;
    auto left = search_step;
    const auto answers = trip.run();
    for (const auto& row : answers[locked]) {
      log_part part{row.id<room_id>(0), row.integer(1), 0, row.integer(2)};
      // The log is behind what was indexed: somebody brought an older one back. All over again.
      if (part.from > part.end) part.from = 0;
      part.to = std::min(part.end, part.from + left);
      left -= part.to - part.from;
      parts.push_back(part);
    }
    return parts;
  }

  static void write(postgres_connection& open, const std::vector<const postgres_rows*>& messages,
                    const postgres_array<uuid>& rooms, const postgres_array<std::int64_t>& seqs) {
    // Each message once, however often it was edited: an INSERT may meet a row only once.
    boost::unordered_flat_map<uuid, std::pair<room_id, std::string>, hash_key> texts;
    for (const auto* rows : messages) {
      for (const auto& row : *rows) {
        auto& [room, text] = texts[row.id(0)];
        room = row.id<room_id>(1);
        text = row.is_null(2) ? std::string() : vector_of(indexed_words(row.text(2)), room);
      }
    }
    postgres_array<uuid> kept, in_rooms, gone;
    postgres_array<std::string_view> words;
    for (const auto& [message, of] : texts) {
      if (of.second.empty()) {
        gone.add(message);
        continue;
      }
      kept.add(message);
      in_rooms.add(of.first);
      words.add(of.second);
    }
    postgres_round_trip trip(open);
    if (!kept.empty()) {
      trip.add(
          "INSERT INTO tb_message_search (message_id, room_id, words)"
          " SELECT k.message_id, k.room_id, k.words::tsvector FROM unnest($1, $2, $3) AS k (message_id, room_id, words)"
          " ON CONFLICT (message_id) DO UPDATE SET words = excluded.words",
          kept, in_rooms, words);
    }
    if (!gone.empty()) trip.add("DELETE FROM tb_message_search WHERE message_id = ANY($1)", gone);
    trip.add(
        "UPDATE tb_search_position s SET seq = k.seq FROM unnest($1, $2) AS k (room_id, seq)"
        " WHERE s.room_id = k.room_id AND s.seq <> k.seq",
        rooms, seqs);
    trip.add("COMMIT");
    trip.run();
  }

  postgres_options options_;
  std::unique_ptr<postgres_connection> connection_;
};

}  // namespace

std::unique_ptr<search_index> make_postgres_search_index(const postgres_options& options) {
  return std::make_unique<postgres_search_index>(options);
}

/// In two round trips: which messages, and then them and their reactions.
namespace {

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
