// Friends, blocks, staff and log-ins of two nodes at the same moment: who comes first, and that nobody waits in a
// circle.
#include <atomic>
#include <map>
#include <thread>

#include "postgres_locks.hpp"

namespace parley::test {
namespace {

class postgres_people_races_test : public postgres_fixture {
 protected:
  void SetUp() override {
    postgres_fixture::SetUp();
    other_node_ = open_node(url_);
    others_writer_ = expect_value(other_node_->open_writer());
    ann_ = add_user("ann");
    bob_ = add_user("bob");
  }

  /// `first` runs until it waits for the table that is held; then `second` begins. Answers whether that waited for the
  /// first, which is asked of PostgreSQL while both wait: their answers come back to two threads, which may be told in
  /// either order. Afterwards both go on to their end.
  template <class First, class Second>
  bool second_waits_for_first(const std::string& table, First&& first, Second&& second) {
    lock_holder held(url_, std::vector<room_id>{});
    held.hold_table(table);
    auto one = beside([&] { first(*writer); });
    wait_for_waiters(url_, 1);
    const auto waiting = waiting_backends(url_);
    auto two = beside([&] { second(*others_writer_); });
    wait_for_waiters(url_, 2);
    const bool waits = waiting.size() == 1 && somebody_waits_for(url_, waiting.front());
    held.let_go();
    one.join();
    two.join();
    return waits;
  }
  static void run(database_writer& on, const write_job& job) {
    expect_value(expect_value(on.commit({}, {&job, 1})).jobs.at(0));
  }
  void block(database_writer& on, user_id who, user_id whom) {
    run(on, [&](record_writer& records) -> result<void> {
      (void)expect_value(records.change_friendship(who, whom, friend_action::block, time_at(1)));
      return {};
    });
  }
  void make_admin(user_id user) {
    support::run_sql(url_, "UPDATE tb_users SET role_id = 1 WHERE user_id = '" + to_string(user) + "'");
  }
  account_change change_of(user_id by, user_id user, account_wish wish) {
    return {by, user, wish, time_at(1), make.make_id<uuid>(), make.make_id<uuid>()};
  }

  std::unique_ptr<database> other_node_;
  std::unique_ptr<database_writer> others_writer_;
  user_id ann_, bob_;
};

/// Each of the two transactions locks both people's rows, which stand in opposite orders in the two batches.
TEST_F(postgres_people_races_test, the_jobs_of_a_batch_lock_in_the_order_of_their_keys) {
  const auto profile_of = [](user_id user) {
    write_job job = [user](record_writer& records) -> result<void> {
      (void)expect_value(records.change_profile(user, {{"new"}, {}, {}, {}}));
      return {};
    };
    job.key = user;
    return job;
  };
  const std::vector<write_job> to{profile_of(ann_), profile_of(bob_)};
  const std::vector<write_job> fro{profile_of(bob_), profile_of(ann_)};
  for (int round = 0; round < 10; ++round) {
    lock_holder held(url_, std::vector<room_id>{});
    held.hold_all_of("tb_users");
    const auto commit = [](database_writer& on, const std::vector<write_job>& jobs) {
      for (const auto& outcome : expect_value(on.commit({}, jobs)).jobs) expect_value(outcome);
    };
    auto one = beside([&] { commit(*writer, to); });
    auto two = beside([&] { commit(*others_writer_, fro); });
    wait_for_waiters(url_, 2);
    held.let_go();
    one.join();
    two.join();
  }
  EXPECT_EQ(counts_.store_retries_total.value(), 0U) << "nobody was ended for a deadlock";
}

/// Two nodes hold the same two of his tokens, and renew them in whatever order: whose row another one has is being
/// renewed or is going, so that nobody waits for it, and so nobody in a circle.
TEST_F(postgres_people_races_test, a_token_is_renewed_without_waiting_for_whoever_writes_it) {
  const auto token_of = [](std::uint8_t number) {
    token_hash token;
    token.bytes[0] = number;
    return token;
  };
  const auto renewal_of = [&](std::uint8_t number, timestamp at) {
    write_job job = [used = token_renewal{token_of(number), at, at}](record_writer& records) {
      return records.renew_token(used);
    };
    job.key = bob_;
    return job;
  };
  const auto uses = [&] {
    std::map<std::uint8_t, timestamp> seen;
    for (const auto& token : expect_value(reader->tokens_of(bob_))) seen[token.hash.bytes[0]] = token.last_used_at;
    return seen;
  };
  for (const auto number : {std::uint8_t{1}, std::uint8_t{2}}) {
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.create_token({token_of(number), bob_, time_at(1), time_at(100), {}, {}}));
      return {};
    });
  }
  postgres_connection other_node(expect_value(parse_postgres_url(url_)));
  other_node.run_script("BEGIN");
  other_node.query("SELECT 1 FROM tb_token WHERE token_hash = $1 FOR UPDATE", token_of(1));
  const std::vector<write_job> jobs{renewal_of(1, time_at(5)), renewal_of(2, time_at(5))};
  for (const auto& outcome : expect_value(writer->commit({}, jobs)).jobs) expect_value(outcome);
  EXPECT_EQ(uses(), (std::map<std::uint8_t, timestamp>{{1, time_at(1)}, {2, time_at(5)}}));
  other_node.run_script("ROLLBACK");
  const auto later = renewal_of(1, time_at(9));
  run(*writer, later);
  EXPECT_EQ(uses().at(1), time_at(9));
  EXPECT_EQ(counts_.store_retries_total.value(), 0U);
}

TEST_F(postgres_people_races_test, a_block_comes_behind_the_message_that_is_being_stored) {
  const auto room = add_pair(ann_, bob_);
  const bool waits = second_waits_for_first(
      "tb_messages",
      [&](database_writer& on) {
        const auto message = make.send(room, bob_, "before the block");
        (void)expect_value(expect_value(on.commit({&message, 1}, {})).appends.at(0));
      },
      [&](database_writer& on) { block(on, ann_, bob_); });
  EXPECT_TRUE(waits) << "what was decided before the block is stored before it is answered";
  expect_refusal(make.send(room, bob_, "behind it"), error_code::forbidden);
}

TEST_F(postgres_people_races_test, a_block_comes_behind_the_private_room_that_is_being_made) {
  const new_room room{
      make.make_id<room_id>(), {}, false, bob_, {ann_}, {make.make_id<uuid>(), make.make_id<uuid>()}, time_at(1)};
  const bool waits = second_waits_for_first(
      "tb_private_pair",
      [&](database_writer& on) {
        run(on, [&](record_writer& records) -> result<void> {
          (void)expect_value(records.create_room(room));
          return {};
        });
      },
      [&](database_writer& on) { block(on, ann_, bob_); });
  EXPECT_TRUE(waits);
  expect_refusal(make.send(room.id, bob_, "hello"), error_code::forbidden);
}

/// However the two stand to each other: by their transaction ids nobody could tell which of them read the account
/// first.
TEST_F(postgres_people_races_test, what_was_decided_before_a_suspension_shows_as_under_way_until_it_is_stored) {
  make_admin(ann_);
  const auto room = add_group("room", ann_, {bob_});
  for (const bool suspension_began_first : {false, true}) {
    EXPECT_TRUE(expect_value(reader->writes_under_way()).empty());
    lock_holder messages(url_, std::vector<room_id>{}), person(url_, std::vector<room_id>{});
    messages.hold_table("tb_messages");
    if (suspension_began_first) person.hold_user(bob_);
    const auto suspension = change_of(ann_, bob_, {account_flag::suspended, {}});
    const auto suspend = [&] {
      run(*others_writer_, [&](record_writer& records) -> result<void> {
        (void)expect_value(records.change_account(suspension));
        return {};
      });
    };
    std::jthread suspending;
    if (suspension_began_first) {
      suspending = beside(suspend);
      wait_for_waiters(url_, 1);
    }
    auto append = beside([&] {
      const auto message = make.send(room, bob_, "before it");
      (void)expect_value(expect_value(writer->commit({&message, 1}, {})).appends.at(0));
    });
    wait_for_waiters(url_, suspension_began_first ? 2 : 1);
    person.let_go();
    suspension_began_first ? suspending.join() : suspend();
    EXPECT_EQ(expect_value(reader->writes_under_way()).size(), 1U);
    messages.let_go();
    append.join();
    EXPECT_TRUE(expect_value(reader->writes_under_way()).empty());
    const auto late = make.send(room, bob_, "behind it");
    EXPECT_EQ(expect_value(writer->commit({&late, 1}, {})).appends.at(0).error().code, error_code::unauthenticated);
    run(*others_writer_, [&](record_writer& records) -> result<void> {
      (void)expect_value(records.change_account(change_of(ann_, bob_, {account_flag::active, {}})));
      return {};
    });
  }
}

TEST_F(postgres_people_races_test, a_suspension_comes_behind_the_room_that_is_being_made) {
  make_admin(ann_);
  const new_room room{
      make.make_id<room_id>(), "room", true, bob_, {ann_}, {make.make_id<uuid>(), make.make_id<uuid>()}, time_at(1)};
  const auto suspension = change_of(ann_, bob_, {account_flag::suspended, {}});
  const bool waits = second_waits_for_first(
      "tb_chat_rooms",
      [&](database_writer& on) {
        run(on, [&](record_writer& records) -> result<void> {
          (void)expect_value(records.create_room(room));
          return {};
        });
      },
      [&](database_writer& on) {
        run(on, [&](record_writer& records) -> result<void> {
          (void)expect_value(records.change_account(suspension));
          return {};
        });
      });
  EXPECT_TRUE(waits);
}

TEST_F(postgres_people_races_test, a_suspension_comes_behind_the_friendship_that_is_being_asked_for) {
  make_admin(ann_);
  const auto suspension = change_of(ann_, bob_, {account_flag::suspended, {}});
  const bool waits = second_waits_for_first(
      "tb_friendships",
      [&](database_writer& on) {
        run(on, [&](record_writer& records) -> result<void> {
          (void)expect_value(records.change_friendship(bob_, ann_, friend_action::ask, time_at(1)));
          return {};
        });
      },
      [&](database_writer& on) {
        run(on, [&](record_writer& records) -> result<void> {
          (void)expect_value(records.change_account(suspension));
          return {};
        });
      });
  EXPECT_TRUE(waits);
}

TEST_F(postgres_people_races_test, who_is_suspended_while_logging_in_is_not_logged_in) {
  make_admin(ann_);
  const new_token_record token{{}, bob_, time_at(1), time_at(1'000), {}, "hash of bob"};
  const auto suspension = change_of(ann_, bob_, {account_flag::suspended, {}});
  const bool waits = second_waits_for_first(
      "tb_token",
      [&](database_writer& on) {
        run(on, [&](record_writer& records) -> result<void> {
          (void)expect_value(records.create_token(token));
          return {};
        });
      },
      [&](database_writer& on) {
        run(on, [&](record_writer& records) -> result<void> {
          EXPECT_EQ(expect_value(records.change_account(suspension)).ended.size(), 1U);
          return {};
        });
      });
  EXPECT_TRUE(waits);
  EXPECT_TRUE(expect_value(reader->tokens_of(bob_)).empty());
}

TEST_F(postgres_people_races_test, two_admins_cannot_demote_each_other) {
  for (int round = 0; round < 10; ++round) {
    make_admin(ann_);
    make_admin(bob_);
    std::atomic<int> demoted = 0;
    const auto demote = [&](database_writer& on, const account_change& what) {
      const write_job job = [&](record_writer& records) -> result<void> {
        const auto done = records.change_account(what);
        if (done.has_error()) return done.error();
        return {};
      };
      const auto outcome = expect_value(on.commit({}, {&job, 1})).jobs.at(0);
      if (outcome.has_value()) ++demoted;
    };
    lock_holder held(url_, std::vector<room_id>{});
    held.hold_all_of("tb_users");
    auto one = beside([&, what = change_of(ann_, bob_, {{}, role::user})] { demote(*writer, what); });
    auto two = beside([&, what = change_of(bob_, ann_, {{}, role::user})] { demote(*others_writer_, what); });
    wait_for_waiters(url_, 2);
    held.let_go();
    one.join();
    two.join();
    EXPECT_EQ(demoted, 1);
  }
  EXPECT_EQ(counts_.store_retries_total.value(), 0U);
}

}  // namespace
}  // namespace parley::test
