// The control actor over a scripted log: what it hands on and in which order, until when the node may deliver, what it
// confirms, and for whom a revocation waits.
#include "actors/control_actor.hpp"

#include "actors/sweep_actor.hpp"
#include "control_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

// --- The lease ---

TEST_F(control_actor_test, nothing_may_be_delivered_before_the_log_was_read) {
  log_.works = false;
  start();
  EXPECT_FALSE(began_);
  EXPECT_FALSE(may_deliver());
  log_.works = true;
  world_.advance(milliseconds(100));
  EXPECT_TRUE(began_);
  EXPECT_TRUE(may_deliver());
}

TEST_F(control_actor_test, the_lease_ends_a_second_after_the_last_reading_began) {
  start();
  for (int i = 0; i < 20; ++i) {
    world_.advance(milliseconds(250));
    ASSERT_TRUE(may_deliver());
  }
  EXPECT_GE(log_.reads, 20);
  log_.works = false;
  for (int i = 0; i < 99; ++i) {
    world_.advance(milliseconds(10));
    ASSERT_TRUE(may_deliver());
  }
  world_.advance(milliseconds(10));
  EXPECT_FALSE(may_deliver());
  EXPECT_GT(world_.counts.control_failures_total.value(), 3U);
  log_.works = true;
  world_.advance(milliseconds(100));
  EXPECT_TRUE(may_deliver());
}

TEST_F(control_actor_test, who_comes_back_delivers_again_when_shards_and_sessions_know_what_ended_and_not_before) {
  start();
  const auto& ann = world_.connect(ann_, 0, token_of(ann_));
  world_.run();
  log_.works = false;
  world_.advance(milliseconds(2'000));
  log_.works = true;
  log_.next.push_back({ann_, tokens_ended{{token_of(ann_)}, close_code::token_ended}});
  world_.out.keeps_revocations = true;  // her socket takes its time
  world_.time.advance(milliseconds(100));
  world_.scheduler->clock().advance_time(milliseconds(100));
  bool was_handed_on = false;
  while (world_.scheduler->has_job()) {
    EXPECT_FALSE(may_deliver() && (world_.out.revoked.empty() || ann.news.empty()));
    was_handed_on = was_handed_on || !world_.out.revoked.empty();
    world_.scheduler->run_once();
  }
  EXPECT_TRUE(was_handed_on);
  EXPECT_TRUE(may_deliver()) << "one slow socket does not hold up everybody";
}

/// Whose end stands on the next page hears nothing before that is read.
TEST_F(control_actor_test, half_of_what_there_is_to_read_extends_nothing) {
  start();
  log_.works = false;
  world_.advance(milliseconds(2'000));
  log_.works = true;
  log_.has_more = true;
  log_.next.push_back({bob_, role_given{role::admin}});
  world_.time.advance(milliseconds(100));
  world_.scheduler->clock().advance_time(milliseconds(100));
  const auto reads = log_.reads;
  while (log_.reads == reads) world_.scheduler->run_once();
  EXPECT_FALSE(may_deliver());
  world_.run_actors();
  EXPECT_TRUE(may_deliver());
}

// --- What the log says ---

TEST_F(control_actor_test, sockets_and_tokens_that_ended_elsewhere_end_here_and_no_others) {
  auto& hers = world_.connect(ann_);
  auto& his = world_.connect(bob_);
  start();
  find({ann_, tokens_ended{{token_of(ann_)}, close_code::not_allowed}});
  EXPECT_EQ(hers.news, std::vector<std::string>{"token ended 4403"});
  EXPECT_TRUE(his.news.empty());
  ASSERT_EQ(world_.out.revoked.size(), 1U);
  EXPECT_TRUE(world_.out.revoked[0].concerns(token_of(ann_)));
  EXPECT_FALSE(world_.out.revoked[0].concerns(token_of(bob_))) << "what has begun since goes on";
  EXPECT_EQ(world_.out.revoked[0].user, ann_);
}

TEST_F(control_actor_test, roles_friends_and_rooms_are_told_in_the_order_of_the_log) {
  auto& hers = world_.connect(ann_);
  start();
  log_.next = {{ann_, role_given{role::moderator}},
               {ann_, friendship_stored{bob_, friend_status::pending, bob_}},
               {ann_, friendship_stored{bob_, friend_status::accepted, ann_}},
               {ann_, membership_stored{id_of<room_id>(9), 1, true}},
               {bob_, role_given{role::admin}}};
  wake();
  EXPECT_EQ(hers.news, (std::vector<std::string>{"moderator", "friend pending", "friend accepted", "joined"}));
  EXPECT_EQ(world_.counts.control_events_total.value(), 5U);
}

/// Who left is told by the room, which learns from the log how far its own log reaches.
TEST_F(control_actor_test, a_room_reads_what_it_has_not_heard_of_a_leaving) {
  const auto room = id_of<room_id>(9);
  world_.store.rooms[room].members = {ann_, bob_};
  auto& his = world_.connect(bob_);
  world_.hold(his, room, true);
  world_.run();
  start();
  const append_command leaving{room, bob_, {}, world_.ids.next(), {}, remove_member{bob_}};
  const auto left = world_.store.append(leaving);
  ASSERT_TRUE(left.has_value());
  find({bob_, membership_stored{room, left->events.back().seq, false}});
  world_.advance(milliseconds(100));
  EXPECT_EQ(his.news, std::vector<std::string>{"left"});
}

TEST_F(control_actor_test, what_is_not_understood_may_be_an_end) {
  start();
  find({ann_, not_understood{}});
  ASSERT_EQ(world_.out.revoked.size(), 1U);
  EXPECT_EQ(world_.out.revoked[0].user, ann_);
  EXPECT_EQ(world_.out.revoked[0].code, close_code::restarting);
}

TEST_F(control_actor_test, whoever_missed_something_begins_anew) {
  auto& hers = world_.connect(ann_);
  start();
  log_.missed_some = true;
  wake();
  EXPECT_EQ(world_.out.connections[hers.connection].closed, close_code::restarting);
  EXPECT_TRUE(may_deliver());
}

TEST_F(control_actor_test, what_did_not_fit_is_read_at_once) {
  start();
  const auto before = log_.reads;
  log_.has_more = true;
  wake();
  EXPECT_GE(log_.reads, before + 2);
}

TEST_F(control_actor_test, however_many_hints_come_it_reads_now_and_then) {
  start();
  world_.advance(milliseconds(30));
  const auto before = log_.reads;
  hint();
  EXPECT_EQ(log_.reads, before + 1) << "at once, when nothing was read lately";
  for (int i = 0; i < 100; ++i) {
    hint();
    world_.advance(milliseconds(1));
  }
  EXPECT_GE(log_.reads, before + 5);
  EXPECT_LE(log_.reads, before + 7);
}

// --- The other nodes ---

TEST_F(control_actor_test, it_confirms_when_the_last_byte_has_left) {
  start();
  world_.out.keeps_revocations = true;
  find({ann_, tokens_ended{{token_of(ann_)}, close_code::token_ended}});
  world_.advance(milliseconds(300));
  const auto partition = control_partition_of(ann_);
  EXPECT_EQ(log_.told.confirmed[partition], 0);
  const auto reads = log_.reads;
  world_.out.under_way.clear();
  world_.run();
  EXPECT_EQ(log_.told.confirmed[partition], 1);
  EXPECT_EQ(log_.reads, reads + 1) << "at once";
}

TEST_F(control_actor_test, a_revocation_waits_for_every_node_that_may_deliver) {
  start();
  other_node();
  log_.next.push_back({ann_, tokens_ended{{token_of(ann_)}, close_code::token_ended}});
  const auto held = wait_for_nodes();
  world_.advance(milliseconds(200));
  EXPECT_FALSE(held.expired());
  log_.others[0].report.confirmed[control_partition_of(ann_)] = 1;
  world_.advance(milliseconds(10));
  EXPECT_TRUE(held.expired());
  EXPECT_NEAR(world_.counts.control_wait_seconds.sum(), 0.21, 0.011);
}

/// By its own clock: the store's may be set.
TEST_F(control_actor_test, it_waits_for_nobody_who_was_silent_for_as_long_as_a_lease) {
  other_node();
  log_.others_speak = false;
  start();
  for (int i = 0; i < 3; ++i) world_.advance(milliseconds(250));
  EXPECT_EQ(world_.counts.nodes_alive.value(), 2);
  log_.next.push_back({ann_, account_outdated{}});
  const auto held = wait_for_nodes();
  log_.others[0].age = std::chrono::hours(1);
  for (int i = 0; i < 20; ++i) world_.advance(milliseconds(10));
  EXPECT_FALSE(held.expired()) << "it may deliver for another moment";
  for (int i = 0; i < 10; ++i) world_.advance(milliseconds(10));
  EXPECT_TRUE(held.expired());
  EXPECT_EQ(world_.counts.nodes_alive.value(), 1);
}

TEST_F(control_actor_test, it_waits_no_longer_than_a_lease_lasts) {
  start();
  other_node();
  log_.next.push_back({ann_, account_outdated{}});
  const auto held = wait_for_nodes();
  for (int i = 0; i < 99; ++i) world_.advance(milliseconds(10));
  EXPECT_FALSE(held.expired());
  world_.advance(milliseconds(20));
  EXPECT_TRUE(held.expired());
}

TEST_F(control_actor_test, without_the_store_it_waits_no_longer_either) {
  start();
  other_node();
  log_.works = false;
  const auto held = wait_for_nodes();
  for (int i = 0; i < 11; ++i) world_.advance(milliseconds(100));
  EXPECT_TRUE(held.expired());
}

TEST_F(control_actor_test, it_says_good_bye_and_tidies_up_now_and_then) {
  start();
  for (int minutes = 0; minutes < 11; ++minutes) world_.advance(std::chrono::minutes(1));
  EXPECT_EQ(log_.tidied, 1);
  for (int minutes = 0; minutes < 11; ++minutes) world_.advance(std::chrono::minutes(1));
  EXPECT_EQ(log_.tidied, 3) << "soon again while there is more";
  stop();
  EXPECT_EQ(log_.left, 1);
}

TEST_F(control_actor_test, what_a_node_that_fell_silent_told_nobody_is_looked_for_at_once) {
  world_.services->sweep = spawn_sweep(*world_.system, *world_.services);
  other_node();
  start();
  world_.advance(milliseconds(500));
  log_.others_speak = false;
  for (int i = 0; i < 10; ++i) world_.advance(milliseconds(250));
  EXPECT_EQ(world_.counts.sweeps_total.value(), 1U) << "before bus.sweep_seconds are over, and once";
  caf::anon_send_exit(world_.services->sweep, caf::exit_reason::user_shutdown);
  world_.services->sweep = nullptr;
  world_.run();
}

/// They could not have delivered it, and did not read it.
TEST_F(control_actor_test, what_rooms_were_told_behind_a_lapse_is_looked_for_when_it_is_over) {
  world_.services->sweep = spawn_sweep(*world_.system, *world_.services);
  start();
  EXPECT_EQ(world_.counts.sweeps_total.value(), 0U);
  log_.works = false;
  world_.advance(milliseconds(2'000));
  log_.works = true;
  world_.advance(milliseconds(100));
  EXPECT_EQ(world_.counts.sweeps_total.value(), 1U);
  EXPECT_NE(world_.counts.resynced_at_ms.value(), 0) << "parleyctl cluster shows when";
  caf::anon_send_exit(world_.services->sweep, caf::exit_reason::user_shutdown);
  world_.services->sweep = nullptr;
  world_.run();
}

TEST_F(control_actor_test, a_reading_that_fails_does_not_make_a_node_alone) {
  other_node();
  start();
  EXPECT_TRUE(world_.services->has_company);
  log_.works = false;
  world_.advance(milliseconds(500));
  EXPECT_TRUE(world_.services->has_company) << "if it stops now, those who are on may come to the other one";
  EXPECT_EQ(world_.counts.nodes_alive.value(), 0) << "but nobody knows how many there are";
}

/// Alive, but alone cut off from the bus, say.
TEST_F(control_actor_test, what_a_node_cannot_tell_is_looked_for_each_second) {
  world_.services->sweep = spawn_sweep(*world_.system, *world_.services);
  other_node();
  start();
  const auto pass = [&](int steps) {
    for (int i = 0; i < steps; ++i) world_.advance(milliseconds(250));
  };
  log_.others[0].report.stream_backlog_bytes = 1'000;
  pass(3);
  log_.others[0].report.stream_backlog_bytes = 0;  // it was only busy
  pass(1);
  for (int i = 0; i < 8; ++i) {  // what it writes is always on its way
    log_.others[0].report.stream_backlog_bytes = 1'000 + 500 * (i % 3);
    pass(1);
  }
  EXPECT_EQ(world_.counts.sweeps_total.value(), 0U);
  log_.others[0].report.stream_backlog_bytes = 2'000;
  pass(13);
  EXPECT_GE(world_.counts.sweeps_total.value(), 3U);
  EXPECT_LE(world_.counts.sweeps_total.value(), 4U);
  log_.others[0].report.stream_backlog_bytes = 0;
  pass(1);
  const auto so_far = world_.counts.sweeps_total.value();
  pass(10);
  EXPECT_LE(world_.counts.sweeps_total.value(), so_far + 1);
  caf::anon_send_exit(world_.services->sweep, caf::exit_reason::user_shutdown);
  world_.services->sweep = nullptr;
  world_.run();
}

}  // namespace
}  // namespace parley::testing
