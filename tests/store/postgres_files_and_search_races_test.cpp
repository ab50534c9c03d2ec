// What two nodes do at the same moment beside the log: locking the rows of files, and following the log into the search
// index.
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "postgres_locks.hpp"

namespace parley::test {
namespace {

class postgres_side_races_test : public postgres_fixture {
 protected:
  void SetUp() override {
    postgres_fixture::SetUp();
    other_node_ = open_node(url_);
    others_writer_ = expect_value(other_node_->open_writer());
    ann_ = add_user("ann");
  }
  /// Of `rooms`, whose logs stand as somebody left them: a test that is red must not hang.
  static void expect_level(search_index& index, const std::vector<room_id>& rooms) {
    for (int steps = 0; steps < 100; ++steps) {
      if (expect_value(index.advance(rooms)).empty()) return;
    }
    ADD_FAILURE() << "the index never stands level";
  }
  void others_append(const append_command& command) {
    (void)expect_value(expect_value(others_writer_->commit({&command, 1}, {})).appends.at(0));
  }
  std::set<std::string> found(const std::string& word) {
    std::set<std::string> contents;
    page_request range{{}, 100};
    do {
      const auto page = expect_value(reader->search(ann_, {}, word, range));
      for (const auto& hit : page.items) contents.insert(*hit.item.message.content);
      range.cursor = page.next_cursor;
    } while (range.cursor);
    return contents;
  }

  std::unique_ptr<database> other_node_;
  std::unique_ptr<database_writer> others_writer_;
  user_id ann_;
};

// --- Files ---

class postgres_file_races_test : public postgres_side_races_test {
 protected:
  file_id add_file() {
    const auto file = make.make_id<file_id>();
    write([&](record_writer& records) -> result<void> {
      expect_value(records.begin_file({file, ann_, "a.txt", 1, 0, time_at(1)}));
      return records.finish_file({file, ann_, "a.txt", "text/plain", 1, 0});
    });
    return file;
  }
  append_command with_file(room_id room, file_id file) {
    auto command = make.send(room, ann_, "see");
    std::get<send_message>(command.command).file_url = file_url_of(file, "a.txt");
    return command;
  }
  append_command deletion_of_one_with(room_id room, file_id file) {
    const auto sent = append(with_file(room, file));
    return make.erase(room, ann_, std::get<message_posted>(sent.body).message);
  }
  /// Both begin while somebody else has all files' rows, so that each waits for the first that it wants.
  void race(const std::vector<append_command>& one, const std::vector<append_command>& two) {
    lock_holder held(url_, std::vector<room_id>{});
    held.hold_all_of("tb_file");
    const auto commit = [](database_writer& on, const std::vector<append_command>& batch) {
      for (const auto& outcome : expect_value(on.commit(batch, {})).appends) {
        EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
      }
    };
    auto first = beside([&] { commit(*writer, one); });
    auto second = beside([&] { commit(*others_writer_, two); });
    wait_for_waiters(url_, 2);
    held.let_go();
    first.join();
    second.join();
  }
};

TEST_F(postgres_file_races_test, those_that_are_sent_are_locked_in_one_order) {
  const auto here = add_group("here", ann_), there = add_group("there", ann_);
  for (int round = 0; round < 10; ++round) {
    const auto a = add_file(), b = add_file(), c = add_file();
    race({with_file(here, a), with_file(here, b), with_file(here, c)},
         {with_file(there, c), with_file(there, b), with_file(there, a)});
  }
  EXPECT_EQ(counts_.store_retries_total.value(), 0U) << "nobody was ended for a deadlock";
}

/// Each sends the file whose message the other one deletes: rooms of their own keep them apart, files do not.
TEST_F(postgres_file_races_test, those_of_deleted_messages_are_locked_with_those_that_are_sent) {
  const auto here = add_group("here", ann_), there = add_group("there", ann_);
  for (int round = 0; round < 10; ++round) {
    const auto a = add_file(), b = add_file();
    const std::vector one{deletion_of_one_with(here, b), with_file(here, a)};
    const std::vector two{deletion_of_one_with(there, a), with_file(there, b)};
    race(one, two);
  }
  EXPECT_EQ(counts_.store_retries_total.value(), 0U) << "nobody was ended for a deadlock";
  write([&](record_writer& records) -> result<void> {
    const auto unused =
        expect_value(records.take_unused_files({time_at(1'000'000), time_at(1'000'000), time_at(1'000'000), 100}));
    EXPECT_TRUE(unused.empty()) << "each has a message";
    return {};
  });
}

TEST_F(postgres_file_races_test, one_that_is_reported_meanwhile_is_left_to_the_moderators) {
  const auto bob = add_user("bob");
  const auto room = add_group("room", ann_, {bob});
  const auto file = add_file();
  const auto sent = append(with_file(room, file));
  bool may_go = true;
  std::atomic<bool> is_deleted{false};
  std::jthread deletion;
  write([&](record_writer& records) -> result<void> {
    const auto message = std::get<message_posted>(sent.body).message;
    (void)expect_value(
        records.file_report({make.make_id<report_id>(), bob, message, report_reason::spam, {}, make.next_time()}));
    deletion = beside([&] {
      const write_job job = [&](record_writer& others) -> result<void> {
        may_go = expect_value(others.withdraw_file(ann_, file, "a.txt", time_at(2)));
        return {};
      };
      (void)expect_value(others_writer_->commit({}, {&job, 1}));
      is_deleted = true;
    });
    while (!is_deleted && waiting_backends(url_).empty()) {
    }
    return {};
  });
  deletion.join();
  EXPECT_FALSE(may_go);
  EXPECT_TRUE(expect_value(reader->reported_file(file)));
}

// --- Search ---

class postgres_search_races_test : public postgres_side_races_test {
 protected:
  void SetUp() override {
    postgres_side_races_test::SetUp();
    index_ = expect_value(node_->open_search_index());
    others_index_ = expect_value(other_node_->open_search_index());
    room_ = add_group("room", ann_);
  }

  std::unique_ptr<search_index> index_, others_index_;
  room_id room_;
};

/// What is written while one is at it belongs to whoever comes next; the position says what was read, not what there
/// is.
TEST_F(postgres_search_races_test, one_index_goes_on_where_the_other_one_has_come) {
  const std::vector rooms{room_};
  post(room_, ann_, "word 1");
  expect_level(*index_, rooms);
  post(room_, ann_, "word 2");
  lock_holder held(url_, std::vector<room_id>{});
  held.hold_table("tb_message_search");
  auto first = beside([&] { EXPECT_TRUE(expect_value(index_->advance(rooms)).empty()); });
  wait_for_waiters(url_, 1);
  auto second = beside([&] { EXPECT_TRUE(expect_value(others_index_->advance(rooms)).empty()); });
  wait_for_waiters(url_, 2);
  EXPECT_EQ(count("SELECT count(*) FROM pg_stat_activity WHERE wait_event IN ('transactionid', 'tuple')"
                  " AND datname = current_database()"),
            1)
      << "the second has not read anything yet";
  post(room_, ann_, "word 3");
  others_append(make.send(room_, ann_, "word 4"));
  held.let_go();
  first.join();
  second.join();
  EXPECT_EQ(found("word"), (std::set<std::string>{"word 1", "word 2", "word 3", "word 4"}));
  EXPECT_TRUE(expect_value(index_->find_behind({})).rooms.empty());
}

/// As a node does that inserts all positions before it locks any.
TEST_F(postgres_search_races_test, who_waits_for_a_new_position_holds_no_other) {
  expect_level(*index_, {room_});
  const auto new_room = add_group("new", ann_);
  post(room_, ann_, "word 1");
  post(new_room, ann_, "word 2");
  postgres_connection other(patient_options(url_));
  other.query("BEGIN");
  other.query("INSERT INTO tb_search_position (room_id, seq) VALUES ($1, 0)", uuid(new_room));
  auto follows = beside([&] { EXPECT_TRUE(expect_value(index_->advance(std::vector{room_, new_room})).empty()); });
  wait_for_waiters(url_, 1);
  EXPECT_EQ(other.query("SELECT 1 FROM tb_search_position WHERE room_id = $1 FOR UPDATE", uuid(room_)).size(), 1);
  other.query("COMMIT");
  follows.join();
  EXPECT_EQ(found("word"), (std::set<std::string>{"word 1", "word 2"}));
}

/// A fault that would come again with every step is told; it is no message's that is there already.
TEST_F(postgres_search_races_test, what_the_table_refuses_for_another_reason_is_an_error) {
  post(room_, ann_, "word 1");
  support::run_sql(url_, "ALTER TABLE tb_message_search ADD CONSTRAINT none CHECK (room_id IS NULL) NOT VALID");
  EXPECT_TRUE(index_->advance(std::vector{room_}).has_error());
  support::run_sql(url_, "ALTER TABLE tb_message_search DROP CONSTRAINT none");
  expect_level(*index_, {room_});
  EXPECT_EQ(found("word"), std::set<std::string>{"word 1"});
}

/// Where a position is lost, or a log is behind its own: as of a copy that somebody brought back.
TEST_F(postgres_search_races_test, what_the_index_has_already_may_come_once_more) {
  const std::vector rooms{room_};
  const auto first = post(room_, ann_, "word 1");
  post(room_, ann_, "word 2");
  expect_level(*index_, rooms);
  int round = 0;
  for (const auto* lose : {"DELETE FROM tb_search_position", "UPDATE tb_search_position SET seq = seq + 100"}) {
    SCOPED_TRACE(lose);
    const auto changed = "word 1, round" + std::to_string(++round);
    append(make.edit(room_, ann_, first, changed));
    post(room_, ann_, "more of round" + std::to_string(round));
    support::run_sql(url_, lose);
    expect_level(*index_, rooms);
    EXPECT_EQ(found("word"), (std::set<std::string>{changed, "word 2"}));
    EXPECT_EQ(found("round" + std::to_string(round)),
              (std::set<std::string>{changed, "more of round" + std::to_string(round)}));
  }
}

/// Both nodes write, change and delete while both follow.
TEST_F(postgres_search_races_test, two_indexes_that_follow_two_writers_miss_nothing) {
  constexpr int rounds = 60;
  std::vector<room_id> rooms{room_};
  for (int i = 0; i < 3; ++i) rooms.push_back(add_group("room", ann_));
  const std::vector<room_id> reversed(rooms.rbegin(), rooms.rend());
  // Made before, since the builder belongs to this thread.
  std::map<database_writer*, std::vector<std::vector<append_command>>> plans;
  std::set<std::string> expected;
  int number = 0;
  for (auto* on : {writer.get(), others_writer_.get()}) {
    for (int i = 0; i < rounds; ++i) {
      auto& batch = plans[on].emplace_back();
      for (const auto& room : rooms) {
        const auto word = "word " + std::to_string(++number);
        for (int k = 0; k < 3; ++k) batch.push_back(make.send(room, ann_, k == 0 ? word : "word"));
        const auto second = message_id(batch[batch.size() - 2].new_id), third = message_id(batch.back().new_id);
        batch.push_back(make.edit(room, ann_, second, word + " edited"));
        batch.push_back(make.erase(room, ann_, third));
        expected.insert({word, word + " edited"});
      }
    }
  }
  std::atomic<int> writing = 2;
  std::vector<std::jthread> threads;
  threads.reserve(plans.size());
  for (auto& [on, plan] : plans) {
    threads.push_back(beside([on = on, &plan = plan, &writing] {
      const std::shared_ptr<void> ends(nullptr, [&](void*) { --writing; });
      for (const auto& batch : plan) {
        for (const auto& outcome : expect_value(on->commit(batch, {})).appends) EXPECT_TRUE(outcome.has_value());
      }
    }));
  }
  const auto follow = [&](search_index& index, const std::vector<room_id>& in_order) {
    while (writing > 0) (void)expect_value(index.advance(in_order));
    expect_level(index, in_order);
  };
  threads.push_back(beside([&] { follow(*index_, rooms); }));
  threads.push_back(beside([&] { follow(*others_index_, reversed); }));
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(found("word"), expected);
  EXPECT_EQ(count("SELECT count(*) FROM tb_message_search"), static_cast<std::int64_t>(expected.size()));
  EXPECT_TRUE(expect_value(index_->find_behind({})).rooms.empty());
}

}  // namespace
}  // namespace parley::test
