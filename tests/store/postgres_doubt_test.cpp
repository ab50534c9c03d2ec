// A connection is lost while a commit is on its way: whether it took effect is found out, never guessed.
#include <atomic>
#include <chrono>
#include <thread>

#include "postgres_locks.hpp"

namespace parley::test {
namespace {

using std::chrono::seconds;

class postgres_doubt_test : public postgres_fixture {
 protected:
  void SetUp() override {
    postgres_fixture::SetUp();
    ann_ = add_user("ann");
    room_ = add_group("room", ann_);
    open_far(seconds(10), seconds(20));
  }
  /// The far node waits no longer than that for a lock, and for an answer a second longer than for a statement.
  void open_far(seconds lock, seconds statement) {
    far_writer_.reset();
    far_ = open_node(patient_options(proxy_.url_through(url_, shared_postgres().port()), lock, statement));
    far_writer_ = expect_value(far_->open_writer());
  }

  result<database_writer::batch_result> commit_far(std::vector<append_command> commands) {
    return far_writer_->commit(commands, {});
  }
  result<database_writer::batch_result> commit_far_user(const std::string& name) {
    const new_user user{make.make_id<user_id>(), name, "hash", name, {}, {}, {}, make.next_time()};
    const write_job job = [user](record_writer& records) -> result<void> {
      auto created = records.create_user(user);
      if (created.has_error()) return created.error();
      return {};
    };
    return far_writer_->commit({}, {&job, 1});
  }

  support::fault_proxy proxy_{shared_postgres().port()};
  std::unique_ptr<database> far_;
  std::unique_ptr<database_writer> far_writer_;
  user_id ann_;
  room_id room_;
};

TEST_F(postgres_doubt_test, messages_that_were_stored_are_acknowledged_without_an_answer) {
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.send(room_, ann_, "one"), make.send(room_, ann_, "two", "key")});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->appends[1]->events.at(0).seq, 3);
  EXPECT_FALSE(batch->appends[1]->duplicate);
  EXPECT_EQ(events_of(room_).size(), 3U);
  EXPECT_EQ(counts_.store_in_doubt_total.value(), 1U);
}

TEST_F(postgres_doubt_test, a_batch_of_several_kinds_that_was_stored_is_acknowledged_without_an_answer) {
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.rename(room_, ann_, "anew"), make.send(room_, ann_, "one", "key")});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->appends[1]->events.at(0).seq, 3);
  EXPECT_FALSE(batch->appends[1]->duplicate);
  EXPECT_EQ(events_of(room_).size(), 3U);
  EXPECT_EQ(counts_.store_in_doubt_total.value(), 1U);
}

TEST_F(postgres_doubt_test, messages_that_were_not_stored_are_stored_by_the_next_try) {
  proxy_.lose_commits(1);
  const auto batch = commit_far({make.send(room_, ann_, "one")});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(events_of(room_).size(), 2U);
  EXPECT_EQ(counts_.store_retries_total.value(), 1U);
}

TEST_F(postgres_doubt_test, a_job_that_was_done_is_not_done_again) {
  proxy_.lose_answers(1);
  const auto batch = commit_far_user("bob");
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_TRUE(batch->jobs.at(0).has_value()) << "its own name was taken for somebody else's";
  EXPECT_EQ(count("SELECT count(*) FROM tb_users WHERE username = 'bob'"), 1);
}

TEST_F(postgres_doubt_test, a_job_that_was_not_done_is_done_by_the_next_try) {
  proxy_.lose_commits(1);
  const auto batch = commit_far_user("bob");
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_TRUE(batch->jobs.at(0).has_value());
  EXPECT_EQ(count("SELECT count(*) FROM tb_users WHERE username = 'bob'"), 1);
  EXPECT_EQ(counts_.store_retries_total.value(), 1U);
}

/// It makes no event: only the audit trail tells that it was done.
TEST_F(postgres_doubt_test, a_ban_of_a_stranger_that_was_lifted_is_not_lifted_again) {
  const auto bob = add_user("bob");
  ASSERT_TRUE(try_append(make.command(room_, ann_, ban_member{bob, {}, false})).has_value());
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.command(room_, ann_, lift_ban{bob})});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_TRUE(batch->appends.at(0).has_value()) << "it was done, and then looked for in vain";
  EXPECT_EQ(count("SELECT count(*) FROM tb_audit WHERE action = 'ban_lifted'"), 1);
}

/// The server waits for the rest of a sentence and keeps the room's lock meanwhile; no time-out of its own ends that.
TEST_F(postgres_doubt_test, a_session_that_was_cut_off_half_way_lets_go_of_its_locks) {
  open_far(seconds(10), seconds(2));
  proxy_.interrupt_commits(1);
  const auto batch = commit_far({make.send(room_, ann_, "one")});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->appends.at(0)->events.at(0).seq, 2);
  EXPECT_EQ(events_of(room_).size(), 2U);
  append(make.send(room_, ann_, "another node's"));
}

TEST_F(postgres_doubt_test, a_job_that_was_cut_off_half_way_lets_go_of_its_locks) {
  open_far(seconds(10), seconds(2));
  proxy_.interrupt_commits(1);
  const auto batch = commit_far_user("bob");
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(count("SELECT count(*) FROM tb_users WHERE username = 'bob'"), 1);
}

/// The batch waited for a busy room, its COMMIT lost its answer, and somebody else has the room's lock ever since: the
/// last that is heard is a time-out, which for any other batch would mean that nothing was stored.
TEST_F(postgres_doubt_test, a_doubt_that_nobody_can_settle_is_no_refusal) {
  open_far(seconds(6), seconds(7));  // so that there is time for the others to come
  lock_holder first(url_, room_);
  std::unique_ptr<lock_holder> second;
  auto queues_behind = beside([&] {
    wait_for_waiters(url_, 1);
    second = std::make_unique<lock_holder>(url_, room_);
  });
  auto lets_go = beside([&] {
    wait_for_waiters(url_, 2);
    first.let_go();
  });
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.rename(room_, ann_, "one")});
  queues_behind.join();
  lets_go.join();
  EXPECT_TRUE(batch.has_error()) << "an outcome was told that nobody knows";
  EXPECT_EQ(events_of(room_).size(), 2U) << "the case was not the one meant: nothing was stored";
  second.reset();
  expect_value(far_writer_->probe());
}

/// A new message is looked for without the lock first: somebody else may have the room by then, and keep it.
TEST_F(postgres_doubt_test, a_stored_message_is_acknowledged_whoever_has_its_room) {
  lock_holder messages(url_, std::vector<room_id>{});
  messages.hold_table("tb_messages");
  std::unique_ptr<lock_holder> other;
  auto queues_behind = beside([&] {
    wait_for_waiters(url_, 1);
    other = std::make_unique<lock_holder>(url_, room_);
  });
  auto lets_go = beside([&] {
    wait_for_waiters(url_, 2);
    messages.let_go();
  });
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.send(room_, ann_, "one")});
  queues_behind.join();
  lets_go.join();
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->appends.at(0)->events.at(0).seq, 2);
  other.reset();
  expect_value(far_writer_->probe());
}

/// It was stored, and then its sender was removed, before anybody knew: it is no less stored for that.
TEST_F(postgres_doubt_test, a_stored_message_is_acknowledged_though_its_sender_was_removed_since) {
  const auto bob = add_user("bob");
  append(make.invite(room_, ann_, {bob}));
  const auto removal = make.remove(room_, ann_, bob);
  lock_holder messages(url_, std::vector<room_id>{});
  messages.hold_table("tb_messages");
  auto removes = beside([&] {
    wait_for_waiters(url_, 1);
    auto lets_go = beside([&] {
      wait_for_waiters(url_, 2);
      messages.let_go();
    });
    EXPECT_TRUE(expect_value(writer->commit({&removal, 1}, {})).appends.at(0).has_value());
    lets_go.join();
  });
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.send(room_, bob, "one", "key")});
  removes.join();
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  ASSERT_TRUE(batch->appends.at(0).has_value()) << batch->appends.at(0).error().message;
  EXPECT_EQ(batch->appends.at(0)->events.at(0).seq, 3);
  EXPECT_FALSE(batch->appends.at(0)->duplicate);
  EXPECT_EQ(events_of(room_).size(), 4U) << "two who joined, the message, one who left";
}

TEST_F(postgres_doubt_test, a_stored_message_is_acknowledged_though_its_sender_was_suspended_since) {
  lock_holder messages(url_, std::vector<room_id>{});
  messages.hold_table("tb_messages");
  auto suspends = beside([&] {
    wait_for_waiters(url_, 1);
    support::run_sql(url_, "UPDATE tb_users SET flagDelete = 'not_active' WHERE username = 'ann'");
    messages.let_go();
  });
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.send(room_, ann_, "one")});
  suspends.join();
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  ASSERT_TRUE(batch->appends.at(0).has_value()) << batch->appends.at(0).error().message;
  EXPECT_EQ(batch->appends.at(0)->events.at(0).seq, 2);
}

/// A synchronous standby that is gone: every commit of the server waits for it, this one's own first of all.
class lost_standby {
 public:
  explicit lost_standby(std::string url) : url_(std::move(url)) {
    change("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    // The server's processes take a new configuration up one after another: only a commit that waits shows it.
    waits_ = beside([this] {
      while (!is_back_) support::run_sql(url_, "UPDATE tb_probe SET count = count + 1 WHERE probe_id = 1");
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!commits_wait() && std::chrono::steady_clock::now() < deadline) {
    }
  }
  ~lost_standby() { come_back(); }
  lost_standby(const lost_standby&) = delete;
  lost_standby& operator=(const lost_standby&) = delete;

  void come_back() {
    if (is_back_.exchange(true)) return;
    change("ALTER SYSTEM RESET synchronous_standby_names");
    waits_.join();
  }

 private:
  void change(const std::string& sql) {
    support::run_sql(url_, sql);
    support::run_sql(url_, "SELECT pg_reload_conf()");
  }
  [[nodiscard]] bool commits_wait() const {
    return support::run_sql(url_, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").at(0) == "1";
  }

  std::string url_;
  std::atomic<bool> is_back_{false};
  std::jthread waits_;
};

/// To end a session that waits for the standby would show everybody what a failover loses.
TEST_F(postgres_doubt_test, a_commit_that_no_standby_has_is_neither_acknowledged_nor_shown) {
  open_far(seconds(10), seconds(2));
  const auto message = make.send(room_, ann_, "one", "key");
  lost_standby standby(url_);
  const auto batch = commit_far({message});
  EXPECT_TRUE(batch.has_error()) << "acknowledged without the standby";
  EXPECT_EQ(events_of(room_).size(), 1U) << "shown without the standby";

  standby.come_back();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (far_writer_->probe().has_error() && std::chrono::steady_clock::now() < deadline) {
  }
  const auto again = commit_far({message});
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(again->appends[0]->duplicate);
  EXPECT_EQ(events_of(room_).size(), 2U);
}

TEST_F(postgres_doubt_test, a_refusal_waits_for_no_standby) {
  const auto stranger = add_user("stranger");
  lost_standby standby(url_);
  const auto batch = commit_far({make.send(room_, stranger, "one")});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->appends.at(0).error().code, error_code::not_found);
}

/// PostgreSQL answers it as if all were well. The message can then be read, and a retry of it would be found; neither
/// is an acknowledgement before the standby has it.
TEST_F(postgres_doubt_test, a_cancelled_wait_for_the_standby_acknowledges_nothing) {
  const auto message = make.send(room_, ann_, "one", "key");
  // As a database may be set up: its warning is what tells the two apart.
  support::run_sql(url_,
                   "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET client_min_messages = error',"
                   " current_database()); END $$");
  open_far(seconds(10), seconds(2));
  const auto first = expect_value(far_->open_writer());
  lost_standby standby(url_);
  auto cancel = beside([&] {
    const auto sql =
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        " AND application_name LIKE 'parleyd%'";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (support::run_sql(url_, sql).at(0) == "0" && std::chrono::steady_clock::now() < deadline) {
    }
  });
  const auto batch = first->commit({&message, 1}, {});
  cancel.join();
  EXPECT_TRUE(batch.has_error()) << "acknowledged without the standby";
  ASSERT_EQ(events_of(room_).size(), 2U) << "the commit was not cancelled";
  const auto retry = commit_far({message});
  EXPECT_TRUE(retry.has_error() || retry->appends[0].has_error()) << "the retry was acknowledged without the standby";

  standby.come_back();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (first->probe().has_error() && std::chrono::steady_clock::now() < deadline) {
  }
  const auto again = first->commit({&message, 1}, {});
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(again->appends[0]->duplicate);
}

TEST_F(postgres_doubt_test, a_room_that_somebody_has_leaves_no_others_in_doubt) {
  open_far(seconds(1), seconds(20));
  const auto free_room = add_group("free", ann_);
  lock_holder other(url_, room_);
  proxy_.lose_answers(1);
  const auto batch = commit_far({make.send(room_, ann_, "one"), make.send(free_room, ann_, "two")});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->appends[0].error().code, error_code::unavailable);
  EXPECT_EQ(batch->appends[1]->events.at(0).seq, 2);
  EXPECT_EQ(counts_.store_in_doubt_total.value(), 1U);
}

TEST_F(postgres_doubt_test, a_room_that_nobody_lets_go_of_costs_only_its_own_commands) {
  open_far(seconds(1), seconds(20));
  const auto free_room = add_group("free", ann_);
  lock_holder other(url_, room_);
  const auto batch = commit_far({make.send(room_, ann_, "one"), make.send(free_room, ann_, "two")});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->appends[0].error().code, error_code::unavailable);
  EXPECT_EQ(batch->appends[1]->events.at(0).seq, 2);
}

}  // namespace
}  // namespace parley::test
