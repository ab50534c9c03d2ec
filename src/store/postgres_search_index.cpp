// Follows the rooms' logs into tb_message_search.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/log.hpp"
#include "store/postgres_copy.hpp"
#include "store/postgres_search.hpp"
#include "store/search_words.hpp"

namespace parley {
namespace {

constexpr std::int64_t rooms_a_look = 5'000;
constexpr int careful_steps = 100;
constexpr const char* unique_violation = "23505";

/// A part of one room's log: (from, to].
struct log_part {
  room_id room;
  sequence from = 0, to = 0, end = 0;
};

/// What the index is to say of a message. No words: it says nothing of it.
struct indexed_message {
  room_id room;
  std::optional<postgres_word_set> words;
  bool is_new = false;  ///< It comes into the index with this part of the log.
};
/// By their ids, so that the index of these grows at its end. Each message once, however often it was edited.
using indexed_messages = std::map<uuid, indexed_message>;

/// Sorted: the room's word stands before all letters and digits.
postgres_word_set word_set_of(std::string_view text, room_id room) {
  postgres_word_set set;
  set.add(room_word(room));
  for (const auto& word : indexed_words(text)) set.add(word);
  return set;
}

class postgres_search_index final : public search_index {
 public:
  explicit postgres_search_index(postgres_options options) : options_(std::move(options)) {}

  result<std::vector<room_id>> advance(std::span<const room_id> rooms) override {
    return on_connection("indexing messages", [&](postgres_connection& open) -> result<std::vector<room_id>> {
      if (careful_steps_ > 0) {
        --careful_steps_;
        return advance_once(open, rooms, new_rows::may_be_there);
      }
      try {
        return advance_once(open, rooms, new_rows::are_new);
      } catch (const postgres_error& fault) {
        if (fault.sqlstate() != unique_violation) throw;
      }
      log::info("search", "indexed_again",
                "Some messages are in the search index already: a position was lost or set back.");
      careful_steps_ = careful_steps;
      open.query("ROLLBACK");
      return advance_once(open, rooms, new_rows::may_be_there);
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
  /// Messages that come into the index with the next part of a log.
  enum class new_rows { are_new, may_be_there };

  template <class Body>
  std::invoke_result_t<Body, postgres_connection&> on_connection(std::string_view what, Body&& body) {
    auto done = guard_postgres(what, [&] {
      if (!connection_ || !connection_->is_usable()) connection_ = std::make_unique<postgres_connection>(options_);
      try {
        return body(*connection_);
      } catch (const postgres_error& fault) {
        if (fault.is_constraint()) log_postgres_fault(what, fault.what());  // nobody's command: no everyday answer
        throw;
      }
    });
    if (connection_ && (!connection_->is_usable() || connection_->in_transaction())) connection_.reset();
    return done;
  }

  static std::vector<room_id> advance_once(postgres_connection& open, std::span<const room_id> rooms, new_rows fresh) {
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
    write(open, read(open, ids, from, to), fresh, ids, to);
    return more;
  }

  /// Begins the transaction. What it writes can be made again, so that its commit waits for no disk.
  static std::vector<log_part> lock_parts(postgres_connection& open, std::span<const room_id> rooms) {
    postgres_array<uuid> ids;
    for (const auto& room : rooms) ids.add(room);
    constexpr const char* lock =
        "SELECT s.room_id FROM tb_search_position s WHERE s.room_id = ANY($1) ORDER BY s.room_id FOR UPDATE";
    // Behind the locks, since another node may just have moved them: one statement would see only the positions anew.
    constexpr const char* look =
        "SELECT p.room_id, s.seq, p.last_seq FROM tb_room_position p LEFT JOIN tb_search_position s"
        " ON s.room_id = p.room_id WHERE p.room_id = ANY($1) ORDER BY p.room_id";
    postgres_round_trip trip(open);
    begin(trip);
    const auto locked = trip.add(lock, ids);
    const auto looked = trip.add(look, ids);
    auto answers = trip.run();
    auto found = std::move(answers[looked]);
    if (answers[locked].size() < found.size()) {  // some have no position yet, or had none before it looked
      postgres_round_trip again(open);
      // Holding nothing: two that hold positions and wait for each other's new ones would be a deadlock.
      again.add("ROLLBACK");
      begin(again);
      again.add(
          "INSERT INTO tb_search_position (room_id, seq) SELECT p.room_id, 0 FROM tb_room_position p"
          " WHERE p.room_id = ANY($1) ORDER BY p.room_id ON CONFLICT (room_id) DO NOTHING",
          ids);
      again.add(lock, ids);
      const auto made = again.add(look, ids);
      found = std::move(again.run()[made]);
    }
    std::vector<log_part> parts;
    auto left = search_step;
    for (const auto& row : found) {
      if (row.is_null(1)) continue;  // a room that was made meanwhile
      log_part part{row.id<room_id>(0), row.integer(1), 0, row.integer(2)};
      // The log is behind what was indexed: somebody brought an older one back. All over again.
      if (part.from > part.end) part.from = 0;
      part.to = std::min(part.end, part.from + left);
      left -= part.to - part.from;
      parts.push_back(part);
    }
    return parts;
  }
  static void begin(postgres_round_trip& trip) {
    trip.add("BEGIN");
    trip.add("SET LOCAL synchronous_commit = off");
  }

  static indexed_messages read(postgres_connection& open, const postgres_array<uuid>& rooms,
                               const postgres_array<std::int64_t>& from, const postgres_array<std::int64_t>& to) {
    postgres_round_trip trip(open);
    const auto fresh = trip.add(
        "SELECT m.message_id, m.room_id, m.content FROM unnest($1, $2, $3) AS k (room_id, low, high)"
        " JOIN tb_messages m ON m.room_id = k.room_id AND m.seq > k.low AND m.seq <= k.high",
        rooms, from, to);
    const auto changed = trip.add(
        "SELECT m.message_id, m.room_id, m.content FROM unnest($1, $2, $3) AS k (room_id, low, high)"
        " JOIN tb_room_event e ON e.room_id = k.room_id AND e.seq > k.low AND e.seq <= k.high"
        " AND e.type IN ('message_edited', 'message_deleted') JOIN tb_messages m ON m.message_id = e.message_id",
        rooms, from, to);
    const auto answers = trip.run();
    indexed_messages messages;
    for (const auto part : {fresh, changed}) {
      for (const auto& row : answers[part]) {
        auto& message = messages[row.id(0)];
        message.room = row.id<room_id>(1);
        message.words.reset();
        if (!row.is_null(2)) message.words = word_set_of(row.text(2), message.room);
        if (part == fresh) message.is_new = true;
      }
    }
    return messages;
  }

  /// Ends the transaction.
  static void write(postgres_connection& open, const indexed_messages& messages, new_rows what,
                    const postgres_array<uuid>& rooms, const postgres_array<std::int64_t>& seqs) {
    postgres_copy fresh("COPY tb_message_search (message_id, room_id, words) FROM STDIN (FORMAT binary)");
    postgres_array<uuid> kept, in_rooms, gone;
    postgres_array<postgres_word_set> words;
    for (const auto& [id, message] : messages) {
      const bool is_fresh = message.is_new && what == new_rows::are_new;
      if (message.words && is_fresh) {
        fresh.add(id, uuid(message.room), *message.words);
      } else if (message.words) {
        kept.add(id);
        in_rooms.add(message.room);
        words.add(*message.words);
      } else if (!is_fresh) {
        gone.add(id);
      }
    }
    if (!fresh.empty()) fresh.run(open);
    postgres_round_trip trip(open);
    if (!kept.empty()) {
      trip.add(
          "INSERT INTO tb_message_search (message_id, room_id, words) SELECT * FROM unnest($1, $2, $3)"
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
  int careful_steps_ = 0;  ///< So many more expect what is there: where one position was lost, others are.
  std::unique_ptr<postgres_connection> connection_;
};

}  // namespace

std::unique_ptr<search_index> make_postgres_search_index(const postgres_options& options) {
  return std::make_unique<postgres_search_index>(options);
}

}  // namespace parley
