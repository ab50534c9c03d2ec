// The fixture's steps, and the kinds of store of this build.
#include "database_fixture.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>

#include "store/open_database.hpp"
#include "store/postgres_database.hpp"
#include "store/sqlite_database.hpp"
#include "support/postgres_server.hpp"
#include "support/temporary_folder.hpp"

namespace parley::test {
namespace {

class sqlite_under_test final : public store_under_test {
 public:
  explicit sqlite_under_test(const limits_config& limits)
      : path_(folder_.file("store.db")), database_(expect_value(open_sqlite_database({path_, "", true}, limits))) {
    expect_value(database_->migrate());
  }

  database& get() override { return *database_; }

  void run_sql(const std::string& sql) override {
    sqlite3* handle = nullptr;
    char* message = nullptr;
    std::string fault;
    if (sqlite3_open(path_.c_str(), &handle) != SQLITE_OK ||
        sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
      fault = sql + ": " + (message != nullptr ? message : "cannot open");
    }
    sqlite3_free(message);
    sqlite3_close(handle);
    if (!fault.empty()) throw std::runtime_error(fault);
  }

 private:
  temporary_folder folder_;
  std::string path_;
  std::unique_ptr<database> database_;
};

class postgres_under_test final : public store_under_test {
 public:
  explicit postgres_under_test(const limits_config& limits)
      : url_(shared_postgres().new_database()),
        database_(open_postgres_database(expect_value(parse_postgres_url(url_)), limits, counts_)) {
    expect_value(database_->migrate());
  }

  database& get() override { return *database_; }
  void run_sql(const std::string& sql) override { support::run_sql(url_, sql); }

 private:
  metrics counts_;
  std::string url_;
  std::unique_ptr<database> database_;
};

}  // namespace

support::postgres_server& shared_postgres() {
  static support::postgres_server server;
  return server;
}

std::vector<store_kind> store_kinds() {
  return {{"sqlite", [](const limits_config& limits) { return std::make_unique<sqlite_under_test>(limits); }},
          {"postgres", [](const limits_config& limits) { return std::make_unique<postgres_under_test>(limits); }}};
}

temporary_folder::temporary_folder() { path_ = support::new_temporary_folder("store"); }

temporary_folder::~temporary_folder() { std::filesystem::remove_all(path_); }

void database_fixture::start(const limits_config& limits) {
  reader.reset();
  writer.reset();
  store = GetParam().make(limits);
  writer = expect_value(store->get().open_writer());
  reader = expect_value(store->get().open_reader());
}

std::vector<append_outcome> database_fixture::commit(std::vector<append_command> commands) {
  auto batch = expect_value(writer->commit(commands, {}));
  EXPECT_EQ(batch.appends.size(), commands.size());
  return std::move(batch.appends);
}

append_outcome database_fixture::try_append(append_command command) {
  return std::move(commit({std::move(command)}).front());
}

durable_event database_fixture::append(append_command command) {
  return expect_value(try_append(std::move(command))).events.at(0);
}

void database_fixture::expect_refusal(append_command command, error_code code) {
  const auto outcome = try_append(std::move(command));
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().code, code) << outcome.error().message;
}

result<void> database_fixture::try_write(const write_job& job) {
  auto batch = expect_value(writer->commit({}, {&job, 1}));
  return batch.jobs.at(0);
}

void database_fixture::write(const write_job& job) { expect_value(try_write(job)); }

user_id database_fixture::add_user(const std::string& name) {
  const new_user user{make.make_id<user_id>(), name, "hash of " + name, name + "!", {}, {}, {}, make.next_time()};
  write([&](record_writer& records) -> result<void> {
    auto created = records.create_user(user);
    if (created.has_error()) return created.error();
    return {};
  });
  return user.id;
}

result<created_room> database_fixture::try_create_room(bool is_group, user_id creator, std::vector<user_id> others) {
  new_room room{make.make_id<room_id>(), std::nullopt, is_group, creator, std::move(others), {}, make.next_time()};
  if (is_group) room.name = "a group";
  for (std::size_t i = 0; i <= room.others.size(); ++i) room.membership_ids.push_back(make.make_id<uuid>());
  std::optional<result<created_room>> created;
  (void)try_write([&](record_writer& records) -> result<void> {
    created = records.create_room(room);
    if (created->has_error()) return created->error();
    return {};
  });
  return *created;
}

room_id database_fixture::add_group(const std::string& name, user_id creator, std::vector<user_id> others) {
  new_room room{make.make_id<room_id>(), name, true, creator, std::move(others), {}, make.next_time()};
  for (std::size_t i = 0; i <= room.others.size(); ++i) room.membership_ids.push_back(make.make_id<uuid>());
  write([&](record_writer& records) -> result<void> {
    auto created = records.create_room(room);
    if (created.has_error()) return created.error();
    return {};
  });
  return room.id;
}

room_id database_fixture::add_pair(user_id one, user_id other) {
  return expect_value(try_create_room(false, one, {other})).id;
}

message_id database_fixture::post(room_id room, user_id user, const std::string& content) {
  return std::get<message_posted>(append(make.send(room, user, content)).body).message;
}

void database_fixture::mark_read(room_id room, user_id user, sequence seq) {
  const read_marker marker{room, user, seq};
  write([&](record_writer& records) -> result<void> {
    const auto stands = records.save_read_markers({&marker, 1});
    return stands ? result<void>() : stands.error();
  });
}

void database_fixture::set_role(user_id user, const std::string& role) {
  store->run_sql(
      fmt::format("UPDATE tb_users SET role_id = (SELECT role_id FROM tb_roles WHERE role_enum = '{}')"
                  " WHERE user_id = '{}'",
                  role, to_string(user)));
}

void database_fixture::set_flag(user_id user, const std::string& flag) {
  store->run_sql(fmt::format("UPDATE tb_users SET flagDelete = '{}' WHERE user_id = '{}'", flag, to_string(user)));
}

void database_fixture::befriend(user_id user, user_id other, const std::string& status) {
  store->run_sql(
      fmt::format("INSERT INTO tb_friendships (user_id, friend_id, status, created_at)"
                  " VALUES ('{}', '{}', '{}', '{}')",
                  to_string(user), to_string(other), status, to_string(make.next_time())));
}

std::vector<durable_event> database_fixture::events_of(room_id room, sequence after, std::uint32_t limit) {
  return expect_value(reader->events_after(room, after, limit));
}

room_summary database_fixture::summary(user_id user, room_id room) {
  auto found = expect_value(reader->room_of(user, room));
  if (!found) throw std::runtime_error("not a member");
  return *found;
}

session_basis database_fixture::basis_of(user_id user, const token_hash& token, std::optional<room_id> only_room) {
  const session_question question{user, token, only_room};
  return expect_value(reader->session_bases({&question, 1})).at(0);
}

}  // namespace parley::test
