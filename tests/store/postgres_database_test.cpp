// The database as a whole: its schema and migrations, its encoding, and encrypted connections.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "postgres_locks.hpp"
#include "store/postgres_connection.hpp"
#include "store/postgres_schema.hpp"
#include "support/shortest_of_three.hpp"

namespace parley::test {
namespace {

class postgres_database_test : public postgres_fixture {
 protected:
  void SetUp() override {}

  /// As on a full disk, where what has its place already can still be written.
  void leave_messages_no_space() const {
    support::run_sql(url_,
                     "CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                     " RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;"
                     " CREATE TRIGGER be_full BEFORE INSERT ON tb_messages EXECUTE FUNCTION be_full()");
  }
};

TEST_F(postgres_database_test, several_nodes_may_migrate_at_once) {
  constexpr int nodes = 6;
  std::vector<std::unique_ptr<database>> opened;
  opened.reserve(nodes);
  for (int i = 0; i < nodes; ++i) opened.push_back(open_node(url_));
  const auto pending = expect_value(opened[0]->pending_migrations());
  EXPECT_GE(pending.size(), 2U);
  std::vector<std::string> faults(nodes);
  std::vector<std::thread> threads;
  threads.reserve(nodes);
  for (int i = 0; i < nodes; ++i) {
    threads.emplace_back([&, i] {
      const auto done = opened[static_cast<std::size_t>(i)]->migrate();
      if (done.has_error()) faults[static_cast<std::size_t>(i)] = done.error().message;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(faults, std::vector<std::string>(nodes));
  EXPECT_EQ(count("SELECT count(*) FROM tb_schema_version"), static_cast<std::int64_t>(pending.size()));
  EXPECT_TRUE(expect_value(opened[0]->pending_migrations()).empty());
}

TEST_F(postgres_database_test, a_schema_of_a_newer_version_is_refused) {
  const auto node = open_node(url_);
  expect_value(node->migrate());
  support::run_sql(url_, "INSERT INTO tb_schema_version VALUES (999, 'later', now())");
  const auto refused = node->migrate();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message.find("999"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(node->pending_migrations().has_error());
}

/// A migration may take long, and its node may hang.
TEST_F(postgres_database_test, who_waits_for_anothers_migration_says_so_and_may_be_stopped) {
  constexpr const char* lock_key = "0x7061726C6579";
  postgres_connection other(expect_value(parse_postgres_url(url_)));
  const auto key = std::to_string(std::stoll(lock_key, nullptr, 16));
  other.run_script("SELECT pg_advisory_lock(" + key + ")");
  captured_log log;
  int asked = 0;
  const auto stopped = open_node(url_)->migrate([&] { return ++asked == 3; });
  ASSERT_TRUE(stopped.has_error());
  EXPECT_EQ(asked, 3);
  bool is_held = true;
  expect_value(open_node(url_)->migrate([&] {
    if (std::exchange(is_held, false)) other.run_script("SELECT pg_advisory_unlock(" + key + ")");
    return false;
  }));
  EXPECT_FALSE(is_held) << "it did not wait";
  EXPECT_NE(log.take().find("migration_waits"), std::string::npos);
}

/// Behind a migration that waits for a table everybody waits who comes after it, and a dump of the database is long.
TEST_F(postgres_database_test, a_migration_lets_others_pass_while_somebody_reads_its_tables) {
  postgres_connection migrating(patient_options(url_));
  expect_value(migrate_postgres(migrating, {}, postgres_migration_files().first(10)));
  const auto user = numbered_uuid(1);
  support::run_sql(url_, "INSERT INTO tb_users (user_id, username, password, display_name, created_at) VALUES ('" +
                             to_string(user) + "', 'ann', 'x', 'Ann', now())");
  postgres_connection dump(patient_options(url_));
  dump.run_script("SET idle_in_transaction_session_timeout = '60s'");
  dump.query("BEGIN");
  dump.query("SELECT count(*) FROM tb_messages");
  captured_log log;
  std::atomic<bool> is_over = false;
  auto migration = beside([&] {
    const auto done = migrate_postgres(migrating, [&] { return is_over.load(); });
    EXPECT_FALSE(done.has_error()) << done.error().message;
  });
  const auto end_it = std::shared_ptr<void>(nullptr, [&](void*) { is_over = true; });
  wait_for_waiters(url_, 1);
  postgres_connection old_node(patient_options(url_));
  EXPECT_EQ(old_node.query("SELECT count(*) FROM tb_messages")[0].integer(0), 0) << "it stands behind the migration";
  EXPECT_EQ(count("SELECT max(version) FROM tb_schema_version"), 10);
  dump.query("COMMIT");
  migration.join();
  EXPECT_EQ(count("SELECT max(version) FROM tb_schema_version"),
            static_cast<std::int64_t>(postgres_migration_files().size()));
  EXPECT_EQ(count("SELECT count(*) FROM tb_users"), 1);
  EXPECT_NE(log.take().find("migration_waits"), std::string::npos);
}

TEST_F(postgres_database_test, a_migration_that_gives_way_may_be_stopped) {
  postgres_connection migrating(patient_options(url_));
  expect_value(migrate_postgres(migrating, {}, postgres_migration_files().first(10)));
  postgres_connection dump(patient_options(url_));
  dump.run_script("SET idle_in_transaction_session_timeout = '60s'");
  dump.query("BEGIN");
  dump.query("SELECT count(*) FROM tb_messages");
  EXPECT_TRUE(migrate_postgres(migrating, [] { return true; }).has_error());
  EXPECT_EQ(count("SELECT max(version) FROM tb_schema_version"), 10);
}

TEST_F(postgres_database_test, a_migration_that_fails_leaves_nothing) {
  postgres_connection migrating(patient_options(url_));
  std::vector<embedded_file> files(postgres_migration_files().begin(), postgres_migration_files().end());
  files.resize(3);
  files.push_back({"/postgres/0004_broken.sql", "", "CREATE TABLE tb_half (id int); SELECT nonsense;", ""});
  EXPECT_THROW((void)migrate_postgres(migrating, {}, files), postgres_error);
  EXPECT_EQ(count("SELECT max(version) FROM tb_schema_version"), 3);
  EXPECT_EQ(count("SELECT count(*) FROM pg_tables WHERE tablename = 'tb_half'"), 0);
  expect_value(migrate_postgres(migrating));
}

/// What an acknowledgement and the bounds of every wait rest on, whatever the database or the role says.
TEST_F(postgres_database_test, a_session_has_the_settings_that_it_needs) {
  const auto database = support::run_sql(url_, "SELECT current_database()").at(0);
  for (const auto* setting : {"synchronous_commit = off", "statement_timeout = 0", "lock_timeout = 0",
                              "idle_in_transaction_session_timeout = 0", "idle_session_timeout = '1h'",
                              "default_transaction_isolation = 'serializable'", "enable_seqscan = on"}) {
    support::run_sql(url_, "ALTER DATABASE " + database + " SET " + setting);
  }
  auto options = patient_options(url_);
  options.statement = std::chrono::seconds(7);
  options.lock = std::chrono::seconds(3);
  postgres_connection connection(options);
  for (const auto& [name, value] :
       {std::pair{"synchronous_commit", "on"}, std::pair{"statement_timeout", "7s"}, std::pair{"lock_timeout", "3s"},
        std::pair{"idle_session_timeout", "0"}, std::pair{"idle_in_transaction_session_timeout", "5s"},
        std::pair{"default_transaction_isolation", "read committed"}, std::pair{"enable_seqscan", "off"},
        std::pair{"tcp_keepalives_idle", "5"}}) {
    EXPECT_EQ(connection.query("SELECT current_setting($1)", name)[0].text(0), value) << name;
  }
}

/// Who cannot see his own session cannot tell whether it is gone, and so not whether its commit will still come.
TEST_F(postgres_database_test, a_role_that_does_not_see_its_own_session_is_refused) {
  support::run_sql(url_, "DROP ROLE IF EXISTS hides, owner_of_all");  // roles are the server's, not the database's
  support::run_sql(url_, "CREATE ROLE owner_of_all NOLOGIN");
  support::run_sql(url_, "CREATE ROLE hides LOGIN NOSUPERUSER IN ROLE owner_of_all");
  support::run_sql(url_, "ALTER ROLE hides SET role = owner_of_all");
  auto url = url_;
  url.replace(url.find("parley@"), std::string_view("parley").size(), "hides");
  try {
    postgres_connection connection(patient_options(url));
    ADD_FAILURE() << "it was let in";
  } catch (const postgres_error& fault) {
    EXPECT_NE(std::string(fault.what()).find("pg_stat_activity"), std::string::npos) << fault.what();
  }
}

/// Only those that are made again count, not the tries while there is no server.
TEST_F(postgres_database_test, connections_made_anew_are_counted) {
  support::fault_proxy proxy(shared_postgres().port());
  const auto node = open_node(proxy.url_through(url_, shared_postgres().port()));
  expect_value(node->migrate());
  writer = expect_value(node->open_writer());
  reader = expect_value(node->open_reader());
  (void)expect_value(reader->is_member({}, {}));
  expect_value(writer->look());
  EXPECT_EQ(counts_.store_reconnects_total.value(), 0U);
  proxy.refuse();
  proxy.drop();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(reader->is_member({}, {}).has_error());
    EXPECT_TRUE(writer->look().has_error());
    EXPECT_TRUE(writer->probe().has_error());
  }
  EXPECT_EQ(counts_.store_reconnects_total.value(), 0U);
  proxy.heal();
  // A reader pauses first.
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
       reader->is_member({}, {}).has_error() && std::chrono::steady_clock::now() < end;)
    std::this_thread::yield();
  expect_value(writer->look());
  EXPECT_EQ(counts_.store_reconnects_total.value(), 2U);
}

TEST_F(postgres_database_test, a_look_finds_a_connection_that_was_lost_and_a_server_that_takes_nothing) {
  const auto node = open_node(url_);
  expect_value(node->migrate());
  writer = expect_value(node->open_writer());
  support::run_sql(url_,
                   "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
                   " AND pid <> pg_backend_pid()");
  EXPECT_FALSE(writer->look().has_error()) << "the server is there";
  support::run_sql(url_,
                   "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',"
                   " current_database()); END $$");
  support::run_sql(url_,
                   "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
                   " AND pid <> pg_backend_pid()");
  EXPECT_TRUE(writer->look().has_error());
}

TEST_F(postgres_database_test, a_look_of_a_reader_tells_whether_the_store_can_be_read) {
  support::fault_proxy proxy(shared_postgres().port());
  const auto node = open_node(proxy.url_through(url_, shared_postgres().port()));
  expect_value(node->migrate());
  reader = expect_value(node->open_reader());
  expect_value(reader->look());
  proxy.drop();
  EXPECT_FALSE(reader->look().has_error()) << "the server is there";
  proxy.refuse();
  proxy.drop();
  EXPECT_TRUE(reader->look().has_error());
}

/// As on a full disk: what has its place is written, and no more. A probe that takes that for a store that works would
/// let everybody's messages fail again.
TEST_F(postgres_database_test, a_probe_fails_while_no_table_can_grow) {
  const auto node = open_node(url_);
  expect_value(node->migrate());
  writer = expect_value(node->open_writer());
  const auto ann = add_user("ann");
  const auto room = add_group("room", ann);
  leave_messages_no_space();
  support::run_sql(url_,
                   "CREATE FUNCTION be_full_too() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
                   " RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;"
                   " CREATE EVENT TRIGGER be_full_too ON ddl_command_start EXECUTE FUNCTION be_full_too()");
  EXPECT_FALSE(writer->probe().has_error()) << "no commit has told yet";
  const std::vector message{make.send(room, ann, "hello")};
  EXPECT_TRUE(writer->commit(message, {}).has_error());
  const auto probes = count("SELECT count FROM tb_probe");
  EXPECT_TRUE(writer->probe().has_error());
  EXPECT_TRUE(writer->probe().has_error());
  EXPECT_EQ(count("SELECT count FROM tb_probe"), probes + 2) << "the row of the probe itself has its place";
  support::run_sql(url_, "ALTER EVENT TRIGGER be_full_too DISABLE; DROP TRIGGER be_full ON tb_messages");
  expect_value(writer->probe());
  EXPECT_FALSE(expect_value(writer->commit(message, {})).appends[0].has_error());
  EXPECT_EQ(count("SELECT count(*) FROM pg_class WHERE relname = 'tb_space'"), 0);
}

TEST_F(postgres_database_test, a_probe_by_a_role_without_temporary_tables_proves_a_commit) {
  const auto owner = open_node(url_);
  expect_value(owner->migrate());
  writer = expect_value(owner->open_writer());
  const auto ann = add_user("ann");
  const auto room = add_group("room", ann);
  support::run_sql(url_,
                   "DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN;"
                   " GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO poor;"
                   " DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM public', current_database());"
                   " END $$");
  leave_messages_no_space();
  auto url = url_;
  url.replace(url.find("parley@"), std::string("parley@").size(), "poor@");
  const auto node = open_node(url);
  writer = expect_value(node->open_writer());
  const std::vector message{make.send(room, ann, "hello")};
  EXPECT_TRUE(writer->commit(message, {}).has_error());
  EXPECT_FALSE(writer->probe().has_error());
  writer.reset();
  support::run_sql(url_, "DROP OWNED BY poor; DROP ROLE poor");
}

/// An operator's own, which refuse some rows with states of all kinds.
TEST_F(postgres_database_test, what_a_trigger_or_an_index_refuses_fails_alone) {
  const auto node = open_node(url_);
  expect_value(node->migrate());
  writer = expect_value(node->open_writer());
  reader = expect_value(node->open_reader());
  const auto ann = add_user("ann");
  const auto room = add_group("room", ann);
  support::run_sql(url_,
                   "CREATE INDEX ON tb_messages (content);"
                   " CREATE FUNCTION be_polite() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                   " IF NEW.content = 'rude' THEN RAISE EXCEPTION 'be polite'; END IF;"
                   " IF NEW.content = 'broken' THEN PERFORM 1 FROM tb_nowhere; END IF; RETURN NEW; END $$;"
                   " CREATE TRIGGER be_polite BEFORE INSERT ON tb_messages FOR EACH ROW EXECUTE FUNCTION be_polite()");
  std::string wide;  // more than a page of an index takes, and not to be compressed
  while (wide.size() < 8'000) wide += to_string(system_ids().next());
  const auto outcomes =
      commit({make.send(room, ann, "one"), make.send(room, ann, "rude"), make.send(room, ann, wide),
              make.send(room, ann, "broken"), make.rename(room, ann, "renamed"), make.send(room, ann, "two")});
  for (const std::size_t refused : {1U, 2U, 3U}) {
    ASSERT_TRUE(outcomes[refused].has_error()) << refused;
    EXPECT_EQ(outcomes[refused].error().code, error_code::internal) << refused;
  }
  EXPECT_EQ(outcomes[0]->events[0].seq, 2);
  EXPECT_EQ(outcomes[4]->events[0].seq, 3);
  EXPECT_EQ(outcomes[5]->events[0].seq, 4);
}

TEST_F(postgres_database_test, who_could_not_connect_waits_longer_each_time_but_not_long) {
  support::fault_proxy proxy(shared_postgres().port());
  const auto node = open_node(proxy.url_through(url_, shared_postgres().port()));
  expect_value(node->migrate());
  reader = expect_value(node->open_reader());
  const auto wait_until_it_answers = [&] {
    while (reader->is_member({}, {}).has_error()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  const auto refuse = [&] {
    proxy.refuse();
    proxy.drop();
  };
  const auto took_at_first = support::shortest_of_three([&] {
    refuse();
    EXPECT_TRUE(reader->is_member({}, {}).has_error());
    proxy.heal();
    wait_until_it_answers();
  });
  EXPECT_LT(took_at_first, std::chrono::milliseconds(250)) << "half of the longest pause";
  refuse();
  // Twice as long each time without an end would be twelve seconds behind nine tries, or half of that.
  constexpr int most_tries = 9;
  int tries = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (tries < most_tries && std::chrono::steady_clock::now() < end) {
    const int before = proxy.connections();
    EXPECT_TRUE(reader->is_member({}, {}).has_error());
    if (proxy.connections() > before) ++tries;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(tries, most_tries);
  proxy.heal();
  const auto begun = std::chrono::steady_clock::now();
  wait_until_it_answers();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(postgres_database_test, a_store_that_may_lose_what_is_acknowledged_is_warned_of) {
  config settings;
  settings.store.url = url_;
  captured_log log;
  (void)expect_value(open_database(settings, counts_));
  settings.store.url = url_ + "?synchronous_commit=off";
  (void)expect_value(open_database(settings, counts_));
  const auto lines = log.take();
  const auto warned = lines.find("synchronous_commit=off");
  EXPECT_NE(warned, std::string::npos);
  EXPECT_EQ(lines.find("synchronous_commit=off", warned + 1), std::string::npos);
}

TEST_F(postgres_database_test, a_role_that_may_only_use_the_tables_can_start) {
  expect_value(open_node(url_)->migrate());
  support::run_sql(url_,
                   "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM public;"
                   " GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest");
  auto url = url_;
  url.replace(url.find("parley@"), std::string("parley@").size(), "guest@");
  const auto started = open_node(url)->migrate();
  EXPECT_TRUE(started.has_value()) << started.error().message;
  support::run_sql(url_, "DROP OWNED BY guest; DROP ROLE guest");
}

using postgres_tables_test = postgres_fixture;

// tb_messages has no foreign keys to them.
TEST_F(postgres_tables_test, neither_room_nor_sender_goes_from_behind_a_message) {
  const auto ann = add_user("ann");
  const auto group = add_group("group", ann, {});
  append(make.send(group, ann, "kept"));
  support::run_sql(url_, "DELETE FROM tb_user_room; DELETE FROM tb_room_event");
  EXPECT_THROW(support::run_sql(url_, "DELETE FROM tb_chat_rooms"), std::runtime_error);
  EXPECT_THROW(support::run_sql(url_, "DELETE FROM tb_users"), std::runtime_error);
  EXPECT_EQ(count("SELECT count(*) FROM tb_messages m JOIN tb_users u USING (user_id)"
                  " JOIN tb_chat_rooms r ON r.chat_room_id = m.room_id"),
            1);
}

TEST_F(postgres_database_test, a_database_in_another_encoding_is_refused) {
  support::run_sql(url_, "DROP DATABASE IF EXISTS latin");
  support::run_sql(url_, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  const auto refused = open_node(shared_postgres().url_of("latin"))->migrate();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message.find("LATIN1"), std::string::npos) << refused.error().message;
}

/// By libpq's own words in the URL: there is no code of ours between.
TEST_F(postgres_database_test, connections_are_encrypted_as_the_urls_sslmode_says) {
  const temporary_folder folder;
  const auto key = folder.file("server.key");
  const auto certificate = folder.file("server.crt");
  const auto make_certificate =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext"
      " subjectAltName=IP:127.0.0.1 -keyout " +
      key + " -out " + certificate + " 2>/dev/null && chmod 755 " + folder.file("") + " && chmod 640 " + key +
      " && { [ $(id -u) -ne 0 ] || chgrp postgres " + key + "; }";
  ASSERT_EQ(std::system(make_certificate.c_str()), 0);
  support::postgres_server server({"-c", "ssl=on", "-c", "ssl_key_file=" + key, "-c", "ssl_cert_file=" + certificate});
  const auto url = server.new_database();
  const auto is_encrypted = [&](const std::string& mode) {
    postgres_connection connection(expect_value(parse_postgres_url(url + mode)));
    return connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0].integer(0) != 0;
  };
  EXPECT_TRUE(is_encrypted("?sslmode=require"));
  EXPECT_FALSE(is_encrypted("?sslmode=disable"));
  EXPECT_TRUE(is_encrypted("?sslmode=verify-full&sslrootcert=" + certificate));
  EXPECT_THROW((void)is_encrypted("?sslmode=verify-full&sslrootcert=/dev/null"), postgres_error);
}

}  // namespace
}  // namespace parley::test
