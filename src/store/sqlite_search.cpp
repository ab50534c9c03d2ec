// Follows the rooms' logs into an FTS5 table, and searches there.
#include "store/sqlite_search.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "parley/log.hpp"
#include "store/search_hits.hpp"
#include "store/sqlite_reader.hpp"
#include "store/sqlite_rows.hpp"

namespace parley {
namespace {

constexpr std::int64_t rooms_a_look = 5'000;
/// Words that the index named and that a page looks at, so that no search takes the reader for long.
constexpr int most_examined = 5'000;
constexpr std::int64_t schema_version = 1;

/// In FTS5's words: letters and digits only, so that its tokenizer leaves them whole.
std::string room_word(room_id room) {
  auto text = to_string(room);
  std::erase(text, '-');
  return text;
}

/// Rows are found newest first by their number, so that it begins with the message's time: what a UUIDv7 (RFC 9562)
/// begins with, the part of a millisecond behind it, and three random bits.
std::int64_t number_of(message_id message) {
  std::uint64_t number = 0;
  for (int i = 0; i < 6; ++i) number = number << 8U | message.bytes.at(static_cast<std::size_t>(i));
  const auto below = static_cast<std::uint64_t>((message.bytes[6] & 0x0FU) << 8U | message.bytes[7]) << 3U |
                     (message.bytes[8] >> 3U & 0x07U);
  return static_cast<std::int64_t>((number << 15U | below) & 0x7FFF'FFFF'FFFF'FFFFULL);
}

sqlite_options index_options(const sqlite_options& store) {
  auto options = store;
  options.path = search_path_of(store.path);
  options.cache_bytes = std::max<std::uint64_t>(store.cache_bytes / 4, 1024 * 1024);
  return options;
}

/// Only its owner may read it, as the store itself.
void make_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

void remove_index(const std::string& path) {
  std::error_code ignored;
  for (const auto* ending : {"", "-wal", "-shm"}) std::filesystem::remove(path + ending, ignored);
}

void log_rebuilt(const std::string& path, const sqlite_error& fault) {
  log::warn("sqlite", "search_index_rebuilt", "{} cannot be used and is made anew: {}", path, fault.what());
}

class sqlite_search_index final : public search_index {
 public:
  explicit sqlite_search_index(const sqlite_options& store)
      : options_(index_options(store)), store_(store, sqlite_access::read) {
    open();
  }

  result<std::vector<room_id>> advance(std::span<const room_id> rooms) override {
    return guarded("indexing messages", [&]() -> result<std::vector<room_id>> {
      if (!index_) open();
      try {
        return take_parts(rooms);
      } catch (const sqlite_error& fault) {
        const auto code = fault.extended_code() & 0xFF;
        if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB) throw;
        log_rebuilt(options_.path, fault);
      }
      index_.reset();
      remove_index(options_.path);
      open();
      return take_parts(rooms);
    });
  }

  result<rooms_behind> find_behind(room_id after) override {
    return guarded("looking for what is not indexed", [&]() -> result<rooms_behind> {
      rooms_behind found;
      std::int64_t looked_at = 0;
      auto room =
          store_.use("SELECT room_id, last_seq FROM tb_room_position WHERE room_id > ?1 ORDER BY room_id LIMIT ?2");
      room.bind(after, rooms_a_look);
      while (room.step()) {
        const auto id = room.id<room_id>(0);
        if (room.integer(1) != position_of(id)) found.rooms.push_back(id);
        found.next = id;
        ++looked_at;
      }
      if (looked_at < rooms_a_look) found.next.reset();
      return found;
    });
  }

 private:
  void open() {
    index_.reset();
    make_private(options_.path);
    auto made = std::make_unique<sqlite_connection>(options_, sqlite_access::write);
    // What is lost by a power cut is made again; the file itself stays sound.
    made->execute("PRAGMA synchronous = NORMAL");
    {
      auto version = made->use("PRAGMA user_version");
      if (version.step() && version.integer(0) == schema_version) {
        index_ = std::move(made);
        return;
      }
    }
    made->execute(
        "BEGIN;"
        "CREATE TABLE position (room_id TEXT NOT NULL PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE message (number INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, room_id TEXT NOT NULL)"
        " STRICT;"
        "CREATE INDEX ix_message_room ON message (room_id);"
        "CREATE VIRTUAL TABLE text USING fts5 (words, room, tokenize = 'unicode61 remove_diacritics 0',"
        " prefix = '1 2 3');"
        "PRAGMA user_version = 1;"
        "COMMIT");
    index_ = std::move(made);
  }

  std::vector<room_id> take_parts(std::span<const room_id> rooms) {
    std::vector<room_id> more;
    auto left = search_step;
    index_->execute("BEGIN IMMEDIATE");
    try {
      for (const auto& room : rooms) {
        if (!take_part(room, left)) more.push_back(room);
      }
      index_->execute("COMMIT");
    } catch (...) {
      if (index_->in_transaction()) index_->execute("ROLLBACK");
      throw;
    }
    return more;
  }

  sequence position_of(room_id room) {
    auto row = index_->use("SELECT seq FROM position WHERE room_id = ?1");
    return row.bind(room).step() ? row.integer(0) : 0;
  }

  /// True when the index stands level with the room.
  bool take_part(room_id room, std::int64_t& left) {
    const read_snapshot snapshot(store_);
    auto end_row = store_.use("SELECT last_seq FROM tb_room_position WHERE room_id = ?1");
    if (!end_row.bind(room).step()) return true;
    const auto end = end_row.integer(0);
    auto from = position_of(room);
    if (from > end) {
      // The log is behind what was indexed: somebody brought an older one back. All over again.
      forget_room(room);
      from = 0;
    }
    const auto to = std::min(end, from + left);
    left -= to - from;
    auto fresh = store_.use(
        "SELECT message_id, content FROM tb_messages WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq");
    fresh.bind(room, from, to);
    while (fresh.step()) put(fresh, room);
    auto changed = store_.use(
        "SELECT m.message_id, m.content FROM tb_room_event e JOIN tb_messages m ON m.message_id = e.message_id"
        " WHERE e.room_id = ?1 AND e.seq > ?2 AND e.seq <= ?3 AND e.type IN ('message_edited', 'message_deleted')"
        " ORDER BY e.seq");
    changed.bind(room, from, to);
    while (changed.step()) put(changed, room);
    index_
        ->use(
            "INSERT INTO position (room_id, seq) VALUES (?1, ?2) ON CONFLICT (room_id) DO UPDATE SET seq = "
            "excluded.seq")
        .bind(room, to)
        .run();
    return to == end;
  }

  void put(const statement& row, room_id room) {
    const auto message = row.id<message_id>(0);
    forget(message);
    if (row.is_null(1)) return;
    std::string words;
    for (const auto& word : indexed_words(row.text(1))) words += (words.empty() ? "" : " ") + word;
    if (words.empty()) return;
    auto number = number_of(message);
    auto taken = index_->use("SELECT 1 FROM message WHERE number = ?1");
    while (taken.bind(number).step()) ++number;
    index_->use("INSERT INTO message (number, message_id, room_id) VALUES (?1, ?2, ?3)")
        .bind(number, message, room)
        .run();
    const auto in_room = room_word(room);
    index_->use("INSERT INTO text (rowid, words, room) VALUES (?1, ?2, ?3)").bind(number, words, in_room).run();
  }

  void forget(message_id message) {
    std::int64_t number = 0;
    {
      auto row = index_->use("SELECT number FROM message WHERE message_id = ?1");
      if (!row.bind(message).step()) return;
      number = row.integer(0);
    }
    index_->use("DELETE FROM text WHERE rowid = ?1").bind(number).run();
    index_->use("DELETE FROM message WHERE number = ?1").bind(number).run();
  }

  void forget_room(room_id room) {
    index_->use("DELETE FROM text WHERE rowid IN (SELECT number FROM message WHERE room_id = ?1)").bind(room).run();
    index_->use("DELETE FROM message WHERE room_id = ?1").bind(room).run();
  }

  sqlite_options options_;
  sqlite_connection store_;
  std::unique_ptr<sqlite_connection> index_;
};

/// What FTS5 calls a query; folded words need no escapes. With the rooms in it, so that nothing, not even whether there
/// is a next page, tells of a room that one is not in.
std::string match_of(const search_query& query, const std::vector<room_id>& rooms) {
  std::string text = "words : (";
  for (std::size_t i = 0; i < query.words.size(); ++i) {
    if (i > 0) text += " AND ";
    text += fmt::format("\"{}\"", query.words[i]);
  }
  if (query.last_is_begun) text += " *";
  text += ") AND room : (";
  for (const auto& room : rooms) text += fmt::format("{}\"{}\"", &room == rooms.data() ? "" : " OR ", room_word(room));
  return text + ")";
}

}  // namespace

std::string search_path_of(const std::string& store_path) { return store_path + ".search"; }

std::unique_ptr<search_index> make_sqlite_search_index(const sqlite_options& store) {
  const auto path = search_path_of(store.path);
  try {
    return std::make_unique<sqlite_search_index>(store);
  } catch (const sqlite_error& fault) {
    log_rebuilt(path, fault);  // from the log, which it only follows
  }
  remove_index(path);
  return std::make_unique<sqlite_search_index>(store);
}

std::unique_ptr<sqlite_connection> open_search_file(const sqlite_options& store) {
  const auto options = index_options(store);
  if (::access(options.path.c_str(), R_OK) != 0) return nullptr;
  auto open = std::make_unique<sqlite_connection>(options, sqlite_access::read);
  auto version = open->use("PRAGMA user_version");
  return version.step() && version.integer(0) == schema_version ? std::move(open) : nullptr;
}

/// Made anew, the index is another file under the same name.
bool sqlite_reader::has_search_file() {
  struct stat found {};
  const auto path = search_path_of(options_.path);
  if (::stat(path.c_str(), &found) != 0) return false;
  if (search_ && found.st_ino == search_file_) return true;
  search_ = open_search_file(options_);
  search_file_ = found.st_ino;
  return search_ != nullptr;
}

/// The index names messages, newest first; each is looked up as it now stands.
result<page<search_hit>> sqlite_reader::search(user_id user, std::optional<room_id> room, const std::string& text,
                                               const page_request& range) {
  const auto query = read_query(text);
  if (query.words.empty()) return page<search_hit>();
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  if (range.cursor) {
    const auto* end = range.cursor->data() + range.cursor->size();
    const auto [stopped, ec] = std::from_chars(range.cursor->data(), end, before);
    if (ec != std::errc() || stopped != end) return bad_request("cursor: not one of ours.");
  }
  return guarded("searching", [&]() -> result<page<search_hit>> {
    page<search_hit> found;
    if (!has_search_file()) return found;
    const read_snapshot snapshot(connection_);
    std::vector<room_id> rooms;
    {
      auto member = connection_.use("SELECT room_id FROM tb_user_room WHERE user_id = ?1");
      member.bind(user);
      while (member.step()) {
        if (!room || member.id<room_id>(0) == *room) rooms.push_back(member.id<room_id>(0));
      }
    }
    if (rooms.empty()) return found;
    auto candidate = search_->use(
        "SELECT m.number, m.message_id FROM text t JOIN message m ON m.number = t.rowid"
        " WHERE text MATCH ?1 AND t.rowid < ?2 ORDER BY t.rowid DESC");
    auto row = connection_.use(
        "SELECT m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
        " m.created_at, m.seq, m.edited_at, m.deleted_at, m.room_id FROM tb_messages m"
        " JOIN tb_users u ON u.user_id = m.user_id WHERE m.message_id = ?1");
    const auto match = match_of(query, rooms);
    candidate.bind(match, before);
    int examined = 0;
    std::int64_t last = 0;
    while (candidate.step()) {
      if (found.items.size() == range.limit || examined == most_examined) {
        found.next_cursor = std::to_string(last);
        break;
      }
      ++examined;
      last = candidate.integer(0);
      if (!row.bind(candidate.id<message_id>(1)).step()) continue;
      history_item item;
      item.room = row.id<room_id>(11);
      item.seq = row.integer(8);
      item.message = read_message(row, 0);
      item.edited_at = row.optional_time(9);
      item.deleted_at = row.optional_time(10);
      auto hit = hit_of(std::move(item), query);
      if (!hit) continue;
      hit->item.reactions = read_reactions(hit->item.message.message);
      found.items.push_back(std::move(*hit));
    }
    return found;
  });
}

}  // namespace parley
