// Power cuts, failed syncs and full disks under the SQLite store: what was acknowledged stays, and it goes on
// afterwards.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <deque>
#include <map>

#include "command_builder.hpp"
#include "database_fixture.hpp"
#include "store/sqlite_database.hpp"
#include "support/lossy_vfs.hpp"

namespace parley::test {
namespace {

/// A store of two people and one room on a file system that fails when told to.
class sqlite_fault_test : public testing::Test {
 protected:
  void SetUp() override {
    open();
    expect_value(database_->migrate());
    open_connections();
    ann_ = add_user("ann");
    bob_ = add_user("bob");
    room_ = add_room();
  }

  void open(bool durable = true) {
    database_ = expect_value(open_sqlite_database({path_, vfs_.name(), durable}, limits_));
  }
  void open_connections() {
    writer_ = expect_value(database_->open_writer());
    reader_ = expect_value(database_->open_reader());
  }
  void close() {
    reader_.reset();
    writer_.reset();
    database_.reset();
  }
  /// The power is gone; the machine comes back with what the disk had.
  void come_back(std::uint64_t seed = 0) {
    close();
    vfs_.restore_power(seed);
    open();
    expect_value(database_->migrate());
    open_connections();
  }

  user_id add_user(const std::string& name) {
    const auto id = make_.make_id<user_id>();
    run([&](record_writer& records) -> result<void> {
      (void)expect_value(records.create_user({id, name, "h", name, {}, {}, {}, make_.next_time()}));
      return {};
    });
    return id;
  }
  room_id add_room() {
    new_room room{make_.make_id<room_id>(), "room", true, ann_, {bob_}, {}, make_.next_time()};
    room.membership_ids = {make_.make_id<uuid>(), make_.make_id<uuid>()};
    run([&](record_writer& records) -> result<void> {
      (void)expect_value(records.create_room(room));
      return {};
    });
    return room.id;
  }
  void run(const write_job& job) { expect_value(expect_value(writer_->commit({}, {&job, 1})).jobs.at(0)); }

  std::vector<append_command> batch(std::size_t size = batch_size) {
    std::vector<append_command> commands;
    for (std::size_t i = 0; i < size; ++i) {
      commands.push_back(
          make_.send(room_, i % 2 == 0 ? ann_ : bob_, std::string(300, 'x'), "key " + std::to_string(++last_key_)));
    }
    return commands;
  }
  /// True when the batch was acknowledged; its messages are then remembered.
  bool send_batch(std::size_t size = batch_size) {
    const auto commands = batch(size);
    const auto done = writer_->commit(commands, {});
    if (done.has_error()) {
      EXPECT_EQ(done.error().code, error_code::unavailable);
      return false;
    }
    for (const auto& outcome : done->appends) {
      const auto event = expect_value(outcome).events.at(0);  // A copy: the rest goes at once.
      acknowledged_[event.seq] = *std::get<message_posted>(event.body).client_msg_id;
    }
    return true;
  }

  std::vector<durable_event> log() { return expect_value(reader_->events_after(room_, 0, 1'000'000)); }

  /// Acknowledged and no longer there, or there under another seq.
  std::size_t count_lost() {
    std::map<sequence, std::string> found;
    for (const auto& event : log()) {
      if (const auto* message = std::get_if<message_posted>(&event.body)) found[event.seq] = *message->client_msg_id;
    }
    std::size_t lost = 0;
    for (const auto& [seq, key] : acknowledged_) {
      const auto stored = found.find(seq);
      if (stored == found.end() || stored->second != key) ++lost;
    }
    return lost;
  }

  /// No hole, whole batches only, and SQLite's own check.
  void expect_sound() {
    sequence expected = 0;
    for (const auto& event : log()) ASSERT_EQ(event.seq, ++expected);
    EXPECT_EQ(expect_value(reader_->last_seq(room_)), expected);
    EXPECT_EQ((expected - 2) % static_cast<sequence>(batch_size), 0) << "half a batch is stored";
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open_v2(path_.c_str(), &handle, SQLITE_OPEN_READONLY, vfs_.name().c_str()), SQLITE_OK);
    const auto is_ok = [](void*, int, char** values, char**) { return std::string("ok") == values[0] ? 0 : 1; };
    EXPECT_EQ(sqlite3_exec(handle, "PRAGMA integrity_check", is_ok, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }

  static constexpr std::size_t batch_size = 8;

  temporary_folder folder_;
  std::string path_ = folder_.file("store.db");
  lossy_vfs vfs_{"lossy"};
  limits_config limits_;
  command_builder make_;
  std::unique_ptr<database> database_;
  std::unique_ptr<database_writer> writer_;
  std::unique_ptr<database_reader> reader_;
  user_id ann_, bob_;
  room_id room_;
  std::uint64_t last_key_ = 0;
  std::map<sequence, std::string> acknowledged_;
};

TEST_F(sqlite_fault_test, every_commit_is_synced_before_it_is_acknowledged) {
  for (int i = 0; i < 5; ++i) {
    const auto before = vfs_.syncs();
    ASSERT_TRUE(send_batch());
    EXPECT_GE(vfs_.syncs(), before + 1);
  }
}

TEST_F(sqlite_fault_test, a_power_cut_loses_nothing_that_was_acknowledged) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(send_batch());
  vfs_.cut_power();
  EXPECT_FALSE(send_batch());
  EXPECT_FALSE(send_batch());
  come_back();
  EXPECT_EQ(count_lost(), 0U);
  EXPECT_EQ(acknowledged_.size(), 20 * batch_size);
  expect_sound();
  EXPECT_TRUE(send_batch());
}

TEST_F(sqlite_fault_test, a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged) {
  std::size_t cuts = 0;
  for (std::int64_t moment = 0; moment < 120; ++moment) {
    vfs_.cut_power(moment + 1);
    // Checkpoints now and then, so that the power also goes while the log moves into the file.
    for (int i = 0; i < 1'000 && send_batch(); ++i) {
      if (i % 3 == 2) writer_->tidy();
    }
    ASSERT_TRUE(vfs_.is_power_cut());
    ++cuts;
    come_back(static_cast<std::uint64_t>(moment));
    ASSERT_EQ(count_lost(), 0U) << "cut at call " << moment;
    ASSERT_NO_FATAL_FAILURE(expect_sound()) << "cut at call " << moment;
  }
  EXPECT_EQ(cuts, 120U);
  EXPECT_FALSE(acknowledged_.empty());
}

TEST_F(sqlite_fault_test, the_control_without_syncs_loses_what_was_acknowledged) {
  close();
  open(false);
  open_connections();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(send_batch());
  vfs_.cut_power();
  come_back();
  EXPECT_GT(count_lost(), 0U) << "a shim that loses nothing proves nothing";
}

TEST_F(sqlite_fault_test, a_failed_sync_gives_unavailable_and_nothing_half_done_until_it_heals) {
  ASSERT_TRUE(send_batch());
  const auto before = log().size();
  vfs_.fail_syncs();
  EXPECT_FALSE(send_batch());
  EXPECT_FALSE(send_batch());
  EXPECT_EQ(writer_->probe().error().code, error_code::unavailable);
  EXPECT_EQ(log().size(), before) << "what was not acknowledged is not seen";
  vfs_.heal();
  EXPECT_FALSE(writer_->probe().has_error());
  EXPECT_TRUE(send_batch());
  expect_sound();
}

TEST_F(sqlite_fault_test, a_failing_checkpoint_is_told_and_its_commit_stands) {
  close();
  sqlite_options options{path_, vfs_.name(), true};
  options.wal_bytes = 1;  // So that each commit checkpoints.
  database_ = expect_value(open_sqlite_database(options, limits_));
  open_connections();
  captured_log lines;
  vfs_.fail_syncs(2);  // Those of the log's new header and of the commit still work.
  EXPECT_TRUE(send_batch());
  vfs_.heal();
  EXPECT_TRUE(send_batch());
  const auto told = lines.take();
  EXPECT_NE(told.find("sqlite checkpoint_failed:"), std::string::npos) << told;
  EXPECT_EQ(told.find("checkpoint_failed"), told.rfind("checkpoint_failed")) << told;
  vfs_.cut_power();
  come_back();
  EXPECT_EQ(count_lost(), 0U);
  expect_sound();
}

TEST_F(sqlite_fault_test, a_long_read_in_the_checkpoints_way_is_told) {
  close();
  sqlite_options options{path_, vfs_.name(), true};
  options.wal_bytes = 1;
  database_ = expect_value(open_sqlite_database(options, limits_));
  open_connections();
  captured_log lines;
  {
    sqlite_connection long_read(options, sqlite_access::read);
    ASSERT_TRUE(send_batch());
    long_read.execute("BEGIN; SELECT count FROM tb_probe");
    EXPECT_TRUE(send_batch());
  }
  const auto told = lines.take();
  EXPECT_NE(told.find("sqlite checkpoint_blocked:"), std::string::npos) << told;
}

TEST_F(sqlite_fault_test, what_is_acknowledged_after_a_failed_sync_survives_a_power_cut) {
  // The pages of the failed sync count as clean although the disk has never seen them.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ASSERT_TRUE(send_batch());
    vfs_.fail_syncs(static_cast<std::int64_t>(seed % 3));
    for (int i = 0; i < 4; ++i) {
      send_batch();
      writer_->tidy();
    }
    vfs_.heal();
    ASSERT_FALSE(writer_->probe().has_error());
    ASSERT_TRUE(send_batch());
    vfs_.cut_power();
    come_back(seed);
    ASSERT_EQ(count_lost(), 0U) << "seed " << seed;
    ASSERT_NO_FATAL_FAILURE(expect_sound());
  }
}

TEST_F(sqlite_fault_test, a_full_disk_gives_unavailable_and_nothing_half_done_until_there_is_room) {
  for (std::int64_t writes = 0; writes < 30; ++writes) {
    const auto before = log().size();
    vfs_.fill_disk(writes);
    while (send_batch()) {
    }
    EXPECT_EQ((log().size() - before) % batch_size, 0U);
    EXPECT_TRUE(writer_->probe().has_error());
    vfs_.heal();
    ASSERT_FALSE(writer_->probe().has_error());
    ASSERT_TRUE(send_batch());
    ASSERT_NO_FATAL_FAILURE(expect_sound());
  }
  EXPECT_EQ(count_lost(), 0U);
}

TEST_F(sqlite_fault_test, the_jobs_of_a_failed_commit_are_not_done_either) {
  vfs_.fail_syncs();
  const write_job job = [&](record_writer& records) { return records.set_password_hash(ann_, "h", "new"); };
  const auto commands = batch();
  EXPECT_EQ(writer_->commit(commands, {&job, 1}).error().code, error_code::unavailable);
  vfs_.heal();
  EXPECT_EQ(expect_value(reader_->account_by_name("ann"))->password_hash, "h");
  const auto done = expect_value(writer_->commit(commands, {&job, 1}));
  EXPECT_FALSE(done.appends.at(0)->duplicate);
  EXPECT_EQ(expect_value(reader_->account_by_name("ann"))->password_hash, "new");
}

TEST_F(sqlite_fault_test, the_same_commands_settle_what_a_failed_commit_left_in_doubt) {
  // The log may hold the commit although its sync failed: after a restart either outcome is right, but only
  // one.
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const auto commands = batch();
    vfs_.fail_syncs();
    ASSERT_TRUE(writer_->commit(commands, {}).has_error());
    vfs_.cut_power();
    come_back(seed);
    const auto settled = expect_value(writer_->commit(commands, {}));
    for (const auto& outcome : settled.appends) ASSERT_FALSE(outcome.has_error());
    ASSERT_NO_FATAL_FAILURE(expect_sound());
  }
}

}  // namespace
}  // namespace parley::test
