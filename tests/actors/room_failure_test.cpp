// What a room does when its store fails or it dies itself, and when nobody needs it.
#include "room_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

class RoomFailure : public room_fixture {};

TEST_F(RoomFailure, ABatchThatFailedIsUnavailableAndTheRoomGoesOnWhenTheStoreDoes) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  world_.store.failing_commits = 1;
  world_.say(alice, "k1", "lost");
  world_.run();
  EXPECT_EQ(alice.results["k1"], "unavailable");
  world_.say(alice, "k2", "too early");
  world_.run();
  EXPECT_EQ(alice.results["k2"], "unavailable");
  world_.advance(milliseconds(5'000));
  world_.say(alice, "k3", "again");
  world_.run();
  EXPECT_EQ(world_.lines(alice), (lines{"error k1 unavailable", "error k2 unavailable", "live ack k3 1"}));
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 again"}));
}

TEST_F(RoomFailure, WhatAFailedBatchStoredAllTheSameIsDeliveredToEverybody) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  world_.store.unclear_commits = 1;
  world_.say(alice, "k1", "stored after all");
  world_.run();
  EXPECT_TRUE(world_.lines(bob).empty());
  world_.advance(milliseconds(5'000));
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 stored after all"}));
  EXPECT_EQ(world_.lines(alice), (lines{"error k1 unavailable", "event 1 stored after all"}));
  world_.say(alice, "k1", "sent again");
  world_.run();
  EXPECT_EQ(world_.lines(alice).back(), "ack k1 1 again");
}

TEST_F(RoomFailure, AnUnclearBatchIsSettledThoughReadsFailForAWhile) {
  auto& alice = live(alice_);
  world_.store.unclear_commits = 1;
  world_.store.reads_work = false;
  world_.say(alice, "k1", "stored");
  world_.run();
  world_.advance(milliseconds(3'000));
  EXPECT_EQ(world_.lines(alice), (lines{"error k1 unavailable"}));
  world_.store.reads_work = true;
  world_.advance(milliseconds(3'000));
  EXPECT_EQ(world_.lines(alice).back(), "event 1 stored");
}

TEST_F(RoomFailure, AHoleIsReadFromTheStoreBeforeWhatFollowsIsDelivered) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  fill_log(2);  // another node's
  world_.say(alice, "k1", "mine");
  world_.run();
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 old", "event 2 old", "event 3 mine"}));
  EXPECT_EQ(world_.lines(alice), (lines{"event 1 old", "event 2 old", "live ack k1 3"}));
}

TEST_F(RoomFailure, AHoleThatCannotBeReadYetHoldsEverythingBack) {
  auto& alice = live(alice_);
  fill_log(1);
  world_.store.reads_work = false;
  world_.say(alice, "k1", "mine");
  world_.run();
  world_.say(alice, "k2", "mine too");
  world_.run();
  EXPECT_TRUE(world_.lines(alice).empty());
  world_.store.reads_work = true;
  world_.advance(milliseconds(3'000));
  EXPECT_EQ(world_.lines(alice), (lines{"event 1 old", "live ack k1 2", "live ack k2 3"}));
}

/// A look at the store may see a batch before its answers are back.
TEST_F(RoomFailure, WhatIsReadBeforeItsBatchIsBackDoesNotTakeTheAcksPlace) {
  auto& alice = live(alice_);
  auto& bob = live(bob_);
  world_.services->faults.after_commit = [&](auto) {
    caf::anon_send(alice.actor, hole_read{0, log_page{1, world_.store.rooms[room_].events}});
  };
  world_.say(alice, "k1", "m1");
  world_.run();
  EXPECT_EQ(world_.lines(alice), (lines{"live ack k1 1"}));
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 m1"}));
}

TEST_F(RoomFailure, WhoAsksForMoreThanAPageIsNotTurnedAway) {
  auto& alice = live(alice_);
  fill_log(100);
  for (sequence seq = 101; seq <= 1'300; ++seq) {
    world_.store.rooms[room_].events.push_back(posted(room_, seq, "another node's", id_of<message_id>(1), alice_));
  }
  world_.ask_catch_up(alice, 1'300);
  world_.run();
  EXPECT_EQ(alice.steps.back(), kind::attached);
  EXPECT_EQ(std::count(alice.steps.begin(), alice.steps.end(), kind::beyond_end), 0);
}

TEST_F(RoomFailure, NobodyWaitsLongForAnAnswerBehindAHoleThatCannotBeRead) {
  auto& alice = live(alice_);
  fill_log(1);
  world_.store.reads_work = false;
  world_.say(alice, "k1", "mine");
  world_.post_by_rest(room_, alice_, "rest", send_message{"too", {}, {}, {}});
  world_.run();
  EXPECT_FALSE(alice.results.contains("k1"));
  world_.advance(milliseconds(5'000));
  EXPECT_EQ(alice.results["k1"], "unavailable");
  EXPECT_EQ(world_.rest_results["rest"], "unavailable");
  world_.say(alice, "k2", "mine too");
  world_.run();
  world_.advance(milliseconds(5'000));
  EXPECT_EQ(alice.results["k2"], "unavailable");
  world_.store.reads_work = true;
  world_.advance(milliseconds(3'000));
  EXPECT_EQ(world_.lines(alice), (lines{"error k1 unavailable", "error k2 unavailable", "event 1 old", "event 2 mine",
                                        "event 3 too", "event 4 mine too"}));
}

/// What is missing may be a leave: the room goes on with what the tables say, not with what it remembers.
TEST_F(RoomFailure, ARoomWhoseLogLacksEventsIsReadAnew) {
  auto& alice = live(alice_);
  auto& bob = live(bob_);
  auto& record = world_.store.rooms[room_];
  std::erase(record.members, bob_);
  record.lost = 1;  // another node's member_left
  world_.say(alice, "k1", "bob is gone");
  world_.run();
  world_.advance(milliseconds(3'000));
  EXPECT_EQ(alice.results["k1"], "unavailable");
  EXPECT_EQ(world_.lines(alice), (lines{"error k1 unavailable", "event 2 bob is gone", "replay_end 2"}));
  EXPECT_TRUE(world_.lines(bob).empty()) << world_.lines(bob).back();
  EXPECT_FALSE(bob.attached);
}

TEST_F(RoomFailure, NobodyWaitsForTheLostEndOfALog) {
  auto& alice = live(alice_);
  world_.say(alice, "k1", "m1");
  world_.run();
  auto& record = world_.store.rooms[room_];
  record.lost = 1;  // another node's
  auto& bob = world_.connect(bob_);
  bob.after = 2;
  world_.hold(bob, room_, true);
  world_.run();
  EXPECT_TRUE(bob.attached);
  EXPECT_EQ(world_.lines(bob), (lines{"replay_end 2"}));
  record.events.pop_back();
  record.lost = 2;
  world_.ask_catch_up(bob, 0);
  world_.run();
  EXPECT_TRUE(bob.attached);
  EXPECT_EQ(world_.lines(bob).back(), "replay_end 2");
}

TEST_F(RoomFailure, ARoomThatDiesIsMadeAnewAndNothingStoredIsMissed) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  bool thrown = false;
  world_.services->faults.before_release = [&](room_id) {
    if (!std::exchange(thrown, true)) throw std::runtime_error("fault between commit and delivery");
  };
  world_.say(alice, "k1", "hello");
  world_.run();
  EXPECT_EQ(alice.results["k1"], "unavailable");
  EXPECT_EQ(world_.counts.actors_restarted_total.value(), 1U);
  EXPECT_EQ(world_.out.failed_rooms, (std::vector{room_}));
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 hello", "replay_end 1"}));
  EXPECT_EQ(world_.lines(alice), (lines{"error k1 unavailable", "event 1 hello", "replay_end 1"}));

  world_.say(alice, "k2", "again");
  world_.run();
  EXPECT_EQ(world_.lines(bob).back(), "event 2 again");
  EXPECT_EQ(world_.lines(alice).back(), "live ack k2 2");
}

TEST_F(RoomFailure, ACommandInADyingRoomsMailboxIsAnsweredUnavailable) {
  auto& alice = live(alice_);
  int posts = 0;
  world_.services->faults.on_post = [&](room_id) {
    if (++posts == 2) throw std::runtime_error("fault");
  };
  for (int i = 1; i <= 4; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  world_.run();
  for (const auto* id : {"k1", "k2", "k3", "k4"}) EXPECT_EQ(alice.results[id], "unavailable") << id;
  EXPECT_EQ(world_.out.connections[alice.connection].answers, 4U);
}

TEST_F(RoomFailure, ANewRoomWaitsForWhatTheDeadOneLeftWithTheStore) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  // The room dies while its batch waits for the store.
  world_.say(alice, "k1", "in the queue");
  for (int i = 0; i < 1; ++i) world_.scheduler->run_once();
  caf::anon_send_exit(alice.actor, caf::exit_reason::unhandled_exception);
  world_.scheduler->prioritize(alice.actor);
  world_.scheduler->run_once();
  world_.run();
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 in the queue", "replay_end 1"}));
}

TEST_F(RoomFailure, ASessionThatWasStillCatchingUpLearnsOfTheDeathToo) {
  auto& alice = live(alice_);
  auto& bob = world_.connect(bob_);
  world_.hold(bob, room_, false);
  world_.run();
  world_.services->faults.on_post = [&](room_id) { throw std::runtime_error("fault"); };
  world_.say(alice, "k1", "m");
  world_.run();
  EXPECT_EQ(bob.news, (lines{"failed -1", "joined"}));
  EXPECT_TRUE(bob.actor);  // held again
  EXPECT_EQ(alice.news, (lines{"failed -1", "joined", "failed 0"}));
}

TEST_F(RoomFailure, AJoinWhoseNewsDiedWithTheRoomIsToldByTheNextOne) {
  live(alice_);
  auto& carol = world_.connect(carol_, 1);
  world_.run();
  world_.services->faults.before_release = [&](room_id) {
    world_.services->faults.before_release = {};
    throw std::runtime_error("between the commit and the news");
  };
  world_.post_by_rest(room_, alice_, "invite", invite_members{{carol_}});
  world_.run();
  EXPECT_EQ(carol.news, (lines{"failed -1", "joined"}));
}

class RoomRetirement : public room_fixture {};

TEST_F(RoomRetirement, AnIdleRoomRetiresAndTheNextUseMakesItAnew) {
  world_.post_by_rest(room_, alice_, "r1", send_message{"one", {}, {}, {}});
  world_.run();
  EXPECT_EQ(active_rooms(), 1);
  world_.advance(milliseconds(59'000));
  EXPECT_EQ(active_rooms(), 1);
  world_.advance(milliseconds(2'000));
  EXPECT_EQ(active_rooms(), 0);
  EXPECT_EQ(world_.counts.ring_bytes.value(), 0);
  world_.post_by_rest(room_, alice_, "r2", send_message{"two", {}, {}, {}});
  world_.run();
  EXPECT_EQ(world_.rest_results["r2"], "ok 2");
}

TEST_F(RoomRetirement, ARoomThatIsHeldNeverRetires) {
  auto& alice = live(alice_);
  for (int i = 0; i < 10; ++i) world_.advance(milliseconds(61'000));
  EXPECT_EQ(active_rooms(), 1);
  world_.disconnect(alice);
  world_.run();
  world_.advance(milliseconds(61'000));
  EXPECT_EQ(active_rooms(), 0);
}

TEST_F(RoomRetirement, NoCommandIsLostWhenItMeetsARetiringRoom) {
  // The command is sent at every moment of the retirement.
  for (int moment = 0; moment < 12; ++moment) {
    actor_world world;
    world.settings.room.idle_seconds = 60;
    world.store.rooms[room_].members = {alice_};
    world.post_by_rest(room_, alice_, "r1", send_message{"one", {}, {}, {}});
    world.run();
    world.time.advance(std::chrono::seconds(61));
    world.scheduler->clock().advance_time(std::chrono::seconds(61));
    for (int i = 0; i < moment && world.scheduler->has_job(); ++i) world.scheduler->run_once();
    world.post_by_rest(room_, alice_, "r2", send_message{"two", {}, {}, {}});
    world.run();
    EXPECT_EQ(world.rest_results["r2"], "ok 2") << moment;
  }
}

}  // namespace
}  // namespace parley::testing
