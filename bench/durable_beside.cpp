// Databases with members in them, and pgbench.
#include "durable_beside.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "support/temporary_folder.hpp"

namespace parley::bench {
namespace {

/// What the command prints. Throws when it fails.
std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
  std::string output;
  std::array<char, 4096> buffer;
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), got);
  if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed: " + output);
  return output;
}

void migrate(const std::string& parleyd, const std::string& store) {
  output_of(fmt::format("'{}' --dev --migrate-only --set log.level=warn --set 'store.url={}'", parleyd, store));
}

/// The newest of Debian's, which are not in the path.
std::string find_pgbench() {
  std::string newest = "pgbench";
  int newest_version = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version <= newest_version || !std::filesystem::exists(entry.path() / "bin/pgbench")) continue;
    newest_version = version;
    newest = entry.path() / "bin/pgbench";
  }
  return newest;
}

double number_behind(const std::string& text, const std::string& label) {
  const auto at = text.find(label);
  if (at == std::string::npos) throw std::runtime_error("pgbench said no \"" + label + "\": " + text);
  return std::strtod(text.c_str() + at + label.size(), nullptr);
}

/// Members, in the words of both dialects: `id` and `time` are SQL for the id of number n and a time.
std::string members_sql(const members_shape& shape, const std::string& id, const std::string& time) {
  const auto id_of = [&](const std::string& number) { return fmt::format(fmt::runtime(id), fmt::arg("n", number)); };
  const auto counted = [](std::uint32_t count) {
    return fmt::format(
        "(WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {})"
        " SELECT n FROM counted) AS numbers",
        count);
  };
  const auto room_of_user = id_of(fmt::format("((n - 1) % {} + 1)", shape.rooms));
  return fmt::format(
      "INSERT INTO tb_users (user_id, username, password, display_name, created_at)"
      " SELECT {user}, 'sender-' || n, '-', 'Sender ' || n, {time} FROM {users};"
      "INSERT INTO tb_chat_rooms (chat_room_id, name, is_group, created_by, created_at)"
      " SELECT {user}, 'Room ' || n, 1, {first}, {time} FROM {rooms};"
      "INSERT INTO tb_room_position (room_id) SELECT chat_room_id FROM tb_chat_rooms;"
      "INSERT INTO tb_user_room (user_room_id, user_id, room_id, joined_at)"
      " SELECT {user}, {user}, {room}, {time} FROM {users};"
      "INSERT INTO tb_read_marker (user_id, room_id, seq) SELECT user_id, room_id, 0 FROM tb_user_room;",
      fmt::arg("user", id_of("n")), fmt::arg("first", id_of("1")), fmt::arg("room", room_of_user),
      fmt::arg("time", time), fmt::arg("users", counted(shape.senders)), fmt::arg("rooms", counted(shape.rooms)));
}

}  // namespace

postgres_database::postgres_database(support::postgres_server& server) : server_(server), url_(server.new_database()) {
  support::run_sql(server_.url_of("postgres"), "CHECKPOINT");
}

postgres_database::~postgres_database() {
  try {
    const auto name = url_.substr(url_.rfind('/') + 1);
    support::run_sql(server_.url_of("postgres"), "DROP DATABASE " + name + " WITH (FORCE)");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
  }
}

void postgres_database::fill(const std::string& parleyd, const members_shape& shape) const {
  migrate(parleyd, url_);
  const std::string id = "('00000000-0000-0000-0000-' || lpad(({n})::text, 12, '0'))::uuid";
  support::run_sql(url_, members_sql(shape, id, "now()") + "CREATE SEQUENCE bench_seq CACHE 1000;");
  support::run_sql(server_.url_of("postgres"), "CHECKPOINT");
}

sqlite_file::sqlite_file(const std::string& parleyd, const members_shape& shape) {
  folder_ = support::new_temporary_folder("bench");
  migrate(parleyd, "sqlite:" + path());
  sqlite3* opened = nullptr;
  sqlite3_open(path().c_str(), &opened);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle(opened, &sqlite3_close);
  const auto sql = members_sql(shape, "printf('00000000-0000-0000-0000-%012d', {n})", "'2026-11-26T12:00:00.000Z'");
  if (sqlite3_exec(opened, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(std::string("members: ") + sqlite3_errmsg(opened));
  }
}

sqlite_file::~sqlite_file() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

pgbench_figures run_pgbench(const std::string& url, const members_shape& shape, double seconds) {
  const auto output = output_of(
      fmt::format("'{}' -n -M prepared -c 32 -j 2 -T {} -D rooms={} -D senders={} -f '{}' '{}' 2>&1", find_pgbench(),
                  std::max(1L, std::lround(seconds)), shape.rooms, shape.senders, PARLEY_PGBENCH_SCRIPT, url));
  pgbench_figures out;
  out.rows_per_second = number_behind(output, "tps = ");
  out.latency_ms = number_behind(output, "latency average = ");
  out.rows = number_behind(output, "number of transactions actually processed: ");
  return out;
}

}  // namespace parley::bench
