// The control log over real transactions: nothing that is not committed, nothing twice, no number skipped, whoever
// writes; and the nodes that say they are there.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "parley/left_node.hpp"
#include "postgres_fixture.hpp"
#include "store/postgres_control_log.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;

class postgres_control_test : public postgres_fixture {
 protected:
  void SetUp() override {
    postgres_fixture::SetUp();
    clustered_ = open_clustered();
    writer = expect_value(clustered_->open_writer());
    log_ = open_log();
    known_ = expect_in_time([&] { return log_->end(); });
    enter(*log_, me_);
  }
  postgres_options options() {
    auto options = patient_options(url_);
    options.node = &identity_;
    return options;
  }
  std::unique_ptr<database> open_clustered() { return open_postgres_database(options(), limits_, counts_); }
  std::unique_ptr<control_log> open_log() { return std::make_unique<postgres_control_log>(options(), counts_); }

  node_report report() { return {make.make_id<uuid>(), "one", "0.1", time_at(1), known_, 3, 2, 1}; }
  static void enter(control_log& log, const node_report& who) {
    expect_in_time([&] { return log.enter(who); });
  }
  static void leave(control_log& log, const uuid& node) {
    expect_in_time([&] { return log.leave(node); });
  }
  control_news read(control_log& log, const node_report& who) {
    return expect_in_time([&] { return log.read(who, known_); });
  }
  control_news read(control_log& log) { return read(log, me_); }
  /// What is new.
  std::vector<control_event> read_events() {
    auto news = read(*log_);
    EXPECT_FALSE(news.missed_some);
    EXPECT_EQ(news.unreadable, 0U);
    known_ = news.reached;
    return std::move(news.events);
  }
  result<void> tell(database_writer& on, std::vector<control_event> events, bool fails = false) {
    const write_job job([&](record_writer& records) -> result<void> {
      for (const auto& event : events) records.tell_nodes(event);
      return fails ? result<void>(not_found("no")) : result<void>();
    });
    return expect_value(on.commit({}, {&job, 1})).jobs.at(0);
  }
  static token_hash token_of(std::uint8_t number) {
    token_hash token;
    token.bytes.fill(number);
    return token;
  }

  node_identity identity_{numbered_uuid(1)};
  std::unique_ptr<database> clustered_;
  std::unique_ptr<control_log> log_;
  control_positions known_{};
  node_report me_ = report();
};

TEST_F(postgres_control_test, every_kind_comes_back_as_it_was_told) {
  const auto ann = add_user("ann"), bob = add_user("bob");
  (void)read_events();
  const auto room = make.make_id<room_id>();
  expect_value(tell(*writer, {{ann, tokens_ended{{token_of(1), token_of(2)}, close_code::not_allowed}},
                              {ann, account_outdated{}},
                              {ann, role_given{role::moderator}},
                              {ann, membership_stored{room, 7, true}},
                              {ann, membership_stored{room, 8, false}},
                              {ann, friendship_stored{bob, friend_status::none, bob}},
                              {ann, friendship_stored{bob, friend_status::accepted, ann}}}));
  const auto events = read_events();
  ASSERT_EQ(events.size(), 7U);
  for (const auto& event : events) EXPECT_EQ(event.user, ann);
  const auto& ended = std::get<tokens_ended>(events[0].what);
  EXPECT_EQ(ended.tokens, (std::vector{token_of(1), token_of(2)}));
  EXPECT_EQ(ended.code, close_code::not_allowed);
  EXPECT_TRUE(std::holds_alternative<account_outdated>(events[1].what));
  EXPECT_EQ(std::get<role_given>(events[2].what).granted, role::moderator);
  const auto& joined = std::get<membership_stored>(events[3].what);
  EXPECT_EQ(joined.room, room);
  EXPECT_EQ(joined.seq, 7);
  EXPECT_TRUE(joined.joined);
  EXPECT_FALSE(std::get<membership_stored>(events[4].what).joined);
  EXPECT_EQ(std::get<friendship_stored>(events[5].what).status, friend_status::none);
  const auto& friends = std::get<friendship_stored>(events[6].what);
  EXPECT_EQ(friends.other, bob);
  EXPECT_EQ(friends.by, ann);
  EXPECT_EQ(friends.status, friend_status::accepted);
  EXPECT_TRUE(read_events().empty()) << "each is read once";
}

TEST_F(postgres_control_test, a_backlog_that_takes_too_long_at_once_is_read_in_parts) {
  const auto ann = add_user("ann");
  (void)read_events();
  constexpr std::size_t many = 600;
  expect_value(tell(*writer, std::vector<control_event>(many, {ann, account_outdated{}})));
  // Two milliseconds an event: 500 are more than a reading may take.
  support::run_sql(url_, "ALTER TABLE tb_control_event RENAME TO slow_events");
  support::run_sql(
      url_,
      "CREATE VIEW tb_control_event AS SELECT e.* FROM slow_events e, LATERAL (SELECT pg_sleep(0.002 + 0 * e.seq)) s");
  std::size_t read = 0, failed = 0;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (read < many && std::chrono::steady_clock::now() < give_up) {
    const auto news = log_->read(me_, known_);
    if (!news) {
      ++failed;
      continue;
    }
    EXPECT_FALSE(news->missed_some);
    read += news->events.size();
    known_ = news->reached;
  }
  EXPECT_EQ(read, many);
  EXPECT_GT(failed, 0U) << "the first attempt was too much";
}

TEST_F(postgres_control_test, what_a_failed_job_told_is_not_told) {
  const auto ann = add_user("ann");
  (void)read_events();
  EXPECT_TRUE(tell(*writer, {{ann, account_outdated{}}}, true).has_error());
  EXPECT_TRUE(read_events().empty());
  const std::vector<write_job> jobs{write_job([&](record_writer& records) -> result<void> {
                                      records.tell_nodes({ann, account_outdated{}});
                                      return not_found("no");
                                    }),
                                    write_job([&](record_writer& records) -> result<void> {
                                      records.tell_nodes({ann, role_given{role::admin}});
                                      return {};
                                    })};
  expect_value(writer->commit({}, jobs));
  const auto events = read_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<role_given>(events[0].what));
}

TEST_F(postgres_control_test, who_comes_into_a_room_and_goes_is_told_with_the_event) {
  const auto ann = add_user("ann"), bob = add_user("bob"), cid = add_user("cid");
  (void)read_events();
  const auto room = add_group("room", ann, {bob});
  EXPECT_EQ(read_events().size(), 2U) << "the first members";
  const auto invite = make.invite(room, ann, {cid});
  (void)expect_value(expect_value(writer->commit({&invite, 1}, {})).appends.at(0));
  auto events = read_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].user, cid);
  EXPECT_EQ(std::get<membership_stored>(events[0].what).seq, 3);
  const auto leaving = make.remove(room, bob, bob);
  (void)expect_value(expect_value(writer->commit({&leaving, 1}, {})).appends.at(0));
  events = read_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].user, bob);
  EXPECT_FALSE(std::get<membership_stored>(events[0].what).joined);
  EXPECT_EQ(std::get<membership_stored>(events[0].what).seq, 4);
}

TEST_F(postgres_control_test, a_node_without_others_tells_nobody) {
  writer = expect_value(node_->open_writer());
  const auto ann = add_user("ann"), bob = add_user("bob");
  add_group("room", ann, {bob});
  expect_value(tell(*writer, {{ann, account_outdated{}}}));
  EXPECT_TRUE(read_events().empty());
}

/// A reader that goes by position must never find a number that was taken before one that it has seen.
TEST_F(postgres_control_test, two_nodes_number_without_a_hole_and_nobody_is_passed_by) {
  constexpr int rounds = 60;
  std::vector<user_id> users;
  for (std::uint8_t i = 0; i < 40; ++i) {
    users.push_back(make.make_id<user_id>());
    users.back().bytes.back() = i;  // all partitions
  }
  const auto other = open_clustered();
  const auto others_writer = expect_value(other->open_writer());
  const auto write_all = [&](database_writer& on, bool backwards) {
    for (int round = 0; round < rounds; ++round) {
      std::vector<control_event> events;
      events.reserve(users.size());
      for (const auto& user : users) events.push_back({user, account_outdated{}});
      if (backwards) std::reverse(events.begin(), events.end());
      expect_value(tell(on, events));
    }
  };
  auto one = beside([&] { write_all(*writer, false); });
  auto two = beside([&] { write_all(*others_writer, true); });
  std::size_t seen = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (seen < 2 * rounds * users.size() && std::chrono::steady_clock::now() < deadline) seen += read_events().size();
  one.join();
  two.join();
  EXPECT_EQ(seen + read_events().size(), 2 * rounds * users.size());
  EXPECT_EQ(counts_.store_retries_total.value(), 0U) << "nobody was ended for a deadlock";
}

TEST_F(postgres_control_test, many_are_read_in_several_pages) {
  const auto ann = make.make_id<user_id>();
  expect_value(tell(*writer, std::vector<control_event>(1'200, {ann, account_outdated{}})));
  std::size_t seen = 0;
  for (bool has_more = true; has_more;) {
    const auto news = read(*log_);
    EXPECT_FALSE(news.missed_some);
    seen += news.events.size();
    known_ = news.reached;
    has_more = news.has_more;
  }
  EXPECT_EQ(seen, 1'200U);
}

TEST_F(postgres_control_test, who_was_away_while_they_were_deleted_is_told_so) {
  const auto ann = make.make_id<user_id>();
  const auto tell_one = [&] { expect_value(tell(*writer, {{ann, account_outdated{}}})); };
  const auto age = [&] {
    support::run_sql(url_, "UPDATE tb_control_event SET created_at = now() - interval '2 hours'");
  };
  tell_one();
  age();
  EXPECT_FALSE(expect_in_time([&] { return log_->tidy(); })) << "it was the only one";
  EXPECT_TRUE(read(*log_).missed_some) << "there is nothing left";
  tell_one();
  EXPECT_TRUE(read(*log_).missed_some) << "there is a later one";
  known_ = read(*log_).reached;
  EXPECT_FALSE(read(*log_).missed_some) << "told once";
}

TEST_F(postgres_control_test, what_a_newer_build_wrote_still_names_its_user) {
  const auto ann = make.make_id<user_id>(), bob = make.make_id<user_id>();
  expect_value(tell(*writer, {{ann, account_outdated{}}, {bob, role_given{role::admin}}}));
  support::run_sql(url_, "UPDATE tb_control_event SET kind = 'of tomorrow' WHERE kind = 'account_outdated'");
  const auto news = read(*log_);
  EXPECT_EQ(news.unreadable, 1U);
  ASSERT_EQ(news.events.size(), 2U);
  EXPECT_EQ(news.events[0].user, ann);
  EXPECT_TRUE(std::holds_alternative<not_understood>(news.events[0].what));
  EXPECT_FALSE(news.missed_some);
}

/// As behind a fail-over to a server that had not got everything yet.
TEST_F(postgres_control_test, a_log_that_was_set_back_is_noticed) {
  const auto ann = make.make_id<user_id>();
  expect_value(tell(*writer, std::vector<control_event>(5, {ann, account_outdated{}})));
  known_ = read(*log_).reached;
  support::run_sql(
      url_,
      "DELETE FROM tb_control_event WHERE seq > 3; UPDATE tb_control_position SET last_seq = 3 WHERE last_seq = 5");
  const auto news = read(*log_);
  EXPECT_TRUE(news.missed_some);
  known_ = news.reached;
  expect_value(tell(*writer, {{ann, account_outdated{}}}));
  EXPECT_EQ(read_events().size(), 1U);
}

TEST_F(postgres_control_test, nodes_see_one_another_until_they_leave) {
  auto other_report = report();
  other_report.name = "two";
  const auto other = open_log();
  enter(*other, other_report);
  me_.confirmed[3] = 99;
  (void)read(*log_);
  const auto seen_by_other = read(*other, other_report);
  ASSERT_EQ(seen_by_other.nodes.size(), 2U);
  for (const auto& node : seen_by_other.nodes) {
    EXPECT_LT(node.age, std::chrono::seconds(20));
    if (node.report.node != me_.node) continue;
    EXPECT_EQ(node.report.name, "one");
    EXPECT_EQ(node.report.version, "0.1");
    EXPECT_EQ(node.report.confirmed, me_.confirmed);
    EXPECT_EQ(node.report.connections, 3);
    EXPECT_EQ(node.report.rooms, 2);
    EXPECT_EQ(node.report.stream_backlog_bytes, 1);
  }
  leave(*other, other_report.node);
  EXPECT_EQ(read(*log_).nodes.size(), 1U);
}

/// Whoever revokes something waits for the nodes that it sees: so a node must be seen before it reads.
TEST_F(postgres_control_test, a_node_stands_in_the_table_even_when_it_cannot_read) {
  support::run_sql(url_, "ALTER TABLE tb_control_event RENAME TO elsewhere");
  support::run_sql(url_, "UPDATE tb_node SET heartbeat_at = now() - interval '1 hour'");
  const auto stands = [&] {
    return count("SELECT count(*) FROM tb_node WHERE heartbeat_at > now() - interval '1 minute'") == 1;
  };
  // On a busy machine the time for a reading may be over before it has begun.
  for (int tries = 0; tries < 3 && !stands(); ++tries) EXPECT_TRUE(log_->read(me_, known_).has_error());
  EXPECT_TRUE(stands());
}

// --- Presence ---

class postgres_presence_test : public postgres_control_test {
 protected:
  void SetUp() override {
    postgres_control_test::SetUp();
    ann_ = add_user("ann");
    auto options = this->options();
    options.node = &others_identity_;
    other_ = open_postgres_database(options, limits_, counts_);
    others_writer_ = expect_value(other_->open_writer());
    me_.node = identity_.get();
    enter(*log_, me_);
    auto others_report = report();
    others_report.node = others_identity_.get();
    enter(*log_, others_report);
    (void)read_events();
  }
  void save(database_writer& on, bool is_online) {
    const presence_record record{ann_, is_online, time_at(++moment_)};
    const write_job job([&](record_writer& records) { return records.save_presence({&record, 1}); });
    expect_value(expect_value(on.commit({}, {&job, 1})).jobs.at(0));
  }
  template <class Run>
  auto write_alone(Run run) {
    using value = typename decltype(run(std::declval<record_writer&>()))::value_type;
    value found{};
    const auto job = alone([&](record_writer& records) -> result<void> {
      found = expect_value(run(records));
      return {};
    });
    expect_value(expect_value(writer->commit({}, {&job, 1})).jobs.at(0));
    return found;
  }
  bool is_online() { return expect_value(reader->presence({&ann_, 1})).at(0).is_online; }
  /// `on` or `off` for each change that was told.
  std::string told() {
    std::string all;
    for (const auto& event : read_events()) {
      const auto* change = std::get_if<presence_stored>(&event.what);
      if (change != nullptr) all += change->is_online ? "on " : "off ";
    }
    return all;
  }

  node_identity others_identity_{numbered_uuid(2)};
  std::unique_ptr<database> other_;
  std::unique_ptr<database_writer> others_writer_;
  user_id ann_;
  std::int64_t moment_ = 0;
};

TEST_F(postgres_presence_test, somebody_is_on_from_the_first_node_to_the_last) {
  save(*writer, true);
  EXPECT_EQ(told(), "on ");
  save(*others_writer_, true);
  save(*writer, true);
  save(*writer, false);
  EXPECT_TRUE(is_online());
  EXPECT_EQ(told(), "") << "nothing has changed";
  EXPECT_EQ(expect_value(reader->presence_places(ann_)).size(), 1U);
  save(*others_writer_, false);
  EXPECT_FALSE(is_online());
  EXPECT_EQ(told(), "off ");
}

TEST_F(postgres_presence_test, many_change_at_once_and_each_is_told_for_himself) {
  const auto bob = add_user("bob");
  const auto cay = add_user("cay");
  save(*others_writer_, true);
  (void)read_events();
  const auto save_all = [&](const std::vector<presence_record>& all) {
    const write_job job([&](record_writer& records) { return records.save_presence(all); });
    expect_value(expect_value(writer->commit({}, {&job, 1})).jobs.at(0));
    std::map<user_id, std::string> changes;
    for (const auto& event : read_events()) {
      if (const auto* change = std::get_if<presence_stored>(&event.what))
        changes[event.user] += fmt::format("{} {} ", change->is_online ? "on" : "off", change->version);
    }
    return changes;
  };
  using told_by_user = std::map<user_id, std::string>;
  const auto first = save_all({{cay, true, time_at(50)}, {ann_, true, time_at(51)}, {bob, true, time_at(52)}});
  EXPECT_EQ(first, (told_by_user{{bob, "on 1 "}, {cay, "on 1 "}})) << "ann was on elsewhere";
  const auto second = save_all({{bob, false, time_at(60)}, {ann_, false, time_at(61)}, {cay, true, time_at(62)}});
  EXPECT_EQ(second, (told_by_user{{bob, "off 2 "}}));
  const std::vector ids{ann_, bob, cay};
  for (const auto& each : expect_value(reader->presence(ids))) {
    EXPECT_EQ(each.is_online, each.user != bob);
    EXPECT_EQ(each.last_seen, time_at(each.user == ann_ ? 61 : each.user == bob ? 60 : 50));
  }
  EXPECT_EQ(
      save_all({{bob, true, time_at(70)}, {make.make_id<user_id>(), true, time_at(70)}, {bob, false, time_at(71)}}),
      told_by_user{})
      << "of two the last counts, and who is not there is passed over";
}

TEST_F(postgres_presence_test, comings_and_goings_on_two_nodes_at_once_end_as_the_rows_say) {
  auto one = beside([&] {
    for (int i = 0; i < 50; ++i) save(*writer, i % 2 == 0);
  });
  auto two = beside([&] {
    const presence_record on{ann_, true, time_at(1)}, off{ann_, false, time_at(1)};
    for (int i = 0; i < 50; ++i) {
      const write_job job([&](record_writer& records) { return records.save_presence({i % 2 == 0 ? &on : &off, 1}); });
      expect_value(expect_value(others_writer_->commit({}, {&job, 1})).jobs.at(0));
    }
  });
  one.join();
  two.join();
  EXPECT_FALSE(is_online());
  auto changes = told();
  EXPECT_TRUE(changes.ends_with("off "));
  while (changes.starts_with("on off ")) changes.erase(0, 7);
  EXPECT_EQ(changes, "") << "each change is told once, in order";
}

TEST_F(postgres_presence_test, whoever_was_on_a_node_that_is_dead_is_off_once) {
  save(*others_writer_, true);
  EXPECT_EQ(told(), "on ");
  const auto seen = read(*log_).nodes;
  const auto other = std::find_if(seen.begin(), seen.end(),
                                  [&](const auto& node) { return node.report.node == others_identity_.get(); });
  ASSERT_NE(other, seen.end());
  const auto end = [&] {
    return write_alone([&](record_writer& records) { return records.end_presence_of_nobody(time_at(99), 10); });
  };
  EXPECT_EQ(end(), 0U) << "it is known";
  const auto forget = [&](timestamp at) {
    return write_alone([&](record_writer& records) { return records.forget_node(others_identity_.get(), at); });
  };
  EXPECT_FALSE(forget(other->heartbeat_at - std::chrono::seconds(1))) << "it has said a word since";
  EXPECT_TRUE(forget(other->heartbeat_at));
  EXPECT_FALSE(forget(other->heartbeat_at)) << "one of all who noticed does it";
  EXPECT_EQ(end(), 1U);
  EXPECT_FALSE(is_online());
  EXPECT_EQ(end(), 0U);
  EXPECT_EQ(told(), "off ");
  auto anew = report();
  anew.node = others_identity_.get();
  const auto news = read(*log_, anew);
  EXPECT_TRUE(news.is_forgotten) << "so it learns of it when it comes back";
}

TEST_F(postgres_presence_test, who_counts_as_on_though_on_no_node_is_ended_too) {
  support::run_sql(url_, "UPDATE tb_user_status SET is_online = 1 WHERE user_id = '" + to_string(ann_) + "'");
  const auto end = [&] {
    return write_alone([&](record_writer& records) { return records.end_presence_on_no_node(time_at(99), 10); });
  };
  EXPECT_EQ(write_alone([&](record_writer& records) { return records.end_presence_of_nobody(time_at(99), 10); }), 0U);
  EXPECT_EQ(end(), 1U);
  EXPECT_EQ(told(), "off ");
  save(*writer, true);
  EXPECT_EQ(end(), 0U) << "is on here";
}

TEST_F(postgres_presence_test, a_node_that_takes_leave_is_known_to_the_others_while_somebody_is_on_there) {
  save(*others_writer_, true);
  leave(*log_, others_identity_.get());
  EXPECT_TRUE(is_online());
  const auto nodes = read(*log_).nodes;
  const auto left = std::find_if(nodes.begin(), nodes.end(), [](const auto& node) { return has_left(node.report); });
  ASSERT_NE(left, nodes.end());
  EXPECT_EQ(left->report.node, others_identity_.get());
  EXPECT_EQ(expect_value(reader->nodes()).size(), nodes.size() - 1) << "operators look for those that run";
  EXPECT_TRUE(
      write_alone([&](record_writer& records) { return records.forget_node(left->report.node, left->heartbeat_at); }));
  write_alone([&](record_writer& records) { return records.end_presence_of_nobody(time_at(99), 10); });
  EXPECT_FALSE(is_online());
}

TEST_F(postgres_presence_test, last_seen_is_when_he_left_last_wherever_that_was) {
  save(*writer, true);
  save(*others_writer_, true);
  save(*writer, false);
  const auto left = time_at(moment_);
  write_alone([&](record_writer& records) { return records.forget_node(others_identity_.get(), time_at(1LL << 40)); });
  write_alone([&](record_writer& records) { return records.end_presence_of_nobody(time_at(1), 10); });
  EXPECT_EQ(expect_value(reader->presence({&ann_, 1})).at(0).last_seen, left);
}

TEST_F(postgres_presence_test, who_is_also_elsewhere_stays_on_when_a_node_dies) {
  save(*writer, true);
  save(*others_writer_, true);
  (void)told();
  write_alone([&](record_writer& records) { return records.forget_node(others_identity_.get(), time_at(1LL << 40)); });
  write_alone([&](record_writer& records) { return records.end_presence_of_nobody(time_at(99), 10); });
  EXPECT_TRUE(is_online());
  EXPECT_EQ(told(), "");
}

}  // namespace
}  // namespace parley::test
