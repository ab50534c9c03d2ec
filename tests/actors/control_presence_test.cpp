// The control actor and presence: dead nodes, what they leave behind, a node that was taken for dead, and who is told.
#include <gtest/gtest.h>

#include "actors/presence_actor.hpp"
#include "control_fixture.hpp"
#include "memory_store.hpp"
#include "parley/left_node.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr connection_ref anns_phone{0, 1}, bobs_eye{1, 9};

struct store_first {
  memory_store store_;
};

class control_presence_test : protected store_first, public control_actor_test {
 protected:
  control_presence_test() : control_actor_test(&store_) {
    world_.settings.presence.ttl_seconds = 30;
    world_.services->make_presence = spawn_presence;
  }
  void wait(seconds by) {
    for (milliseconds passed{0}; passed < by; passed += milliseconds(250)) world_.advance(milliseconds(250));
  }
  template <class What>
  void tell_record(What what) {
    caf::anon_send(world_.services->directory, to_presence{std::move(what)});
    world_.run();
  }
  void find_presence(bool is_online, std::int64_t version) {
    find({ann_, presence_stored{is_online, std::nullopt, version}});
  }
  void come_and_go_and_stop() {
    tell_record(user_came_on{ann_, anns_phone});
    tell_record(user_went_off{ann_, anns_phone});
    caf::anon_send(world_.services->directory, close_directory{answer<std::monostate>([](const auto&) {})});
    world_.run();
  }
  [[nodiscard]] const std::vector<std::string>& heard() { return world_.out.connections[bobs_eye].lines; }
};

TEST_F(control_presence_test, a_node_that_is_silent_for_nearly_the_ttl_is_dead) {
  other_node();
  start();
  wait(seconds(40));
  EXPECT_TRUE(store_.forgotten.empty()) << "it speaks";
  log_.others_speak = false;
  wait(seconds(26));
  EXPECT_TRUE(store_.forgotten.empty());
  wait(seconds(3));
  ASSERT_FALSE(store_.forgotten.empty()) << "within the TTL";
  EXPECT_EQ(store_.forgotten[0].first, log_.others[0].report.node);
  EXPECT_EQ(store_.forgotten[0].second, log_.others[0].heartbeat_at);
}

TEST_F(control_presence_test, a_node_that_took_leave_is_buried_when_its_users_had_the_grace_time) {
  world_.settings.presence.grace_seconds = 5;
  other_node();
  start();
  EXPECT_EQ(world_.counts.nodes_alive.value(), 2);
  log_.others_speak = false;
  log_.others[0].report.confirmed.fill(confirmed_for_good);
  wait(seconds(1));
  EXPECT_EQ(world_.counts.nodes_alive.value(), 1);
  wait(seconds(3));
  EXPECT_TRUE(store_.forgotten.empty());
  wait(seconds(2));
  EXPECT_FALSE(store_.forgotten.empty());
}

TEST_F(control_presence_test, who_left_a_moment_before_the_stop_stays_on_if_other_nodes_see_to_his_end) {
  other_node();
  start();
  come_and_go_and_stop();
  EXPECT_EQ(store_.presence_saves.size(), 1U) << "off is said by those who bury this node";
}

TEST_F(control_presence_test, the_last_node_that_stops_says_itself_who_is_off) {
  start();
  come_and_go_and_stop();
  ASSERT_EQ(store_.presence_saves.size(), 2U);
  EXPECT_FALSE(store_.presence_saves[1].is_online);
}

TEST_F(control_presence_test, with_the_shortest_ttl_a_node_is_not_buried_before_its_lease_has_ended) {
  world_.settings.presence.ttl_seconds = 1;
  other_node();
  start();
  wait(seconds(5));
  log_.others_speak = false;
  for (int i = 0; i < 6; ++i) world_.advance(milliseconds(250));
  EXPECT_TRUE(store_.forgotten.empty());
  wait(seconds(2));
  EXPECT_FALSE(store_.forgotten.empty());
}

TEST_F(control_presence_test, what_a_node_did_not_index_is_looked_for_when_it_is_gone) {
  int looks = 0;
  world_.services->search = world_.system->spawn([&looks]() -> search_handle::behavior_type {
    return {[](const room_written&) {}, [](index_rooms) {}, [&looks](const look_for_rooms_behind&) { ++looks; },
            [](const search_continuation&) {}};
  });
  other_node();
  start();
  wait(seconds(5));
  EXPECT_EQ(looks, 0);
  log_.others.clear();  // some node buried it, or it left
  wait(seconds(5));
  EXPECT_EQ(looks, 1);
  stop();
  caf::anon_send_exit(world_.services->search, caf::exit_reason::user_shutdown);
  world_.services->search = nullptr;
  world_.run();
}

TEST_F(control_presence_test, nobody_is_dead_behind_an_outage_in_which_nobody_could_say_a_word) {
  other_node();
  start();
  wait(seconds(40));
  log_.works = false;
  log_.others_speak = false;
  wait(seconds(60));
  log_.works = true;
  wait(seconds(26));
  EXPECT_TRUE(store_.forgotten.empty()) << "it may be about to speak";
  wait(seconds(3));
  EXPECT_FALSE(store_.forgotten.empty());
}

TEST_F(control_presence_test, a_node_that_has_just_begun_to_read_buries_nobody) {
  other_node();
  log_.others_speak = false;
  start();
  wait(seconds(26));
  EXPECT_TRUE(store_.forgotten.empty());
}

TEST_F(control_presence_test, a_burial_that_the_store_refused_is_tried_again_soon) {
  other_node();
  start();
  wait(seconds(5));
  log_.others_speak = false;
  store_.failing_burials = 2;
  wait(seconds(31));
  EXPECT_EQ(store_.failing_burials, 0);
  EXPECT_FALSE(store_.forgotten.empty());
}

TEST_F(control_presence_test, short_gaps_in_its_own_readings_put_no_burial_off_for_long) {
  other_node();
  start();
  wait(seconds(5));
  log_.others_speak = false;
  for (int i = 0; i < 3; ++i) {
    wait(seconds(8));
    log_.works = false;
    wait(seconds(2));
    log_.works = true;
  }
  wait(seconds(5));
  EXPECT_FALSE(store_.forgotten.empty());
}

TEST_F(control_presence_test, a_node_that_starts_also_ends_those_who_are_on_on_no_node) {
  store_.flags_alone = 450;
  store_.orphans = 1;
  start();
  EXPECT_EQ(store_.flags_alone, 0U);
  EXPECT_EQ(store_.orphans, 0U);
}

TEST_F(control_presence_test, the_new_identity_is_taken_when_the_others_know_of_it) {
  start();
  const auto first = identity_.get();
  log_.is_forgotten = true;
  log_.enters = false;
  wake();
  EXPECT_EQ(identity_.get(), first) << "what was saved under another one would be nobody's";
  log_.enters = true;
  world_.advance(milliseconds(250));
  EXPECT_NE(identity_.get(), first);
}

TEST_F(control_presence_test, behind_a_log_that_was_set_back_it_saves_who_is_on_and_tells_from_the_start) {
  start();
  tell_record(user_came_on{ann_, anns_phone});
  tell_record(watch_user{ann_, bobs_eye});
  find_presence(true, 160);
  ASSERT_EQ(store_.presence_saves.size(), 1U);
  log_.missed_some = true;
  wake();
  EXPECT_EQ(store_.presence_saves.size(), 2U);
  find_presence(false, 101);
  EXPECT_EQ(heard(), (std::vector<std::string>{"presence 1 on", "presence 1 off"}));
}

TEST_F(control_presence_test, those_on_dead_nodes_are_ended_step_by_step_at_the_start_and_behind_each_death) {
  store_.orphans = 450;
  start();
  EXPECT_EQ(store_.orphans, 0U);
  other_node();
  wait(seconds(29));
  log_.others_speak = false;
  wait(seconds(25));
  store_.orphans = 300;
  wait(seconds(4));
  EXPECT_EQ(store_.orphans, 0U);
}

/// Whoever buried it may have been killed before he had cleared up.
TEST_F(control_presence_test, who_sees_a_node_gone_clears_up_after_it_until_that_is_done) {
  other_node();
  start();
  wait(seconds(1));
  store_.orphans = 5;
  wait(seconds(1));
  EXPECT_EQ(store_.orphans, 5U);
  store_.commits_work = false;
  log_.others.clear();
  wait(seconds(1));
  EXPECT_EQ(store_.orphans, 5U);
  store_.commits_work = true;
  wait(seconds(2));
  EXPECT_EQ(store_.orphans, 0U);
}

TEST_F(control_presence_test, what_is_left_behind_later_is_ended_too) {
  start();
  store_.orphans = 1;
  wait(seconds(31));
  EXPECT_EQ(store_.orphans, 0U);
}

TEST_F(control_presence_test, who_was_taken_for_dead_enters_anew_under_another_identity_and_saves_who_is_on) {
  start();
  tell_record(user_came_on{ann_, anns_phone});
  tell_record(watch_user{bob_, bobs_eye});  // is off, and stays so
  ASSERT_EQ(store_.presence_saves.size(), 1U);
  ASSERT_EQ(log_.entered.size(), 1U);
  const auto first = identity_.get();
  EXPECT_EQ(log_.entered[0], first);
  log_.is_forgotten = true;
  wake();
  ASSERT_EQ(log_.entered.size(), 2U);
  EXPECT_NE(identity_.get(), first);
  EXPECT_EQ(log_.entered[1], identity_.get());
  EXPECT_EQ(log_.told.node, identity_.get());
  ASSERT_EQ(store_.presence_saves.size(), 2U);
  EXPECT_EQ(store_.presence_saves[1].user, ann_);
  EXPECT_TRUE(store_.presence_saves[1].is_online);
}

TEST_F(control_presence_test, watchers_are_told_by_the_log_alone) {
  start();
  tell_record(watch_user{ann_, bobs_eye});
  tell_record(user_came_on{ann_, anns_phone});
  EXPECT_EQ(heard(), std::vector<std::string>{}) << "she may have been on elsewhere";
  find_presence(true, 1);
  EXPECT_EQ(heard(), std::vector<std::string>{"presence 1 on"});
  find_presence(true, 1);
  EXPECT_EQ(heard().size(), 1U) << "read twice";
}

TEST_F(control_presence_test, whoever_has_read_a_later_state_is_not_told_of_an_earlier_one) {
  start();
  tell_record(watch_user{ann_, bobs_eye});
  tell_record(watcher_knows{ann_, bobs_eye, {ann_, false, std::nullopt, 4}});
  find_presence(true, 3);
  find_presence(false, 4);
  EXPECT_EQ(heard(), std::vector<std::string>{});
  find_presence(true, 5);
  EXPECT_EQ(heard(), std::vector<std::string>{"presence 1 on"});
}

TEST_F(control_presence_test, whoever_was_told_of_a_later_state_before_an_earlier_answer_is_told_again) {
  start();
  tell_record(watch_user{ann_, bobs_eye});
  find_presence(true, 5);
  tell_record(watcher_knows{ann_, bobs_eye, {ann_, false, std::nullopt, 4}});
  EXPECT_EQ(heard(), (std::vector<std::string>{"presence 1 on", "presence 1 on"}));
}

}  // namespace
}  // namespace parley::testing
