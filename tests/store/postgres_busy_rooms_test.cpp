// Rooms that somebody else has locked, for a writer that is set up as a node's are: its other rooms must not wait for
// long.
#include <chrono>

#include "postgres_locks.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using places = std::vector<std::size_t>;

class postgres_busy_rooms_test : public postgres_fixture {
 protected:
  void SetUp() override {
    postgres_fixture::SetUp();
    ann_ = add_user("ann");
    room_ = add_group("room", ann_);
    free_ = add_group("free", ann_);
    settings_.store.url = url_;
    // So long that who waits for a lock is told from a machine that stands still for a while.
    settings_.store.lock_ms = 20'000;
    settings_.store.statement_ms = 30'000;
    node_in_use_ = expect_value(open_database(settings_, counts_));
    writer_in_use_ = expect_value(node_in_use_->open_writer());
  }
  database_writer::batch_result commit(const std::vector<append_command>& commands) {
    const auto begun = steady_clock::now();
    auto batch = expect_value(writer_in_use_->commit(commands, {}));
    EXPECT_LT(steady_clock::now() - begun, milliseconds(settings_.store.lock_ms) / 2);
    return batch;
  }

  config settings_;
  std::unique_ptr<database> node_in_use_;
  std::unique_ptr<database_writer> writer_in_use_;
  user_id ann_;
  room_id room_, free_;
};

TEST_F(postgres_busy_rooms_test, what_is_of_them_comes_back_soon_and_can_be_tried_again) {
  const std::vector commands{make.send(room_, ann_, "one"), make.send(free_, ann_, "two"),
                             make.rename(room_, ann_, "renamed")};
  {
    lock_holder other(url_, room_);
    const auto batch = commit(commands);
    EXPECT_EQ(batch.busy, (places{0, 2}));
    EXPECT_EQ(batch.appends[0].error().code, error_code::unavailable);
    EXPECT_TRUE(batch.appends[1].has_value());
    other.let_go();
  }
  const auto batch = commit({commands[0]});
  EXPECT_TRUE(batch.busy.empty());
  EXPECT_EQ(batch.appends[0]->events.at(0).seq, 2);
  EXPECT_FALSE(batch.appends[0]->duplicate);
}

/// However many there are: nothing of a room may overtake what waits for it, so its second is not even tried. If each
/// waited its 30 ms, that would be longer than commit() lets it take.
TEST_F(postgres_busy_rooms_test, beside_a_command_that_the_tables_refuse_they_wait_once) {
  support::run_sql(url_, "ALTER TABLE tb_messages ADD CONSTRAINT polite CHECK (content <> 'poison') NOT VALID");
  std::vector<append_command> commands{make.send(free_, ann_, "poison"), make.send(free_, ann_, "fine")};
  constexpr std::size_t waiting = 600;
  for (std::size_t i = 0; i < waiting; ++i) commands.push_back(make.send(room_, ann_, "waits"));
  const lock_holder other(url_, room_);
  const auto batch = commit(commands);
  EXPECT_TRUE(batch.appends[0].has_error());
  EXPECT_TRUE(batch.appends[1].has_value());
  EXPECT_EQ(batch.busy.size(), waiting);
}

TEST_F(postgres_busy_rooms_test, one_that_stays_locked_keeps_no_other_that_becomes_free) {
  auto options = patient_options(url_);
  options.busy_room = milliseconds(3'500);  // so that there is time to let go of one
  const auto node = open_node(options);
  const auto patient = expect_value(node->open_writer());
  const auto [low, high] = std::minmax(room_, free_);
  const lock_holder stays(url_, high);
  lock_holder goes(url_, low);
  auto release = beside([&] {
    wait_for_waiters(url_, 1);
    goes.let_go();
  });
  const std::vector commands{make.send(high, ann_, "waits"), make.send(low, ann_, "stored")};
  const auto batch = expect_value(patient->commit(commands, {}));
  release.join();
  EXPECT_EQ(batch.busy, places{0});
  EXPECT_TRUE(batch.appends[1].has_value());
}

/// What was stored one by one before it stays stored, and is told so.
TEST_F(postgres_busy_rooms_test, another_lock_that_nobody_lets_go_concerns_one_command) {
  support::run_sql(url_, "ALTER TABLE tb_messages ADD CONSTRAINT polite CHECK (content <> 'poison') NOT VALID");
  auto options = expect_value(parse_postgres_url(url_));
  options.busy_room = milliseconds(30);
  options.lock = milliseconds(300);
  const auto node = open_postgres_database(options, limits_, counts_);
  const auto hurried = expect_value(node->open_writer());
  lock_holder other(url_, std::vector<room_id>{});
  other.hold_table("tb_room_event");
  const std::vector commands{make.send(free_, ann_, "poison"), make.send(free_, ann_, "fine"),
                             make.rename(room_, ann_, "renamed"), make.send(free_, ann_, "fine too")};
  const auto batch = expect_value(hurried->commit(commands, {}));
  EXPECT_TRUE(batch.appends[0].has_error());
  EXPECT_TRUE(batch.appends[1].has_value());
  EXPECT_EQ(batch.appends[2].error().code, error_code::unavailable);
  EXPECT_TRUE(batch.appends[3].has_value());
  EXPECT_TRUE(batch.busy.empty());
  EXPECT_EQ(count("SELECT count(*) FROM tb_messages WHERE content LIKE 'fine%'"), 2);
}

}  // namespace
}  // namespace parley::test
