// How many messages a second the append path stores, against a raw prepared insert into the same tables.
#include <benchmark/benchmark.h>
#include <sodium.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "parley/database.hpp"
#include "store/sqlite_database.hpp"

namespace parley {
namespace {

constexpr std::size_t rooms_in_store = 50;
constexpr std::size_t members_of_room = 5;

template <class T>
T value_of(result<T> outcome) {
  if (outcome.has_error()) throw std::runtime_error(outcome.error().message);
  return std::move(*outcome);
}

timestamp now() { return system_clock().now(); }

/// A store with some rooms, in a folder of its own.
class bench_store {
 public:
  explicit bench_store(bool durable) {
    auto name = (std::filesystem::temp_directory_path() / "parley-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
    folder_ = name;
    database_ = value_of(open_sqlite_database({path(), "", durable}, limits_));
    if (const auto migrated = database_->migrate(); migrated.has_error()) throw std::runtime_error("migration failed");
    writer_ = value_of(database_->open_writer());
    for (std::size_t i = 0; i < rooms_in_store; ++i) add_room(i);
  }
  ~bench_store() {
    writer_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  bench_store(const bench_store&) = delete;
  bench_store& operator=(const bench_store&) = delete;

  [[nodiscard]] std::string path() const { return folder_ + "/store.db"; }
  database_writer& writer() { return *writer_; }

  /// Messages of 128 bytes with keys, by all members of the rooms in turn.
  std::vector<append_command> commands(std::size_t count) {
    std::vector<append_command> made;
    made.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& [room, members] = rooms_[next_ % rooms_.size()];
      const auto& sender = members[next_ / rooms_.size() % members.size()];
      ++next_;
      made.push_back({room,
                      sender,
                      now(),
                      system_ids().next(),
                      {},
                      send_message{std::string(128, 'x'), {}, {}, to_string(system_ids().next())}});
    }
    return made;
  }

 private:
  void add_room(std::size_t number) {
    new_room room{room_id(system_ids().next()), "room", true, {}, {}, {}, now()};
    std::vector<user_id> members;
    const auto job = [&](record_writer& records) -> result<void> {
      for (std::size_t i = 0; i < members_of_room; ++i) {
        members.emplace_back(system_ids().next());
        const auto name = "user" + std::to_string(number * members_of_room + i);
        (void)value_of(records.create_user({members.back(), name, "hash", name, {}, {}, {}, now()}));
        room.membership_ids.push_back(system_ids().next());
      }
      room.creator = members.front();
      room.others.assign(members.begin() + 1, members.end());
      (void)value_of(records.create_room(room));
      return {};
    };
    const write_job made = job;
    (void)value_of(writer_->commit({}, {&made, 1}));
    rooms_.emplace_back(room.id, std::move(members));
  }

  limits_config limits_;
  std::string folder_;
  std::unique_ptr<database> database_;
  std::unique_ptr<database_writer> writer_;
  std::vector<std::pair<room_id, std::vector<user_id>>> rooms_;
  std::size_t next_ = 0;
};

void append(benchmark::State& state, bool durable) {
  bench_store store(durable);
  const auto batch = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    const auto commands = store.commands(batch);
    state.ResumeTiming();
    const auto done = value_of(store.writer().commit(commands, {}));
    if (done.appends.front().has_error()) throw std::runtime_error(done.appends.front().error().message);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void raw_insert(benchmark::State& state, bool durable) {
  bench_store store(durable);
  sqlite3* handle = nullptr;
  sqlite3_stmt* insert = nullptr;
  sqlite3_open(store.path().c_str(), &handle);
  sqlite3_exec(handle, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  sqlite3_exec(handle, "PRAGMA wal_autocheckpoint = 4096; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536",
               nullptr, nullptr, nullptr);
  sqlite3_prepare_v2(handle,
                     "INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     -1, &insert, nullptr);
  sequence seq = 1'000;
  for (auto _ : state) {
    state.PauseTiming();
    const auto commands = store.commands(static_cast<std::size_t>(state.range(0)));
    state.ResumeTiming();
    sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
    for (const auto& command : commands) {
      const auto& what = std::get<send_message>(command.command);
      const std::string texts[] = {to_string(command.new_id), to_string(command.actor),
                                   to_string(command.room),   *what.content,
                                   to_string(command.at),     *what.client_msg_id};
      for (int i = 0; i < 5; ++i) sqlite3_bind_text(insert, i + 1, texts[i].c_str(), -1, SQLITE_STATIC);
      sqlite3_bind_int64(insert, 6, ++seq);
      sqlite3_bind_text(insert, 7, texts[5].c_str(), -1, SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(handle));
      sqlite3_reset(insert);
    }
    sqlite3_exec(handle, "COMMIT", nullptr, nullptr, nullptr);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  sqlite3_finalize(insert);
  sqlite3_close(handle);
}

BENCHMARK_CAPTURE(append, durable, true)->Arg(1)->Arg(16)->Arg(200)->UseRealTime();
BENCHMARK_CAPTURE(raw_insert, durable, true)->Arg(1)->Arg(16)->Arg(200)->UseRealTime();
BENCHMARK_CAPTURE(append, without_sync, false)->Arg(1)->Arg(16)->Arg(200)->UseRealTime();
BENCHMARK_CAPTURE(raw_insert, without_sync, false)->Arg(1)->Arg(16)->Arg(200)->UseRealTime();

}  // namespace
}  // namespace parley

BENCHMARK_MAIN();
