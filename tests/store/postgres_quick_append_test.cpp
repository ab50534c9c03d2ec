// New messages in one round trip: what that way decides is what the way with all the facts decides.
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "postgres_locks.hpp"

namespace parley::test {
namespace {

/// Comparable, and readable where two differ.
std::string describe(const append_outcome& outcome) {
  if (outcome.has_error()) return "error " + std::string(to_string(outcome.error().code));
  std::string text = outcome->duplicate ? "again" : "new";
  for (const auto& event : outcome->events) {
    text += " " + std::to_string(event.seq);
    if (const auto* posted = std::get_if<message_posted>(&event.body)) {
      text += " " + to_string(posted->message) + " " + posted->display_name + ": " + posted->content.value_or("-") +
              " " + posted->client_msg_id.value_or("-");
    }
  }
  return text;
}

class postgres_quick_append_test : public postgres_fixture {
 protected:
  /// People and rooms of every kind, with the same ids each time.
  void make_world() {
    make = {};
    users_.clear();
    rooms_.clear();
    for (const auto* name : {"ann", "bob", "eve", "suspended", "stranger"}) users_.push_back(add_user(name));
    const auto [ann, bob, eve, suspended] = std::tuple(users_[0], users_[1], users_[2], users_[3]);
    for (const auto* name : {"plain", "slow", "muted"}) rooms_.push_back(add_group(name, ann, {bob, eve, suspended}));
    rooms_.push_back(add_pair(ann, bob));
    rooms_.push_back(add_pair(bob, eve));
    rooms_.push_back(make.make_id<room_id>());  // that nobody made
    append(make.command(rooms_[1], ann, set_slow_mode{1}));
    append(make.command(rooms_[2], ann, mute_member{bob, 3'600, {}}));
    support::run_sql(url_, "INSERT INTO tb_friendships (user_id, friend_id, status, created_at) VALUES ('" +
                               to_string(eve) + "', '" + to_string(bob) + "', 'blocked', now())");
    support::run_sql(url_, "UPDATE tb_users SET flagDelete = 'not_active' WHERE username = 'suspended'");
  }

  std::vector<append_command> random_batch(std::mt19937& random) {
    const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
    std::vector<append_command> batch;
    // Mostly who may, so that both ways have something to store.
    const auto somebody = [&] { return users_[below(4) == 0 ? below(users_.size()) : below(2)]; };
    const auto somewhere = [&] { return rooms_[below(3) == 0 ? below(rooms_.size()) : 3 * below(2)]; };
    for (auto left = 1 + below(6); left > 0; --left) {
      const auto key = below(3) == 0 ? std::nullopt : std::optional("key" + std::to_string(below(80)));
      switch (below(24)) {
        case 0:
          batch.push_back(make.rename(somewhere(), somebody(), "anew"));
          break;
        case 1:
          batch.push_back(make.send(somewhere(), somebody(), "", key));
          break;
        case 2:
          batch.push_back(make.reply(somewhere(), somebody(), "to nothing", make.make_id<message_id>()));
          break;
        case 3:
          batch.push_back(make.send(somewhere(), somebody(), std::string(limits_.content_bytes + 1, 'x')));
          break;
        case 4:
          batch.push_back(make.send(somewhere(), somebody(), std::string("\xff", 1), key));
          break;
        default:
          batch.push_back(make.send(somewhere(), somebody(), "text", key));
      }
    }
    return batch;
  }

  std::vector<std::string> run(unsigned seed, int batches) {
    make_world();
    std::mt19937 random(seed);
    std::vector<std::string> told;
    for (int i = 0; i < batches; ++i) {
      for (const auto& outcome : commit(random_batch(random))) told.push_back(describe(outcome));
    }
    for (const auto& room : rooms_) {
      for (const auto& event : events_of(room)) told.push_back(describe(append_outcome(stored{{event}})));
    }
    return told;
  }

  /// From here on everything goes the other way.
  void forget_function() {
    support::run_sql(url_,
                     "CREATE OR REPLACE FUNCTION store_sends(rooms uuid[], counts bigint[], places bigint[],"
                     " steps bigint[], ids uuid[], users uuid[], contents text[], keys text[], times timestamptz[],"
                     " OUT positions bigint[], OUT numbers bigint[], OUT names text[]) LANGUAGE sql AS"
                     " 'SELECT NULL::bigint[], NULL::bigint[], NULL::text[]'");
  }
  /// In another database.
  void start_anew() {
    writer.reset();
    reader.reset();
    url_ = shared_postgres().new_database();
    postgres_fixture::SetUp();
  }

  std::vector<user_id> users_;
  std::vector<room_id> rooms_;
};

TEST_F(postgres_quick_append_test, decides_as_the_plan_does) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    const auto quickly = run(seed, 150);
    EXPECT_GT(std::count_if(quickly.begin(), quickly.end(), [](const auto& text) { return text.starts_with("new"); }),
              150);
    start_anew();
    forget_function();
    const auto with_all_facts = run(seed, 150);
    ASSERT_EQ(quickly.size(), with_all_facts.size());
    for (std::size_t i = 0; i < quickly.size(); ++i) ASSERT_EQ(quickly[i], with_all_facts[i]) << i;
    start_anew();
  }
}

TEST_F(postgres_quick_append_test, stores_what_is_plain_without_the_way_with_all_facts) {
  make_world();
  support::run_sql(url_, "ALTER TABLE tb_roles RENAME TO tb_roles_gone");  // that way asks for roles first of all
  const auto outcomes = commit({make.send(rooms_[0], users_[0], "one", "key"), make.send(rooms_[3], users_[1], "two")});
  ASSERT_TRUE(outcomes[0].has_value() && outcomes[1].has_value());
  EXPECT_EQ(events_of(rooms_[3]).back().seq, outcomes[1]->events.at(0).seq);
}

/// Nothing for the server's own log, which keeps errors: many try again.
TEST_F(postgres_quick_append_test, a_known_key_is_no_error_and_stores_nothing) {
  make_world();
  const auto ann = users_[0];
  append(make.send(rooms_[0], ann, "one", "key"));
  const auto before = events_of(rooms_[0]).size();
  const auto try_to_store = [&](const std::string& key) {
    return support::run_sql(
        url_, fmt::format("SELECT coalesce(cardinality(numbers), 0) FROM store_sends(ARRAY['{}'::uuid], '{{2}}',"
                          " '{{1,1}}', '{{1,2}}', ARRAY['{}', '{}']::uuid[], array_fill('{}'::uuid, '{{2}}'),"
                          " '{{new,again}}', '{{{}2,{}}}', ARRAY[now(), now()])",
                          to_string(rooms_[0]), to_string(make.make_id<message_id>()),
                          to_string(make.make_id<message_id>()), to_string(ann), key, key));
  };
  EXPECT_EQ(try_to_store("key"), std::vector<std::string>{"0"});
  EXPECT_EQ(events_of(rooms_[0]).size(), before);
  EXPECT_EQ(try_to_store("other"), std::vector<std::string>{"2"});
  EXPECT_EQ(events_of(rooms_[0]).size(), before + 2);
}

/// His next ones would, as like as not, be written in vain.
TEST_F(postgres_quick_append_test, who_has_just_repeated_a_message_takes_the_other_way_for_a_while) {
  make_world();
  const auto ann = users_[0], bob = users_[1];
  append(make.send(rooms_[0], ann, "one", "key"));
  const auto is_taken = [&](user_id user) { return commit({make.send(rooms_[0], user, "two")})[0].has_value(); };
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + std::chrono::seconds(30);
  for (bool was_in_time = false; !was_in_time;) {
    ASSERT_LT(steady_clock::now(), end) << "the machine is too slow to see it";
    const auto begun = steady_clock::now();
    append(make.send(rooms_[0], ann, "one", "key"));
    support::run_sql(url_, "ALTER TABLE tb_roles RENAME TO tb_roles_gone");  // which only that way asks
    const bool was_taken = is_taken(ann);
    was_in_time = steady_clock::now() - begun < std::chrono::seconds(1);
    if (was_in_time) {
      EXPECT_FALSE(was_taken);
    } else {
      support::run_sql(url_, "ALTER TABLE tb_roles_gone RENAME TO tb_roles");
    }
  }
  EXPECT_TRUE(is_taken(bob));
  while (!is_taken(ann)) ASSERT_LT(steady_clock::now(), end) << "for ever";
}

/// Then all go the other way, and keep their order.
TEST_F(postgres_quick_append_test, a_refused_message_costs_its_mates_nothing) {
  make_world();
  const auto ann = users_[0], stranger = users_[4];
  const auto before = events_of(rooms_[0]).size();
  const auto outcomes = commit({make.send(rooms_[0], ann, "one"), make.send(rooms_[0], stranger, "no"),
                                make.send(rooms_[3], ann, "other"), make.send(rooms_[0], ann, "two")});
  EXPECT_EQ(outcomes[1].error().code, error_code::not_found);
  EXPECT_EQ(outcomes[0]->events.at(0).seq + 1, outcomes[3]->events.at(0).seq);
  EXPECT_EQ(events_of(rooms_[0]).size(), before + 2);
}

TEST_F(postgres_quick_append_test, a_room_that_somebody_else_has_does_not_hold_up_the_others) {
  make_world();
  const auto ann = users_[0];
  auto other = std::make_unique<lock_holder>(url_, rooms_[0]);
  auto lets_go = beside([&] {
    wait_for_waiters(url_, 1);
    EXPECT_EQ(events_of(rooms_[3]).size(), 3U) << "two members and the message: it was stored first";
    other->let_go();
  });
  const auto outcomes = commit({make.send(rooms_[0], ann, "one"), make.send(rooms_[3], ann, "two")});
  lets_go.join();
  EXPECT_TRUE(outcomes[0].has_value() && outcomes[1].has_value());
}

}  // namespace
}  // namespace parley::test
