// SQLite by its own functions, with the settings that Parley's writer uses.
#include <sqlite3.h>

#include <memory>
#include <stdexcept>

#include "ceiling.hpp"
#include "members.hpp"
#include "sample.hpp"

namespace parley::bench {
namespace {

std::string uuid_text(const std::array<std::uint64_t, 2>& id) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id[0] >> 32, id[0] >> 16 & 0xFFFF, id[0] & 0xFFFF,
                     id[1] >> 48, id[1] & 0xFFFF'FFFF'FFFF);
}

class batches {
 public:
  explicit batches(const std::string& path) {
    sqlite3* handle = nullptr;
    sqlite3_open(path.c_str(), &handle);
    handle_.reset(handle);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;"
        " PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536");
    turns_ = std::make_unique<member_turns>(read_members());
    insert_ = prepare(
        "INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  }

  void store(std::size_t size) {
    run("BEGIN IMMEDIATE");
    for (const auto* sender : turns_->next(size)) {
      const auto id = uuid_text(ids_.next());
      const auto key = sample_key(static_cast<std::uint64_t>(sender->room_number), ++next_);
      bind(1, id);
      bind(2, sender->user);
      bind(3, sender->room);
      bind(4, sample_content);
      bind(5, time_);
      sqlite3_bind_int64(insert_.get(), 6, static_cast<sqlite3_int64>(next_));
      bind(7, key);
      if (sqlite3_step(insert_.get()) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(handle_.get()));
      sqlite3_reset(insert_.get());
    }
    run("COMMIT");
  }

 private:
  using prepared = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

  void run(const char* sql) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error(std::string("the ceiling: ") + sqlite3_errmsg(handle_.get()));
    }
  }
  prepared prepare(const char* sql) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(handle_.get(), sql, -1, &made, nullptr) != SQLITE_OK) {
      throw std::runtime_error(std::string("the ceiling: ") + sqlite3_errmsg(handle_.get()));
    }
    return {made, &sqlite3_finalize};
  }
  void bind(int index, const std::string& value) {
    sqlite3_bind_text(insert_.get(), index, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  }
  std::vector<member> read_members() {
    const auto rows = prepare("SELECT room_id, user_id FROM tb_user_room ORDER BY room_id, user_id");
    std::vector<member> members;
    while (sqlite3_step(rows.get()) == SQLITE_ROW) {
      const auto text = [&](int column) {
        return std::string(reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), column)));
      };
      members.push_back({text(0), text(1)});
    }
    if (members.empty()) throw std::runtime_error("no members in the database");
    return members;
  }

  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle_{nullptr, &sqlite3_close};
  prepared insert_{nullptr, &sqlite3_finalize};
  std::unique_ptr<member_turns> turns_;
  message_ids ids_;
  std::uint64_t next_ = 0;
  const std::string time_ = "2026-11-26T12:00:00.000Z";
};

}  // namespace

ceiling_figures run_sqlite_ceiling(const std::string& path, std::size_t batch, double seconds) {
  batches store(path);
  return repeat_for(seconds, batch, [&] { store.store(batch); });
}

}  // namespace parley::bench
