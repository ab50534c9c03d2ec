// The file itself: its schema and migrations, its lock, its mode, and the URL that names it.
#include "store/sqlite_database.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

#include "database_fixture.hpp"
#include "store/open_database.hpp"
#include "store/sqlite_schema.hpp"

namespace parley::test {
namespace {

class sqlite_database_test : public testing::Test {
 protected:
  result<std::unique_ptr<database>> open() { return open_sqlite_database({path_, "", true}, limits_); }
  sqlite_connection connect() { return sqlite_connection({path_, "", true}, sqlite_access::write); }

  static std::string column_list(sqlite_connection& connection, const std::string& table) {
    auto row = connection.use("SELECT group_concat(name, ' ') FROM pragma_table_info(?1)");
    return row.bind(table).step() ? std::string(row.text(0)) : std::string();
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  temporary_folder folder_;
  std::string path_ = folder_.file("store.db");
  limits_config limits_;
};

// --- Schema ---

TEST_F(sqlite_database_test, the_tables_have_the_names_and_columns_of_the_contract) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  auto connection = connect();
  const std::vector<std::pair<std::string, std::vector<std::string>>> contract{
      {"tb_roles", {"role_id", "role_enum"}},
      {"tb_users",
       {"user_id", "username", "password", "email", "phone", "img_url", "display_name", "role_id", "flagDelete",
        "created_at"}},
      {"tb_user_status", {"user_id", "is_online", "last_seen"}},
      {"tb_chat_rooms", {"chat_room_id", "name", "is_group", "created_by", "created_at"}},
      {"tb_user_room", {"user_room_id", "user_id", "room_id", "joined_at"}},
      {"tb_messages", {"message_id", "user_id", "room_id", "content", "file_url", "created_at"}},
      {"tb_reaction", {"reaction_id", "user_id", "message_id", "emoji", "created_at"}},
      {"tb_friendships", {"user_id", "friend_id", "status", "created_at"}},
  };
  for (const auto& [table, columns] : contract) {
    const auto found = " " + column_list(connection, table) + " ";
    for (const auto& column : columns) {
      EXPECT_NE(found.find(" " + column + " "), std::string::npos) << table << "." << column << " in" << found;
    }
  }
  auto roles =
      connection.use("SELECT group_concat(role_enum, ' ') FROM (SELECT role_enum FROM tb_roles ORDER BY role_id)");
  ASSERT_TRUE(roles.step());
  EXPECT_EQ(roles.text(0), "admin moderator user");
}

TEST_F(sqlite_database_test, values_stand_in_the_tables_in_the_contracts_form) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  const auto writer = expect_value(database->open_writer());
  command_builder make;
  const auto ann = make.make_id<user_id>();
  const auto room = make.make_id<room_id>();
  const std::vector<write_job> jobs{
      [&](record_writer& records) -> result<void> {
        (void)expect_value(records.create_user({ann, "ann", "h", "Ann", {}, {}, {}, time_at(7)}));
        return {};
      },
      [&](record_writer& records) -> result<void> {
        (void)expect_value(records.create_room({room, "r", true, ann, {}, {make.make_id<uuid>()}, time_at(8)}));
        return {};
      },
      [&](record_writer& records) {
        const presence_record online{ann, true, time_at(9)};
        return records.save_presence({&online, 1});
      },
  };
  for (const auto& job : expect_value(writer->commit({}, jobs)).jobs) expect_value(job);
  auto connection = connect();
  auto row = connection.use(
      "SELECT u.user_id, u.flagDelete, u.created_at, r.role_enum, s.is_online, s.last_seen, c.is_group, "
      "c.chat_room_id"
      " FROM tb_users u JOIN tb_roles r USING (role_id) JOIN tb_user_status s USING (user_id)"
      " JOIN tb_chat_rooms c ON c.created_by = u.user_id");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.text(0), to_string(ann));
  EXPECT_EQ(row.text(1), "active");
  EXPECT_EQ(row.text(2), to_string(time_at(7)));
  EXPECT_EQ(row.text(2).size(), std::string_view("2026-11-22T09:30:00.123Z").size());
  EXPECT_EQ(row.text(3), "user");
  EXPECT_EQ(row.integer(4), 1);
  EXPECT_EQ(row.text(5), to_string(time_at(9)));
  EXPECT_EQ(row.integer(6), 1);
  EXPECT_EQ(row.text(7), to_string(room));
}

TEST_F(sqlite_database_test, indexes_refuse_what_must_be_unique) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  auto connection = connect();
  connection.execute(
      "INSERT INTO tb_users (user_id, username, password, display_name, created_at)"
      " VALUES ('a', 'ann', 'h', 'Ann', ''), ('b', 'bob', 'h', 'Bob', '');"
      "INSERT INTO tb_chat_rooms (chat_room_id, name, is_group, created_by, created_at) VALUES ('r', 'room', 1, 'a', "
      "'');"
      "INSERT INTO tb_user_room VALUES ('m1', 'a', 'r', '');"
      "INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)"
      " VALUES ('x1', 'a', 'r', 'hi', '', 1, 'k');"
      "INSERT INTO tb_reaction VALUES ('e1', 'a', 'x1', '+', '', 2);"
      "INSERT INTO tb_private_pair VALUES ('a', 'b', 'r');"
      "INSERT INTO tb_friendships VALUES ('a', 'b', 'pending', '');"
      "INSERT INTO tb_friendships VALUES ('b', 'a', 'blocked', '');"
      "DELETE FROM tb_friendships WHERE user_id = 'b';");
  for (const auto* sql : {
           "INSERT INTO tb_users (user_id, username, password, display_name, created_at)"
           " VALUES ('c', 'ann', 'h', 'Ann', '')",
           "INSERT INTO tb_user_room VALUES ('m2', 'a', 'r', '')",
           "INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq)"
           " VALUES ('x2', 'a', 'r', 'hi', '', 1)",
           "INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)"
           " VALUES ('x2', 'a', 'r', 'hi', '', 2, 'k')",
           "INSERT INTO tb_reaction VALUES ('e2', 'a', 'x1', '+', '', 3)",
           "INSERT INTO tb_private_pair VALUES ('a', 'b', 'other')",
           "INSERT INTO tb_private_pair VALUES ('b', 'a', 'r')",
           "INSERT INTO tb_friendships VALUES ('b', 'a', 'pending', '')",
           "INSERT INTO tb_friendships VALUES ('b', 'a', 'accepted', '')",
           "INSERT INTO tb_user_room VALUES ('m3', 'unknown', 'r', '')",
           "UPDATE tb_users SET flagDelete = 'gone'",
           "INSERT INTO tb_friendships VALUES ('b', 'b', 'accepted', '')",
       }) {
    try {
      connection.execute(sql);
      ADD_FAILURE() << "accepted: " << sql;
    } catch (const sqlite_error& fault) {
      EXPECT_EQ(fault.extended_code() & 0xFF, SQLITE_CONSTRAINT) << sql << ": " << fault.what();
    }
  }
}

/// To replace a row is to delete it without asking the trigger of deletions.
TEST_F(sqlite_database_test, a_row_of_the_audit_trail_cannot_be_replaced) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  auto connection = connect();
  const auto record = [&](const std::string& how, const std::string& id, const std::string& detail) {
    const auto sql = how + " INTO tb_audit (audit_id, created_at, action, detail) VALUES ('" + id +
                     "', '', 'role_changed', '" + detail + "')";
    connection.execute(sql.c_str());
  };
  record("INSERT", "a", "as it was");
  record("INSERT OR REPLACE", "b", "another");  // replaces nothing
  for (const auto* how : {"INSERT OR REPLACE", "REPLACE"}) {
    EXPECT_THROW(record(how, "a", "forged"), sqlite_error) << how;
  }
  auto row = connection.use("SELECT group_concat(detail, ', ') FROM (SELECT detail FROM tb_audit ORDER BY audit_id)");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.text(0), "as it was, another");
}

// --- Migrations ---

TEST_F(sqlite_database_test, migrating_again_changes_nothing) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  expect_value(database->migrate());
  auto connection = connect();
  auto row = connection.use("SELECT count(*), max(version) FROM tb_schema_version");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), static_cast<std::int64_t>(sqlite_migration_files().size()));
  EXPECT_EQ(row.integer(1), row.integer(0));
}

TEST_F(sqlite_database_test, a_file_of_a_newer_version_is_refused) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  {
    auto connection = connect();
    connection.execute("INSERT INTO tb_schema_version VALUES (1000, '1000_future', '')");
  }
  const auto refused = database->migrate();
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, error_code::conflict);
  EXPECT_NE(refused.error().message.find("1000"), std::string::npos) << refused.error().message;
}

TEST_F(sqlite_database_test, a_failing_migration_leaves_the_version_before_it) {
  const auto database = expect_value(open());
  auto connection = connect();
  const std::vector<embedded_file> files{
      {"/m/0001_first.sql", "", "CREATE TABLE one (x INTEGER); CREATE TABLE two (x INTEGER);", ""},
      {"/m/0002_second.sql", "", "CREATE TABLE three (x INTEGER); CREATE TABLE one (x INTEGER);", ""},
  };
  EXPECT_THROW((void)migrate_sqlite(connection, files), sqlite_error);
  auto row = connection.use(
      "SELECT (SELECT max(version) FROM tb_schema_version),"
      " (SELECT count(*) FROM sqlite_schema WHERE name IN ('one', 'two', 'three'))");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), 1);
  EXPECT_EQ(row.integer(1), 2);
}

TEST_F(sqlite_database_test, a_later_build_goes_on_where_the_file_stands) {
  const auto database = expect_value(open());
  auto connection = connect();
  std::vector<embedded_file> files{{"/m/0001_first.sql", "", "CREATE TABLE one (x INTEGER);", ""}};
  expect_value(migrate_sqlite(connection, files));
  files.push_back({"/m/0002_second.sql", "", "ALTER TABLE one ADD COLUMN y INTEGER;", ""});
  expect_value(migrate_sqlite(connection, files));
  EXPECT_EQ(column_list(connection, "one"), "x y");
  files[1].path = "/m/0003_gap.sql";
  EXPECT_EQ(migrate_sqlite(connection, files).error().code, error_code::internal);
}

TEST_F(sqlite_database_test, a_migration_may_build_a_table_anew_that_others_refer_to) {
  const auto database = expect_value(open());
  auto connection = connect();
  std::vector<embedded_file> files{
      {"/m/0001_first.sql", "",
       "CREATE TABLE room (id INTEGER PRIMARY KEY); CREATE TABLE member (room INTEGER REFERENCES room (id));"
       "INSERT INTO room VALUES (1); INSERT INTO member VALUES (1);",
       ""},
      {"/m/0002_second.sql", "",
       "CREATE TABLE new_room (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO new_room (id) SELECT id FROM room;"
       "DROP TABLE room; ALTER TABLE new_room RENAME TO room;",
       ""},
  };
  expect_value(migrate_sqlite(connection, files));
  EXPECT_EQ(column_list(connection, "room"), "id name");
  files.push_back({"/m/0003_third.sql", "", "DELETE FROM room;", ""});
  EXPECT_THROW((void)migrate_sqlite(connection, files), sqlite_error) << "a member of no room";
  auto row = connection.use("SELECT (SELECT count(*) FROM room), (SELECT max(version) FROM tb_schema_version)");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), 1);
  EXPECT_EQ(row.integer(1), 2);
  EXPECT_THROW(connection.execute("INSERT INTO member VALUES (7)"), sqlite_error) << "references are checked again";
}

TEST_F(sqlite_database_test, a_file_of_another_program_is_refused_as_it_is) {
  const auto content = [&] {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, "CREATE TABLE photos (name TEXT)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
  const auto before = content();
  const auto database = expect_value(open());
  const auto refused = database->migrate();
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, error_code::conflict);
  EXPECT_NE(refused.error().message.find(path_), std::string::npos) << refused.error().message;
  EXPECT_EQ(content(), before);
}

TEST_F(sqlite_database_test, a_first_start_that_was_cut_short_goes_on) {
  const auto database = expect_value(open());
  connect();  // Leaves a file in WAL mode without tables.
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  ASSERT_GT(info.st_size, 0);
  expect_value(database->migrate());
}

TEST(sqlite_faults, all_but_contradictions_are_logged) {
  const auto logged = [](int code) {
    captured_log lines;
    const auto outcome = guarded("reading", [&]() -> result<void> { throw sqlite_error(code, "no such table: t"); });
    EXPECT_TRUE(outcome.has_error());
    return lines.take();
  };
  EXPECT_NE(logged(SQLITE_ERROR).find("store_fault: reading failed: no such table: t"), std::string::npos);
  EXPECT_NE(logged(SQLITE_IOERR_READ).find("store_fault"), std::string::npos);
  EXPECT_EQ(logged(SQLITE_CONSTRAINT_UNIQUE), "");
}

// --- File and lock ---

TEST_F(sqlite_database_test, only_the_owner_may_read_the_files) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  const auto writer = expect_value(database->open_writer());
  expect_value(writer->probe());
  for (const auto* suffix : {"", "-wal", "-shm", ".lock"}) EXPECT_EQ(mode_of(path_ + suffix), 0600U) << suffix;
}

TEST_F(sqlite_database_test, a_second_owner_is_refused_until_the_first_is_gone) {
  auto first = open();
  ASSERT_FALSE(first.has_error());
  const auto second = open();
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, error_code::conflict);
  EXPECT_NE(second.error().message.find(path_), std::string::npos) << second.error().message;
  first->reset();
  EXPECT_FALSE(open().has_error());
}

TEST_F(sqlite_database_test, the_lock_is_the_files_however_its_path_is_written) {
  const auto first = expect_value(open());
  const auto link = folder_.file("link.db");
  ASSERT_EQ(::symlink(path_.c_str(), link.c_str()), 0);
  for (const auto& spelling : {link, folder_.file("./store.db")}) {
    const auto second = open_sqlite_database({spelling, "", true}, limits_);
    ASSERT_TRUE(second.has_error()) << spelling;
    EXPECT_EQ(second.error().code, error_code::conflict) << spelling;
  }
}

TEST_F(sqlite_database_test, a_link_to_a_missing_file_makes_the_file) {
  const auto link = folder_.file("link.db");
  ASSERT_EQ(::symlink(path_.c_str(), link.c_str()), 0);
  const auto database = expect_value(open_sqlite_database({link, "", true}, limits_));
  expect_value(database->migrate());
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(mode_of(path_ + ".lock"), 0600U);
}

TEST_F(sqlite_database_test, a_file_that_cannot_be_made_is_named) {
  path_ = folder_.file("missing/store.db");
  const auto refused = open();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message.find(path_), std::string::npos) << refused.error().message;
}

TEST_F(sqlite_database_test, a_file_that_is_no_database_is_an_error_not_a_crash) {
  {
    std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path_.c_str(), "w"), std::fclose);
    for (int i = 0; i < 1'000; ++i) std::fputs("this is a text file\n", file.get());
  }
  const auto database = expect_value(open());
  const auto refused = database->migrate();
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, error_code::unavailable);
  EXPECT_NE(refused.error().message.find(path_), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("file is not a database"), std::string::npos) << refused.error().message;
  EXPECT_EQ(database->open_writer().error().code, error_code::unavailable);
}

TEST_F(sqlite_database_test, there_is_one_writer) { EXPECT_EQ(expect_value(open())->max_writers(), 1U); }

TEST_F(sqlite_database_test, a_reader_cannot_write_and_does_not_checkpoint) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  sqlite_connection reader({path_, "", true}, sqlite_access::read);
  EXPECT_THROW(reader.execute("DELETE FROM tb_users"), sqlite_error);
  auto row = reader.use("PRAGMA wal_autocheckpoint");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), 0);
}

TEST_F(sqlite_database_test, tidying_empties_the_log) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  const auto writer = expect_value(database->open_writer());
  expect_value(writer->probe());
  struct stat info {};
  ASSERT_EQ(::stat((path_ + "-wal").c_str(), &info), 0);
  EXPECT_GT(info.st_size, 0);
  writer->tidy();
  ASSERT_EQ(::stat((path_ + "-wal").c_str(), &info), 0);
  EXPECT_EQ(info.st_size, 0);
}

TEST_F(sqlite_database_test, the_log_stays_bounded_while_some_reader_always_reads) {
  const auto database = expect_value(open());
  expect_value(database->migrate());
  sqlite_options options{path_, "", false};
  options.wal_bytes = 1024 * 1024;
  sqlite_connection writing(options, sqlite_access::write);
  writing.execute("CREATE TABLE filler (bytes BLOB)");
  std::atomic<bool> done{false};
  std::thread readers([&] {
    sqlite_connection one(options, sqlite_access::read);
    sqlite_connection other(options, sqlite_access::read);
    const auto begin = [](sqlite_connection& reader) { reader.execute("BEGIN; SELECT count FROM tb_probe"); };
    begin(one);
    while (!done) {
      begin(other);
      one.execute("COMMIT");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      begin(one);
      other.execute("COMMIT");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  for (int i = 0; i < 300; ++i) writing.execute("INSERT INTO filler VALUES (zeroblob(100000))");
  done = true;
  readers.join();
  struct stat info {};
  ASSERT_EQ(::stat((path_ + "-wal").c_str(), &info), 0);
  EXPECT_LT(info.st_size, 8 * 1024 * 1024);
}

// --- URLs ---

TEST(open_database_test, a_sqlite_url_names_path_and_options) {
  auto options = expect_value(parse_sqlite_url("sqlite:parley.db"));
  EXPECT_EQ(options.path, "parley.db");
  EXPECT_EQ(options.vfs, "");
  EXPECT_TRUE(options.durable);
  options = expect_value(parse_sqlite_url("sqlite:/var/lib/parley/parley.db?vfs=lossy&synchronous=off"));
  EXPECT_EQ(options.path, "/var/lib/parley/parley.db");
  EXPECT_EQ(options.vfs, "lossy");
  EXPECT_FALSE(options.durable);
}

TEST(open_database_test, what_cannot_be_opened_is_explained) {
  const auto message_for = [](const std::string& url) {
    config settings;
    settings.store.url = url;
    metrics counts;
    const auto refused = open_database(settings, counts);
    EXPECT_TRUE(refused.has_error()) << url;
    return refused.has_error() ? refused.error().message : std::string();
  };
  for (const auto* url : {"", "sqlite:", "sqlite::memory:", "sqlite:a.db?cache=shared", "sqlite:a.db?synchronous=maybe",
                          "mysql://x", "parley.db", "postgres:parley"}) {
    EXPECT_NE(message_for(url).find("store.url"), std::string::npos) << url;
  }
  const auto postgres = message_for("postgresql://parley:secret@db/parley?nonsense=1");
  EXPECT_NE(postgres.find("libpq"), std::string::npos);
  EXPECT_EQ(postgres.find("secret"), std::string::npos) << "no password in a message";
}

TEST(open_database_test, a_url_is_judged_without_touching_a_file) {
  const temporary_folder folder;
  config settings;
  settings.store.url = "sqlite:" + folder.file("p.db");
  EXPECT_FALSE(check_store_url(settings).has_error());
  EXPECT_NE(::access(folder.file("p.db").c_str(), F_OK), 0);
  for (const auto* url :
       {"postgresql://u:s3cret@db/parley?x=1", "sqlite:", "sqlite:a.db?cache=s3cret", "sqlite:a.db?vfs=nowhere"}) {
    settings.store.url = url;
    const auto refused = check_store_url(settings);
    ASSERT_TRUE(refused.has_error()) << url;
    EXPECT_EQ(refused.error().message.find("s3cret"), std::string::npos) << refused.error().message;
  }
}

TEST(open_database_test, the_url_of_the_configuration_opens_a_store) {
  const temporary_folder folder;
  config settings;
  settings.store.url = "sqlite:" + folder.file("p.db");
  metrics counts;
  const auto database = expect_value(open_database(settings, counts));
  expect_value(database->migrate());
  EXPECT_FALSE(database->open_reader().has_error());
}

}  // namespace
}  // namespace parley::test
