// A room actor, driven message by message together with its store, shards and sessions.
#include "actors/room_actor.hpp"

#include <gtest/gtest.h>

#include "actor_world.hpp"

namespace parley::testing {
namespace {

using kind = catch_up_step::kind;
using std::chrono::milliseconds;
using lines = std::vector<std::string>;

class RoomActor : public ::testing::Test {
 protected:
  RoomActor() {
    auto& record = world_.store.rooms[room_];
    record.members = {alice_, bob_};
    world_.settings.room.idle_seconds = 60;
  }
  void fill_log(sequence count) {
    auto& record = world_.store.rooms[room_];
    for (sequence seq = 1; seq <= count; ++seq) {
      record.events.push_back(posted(room_, seq, "old", id_of<message_id>(static_cast<std::uint8_t>(seq)), bob_));
    }
  }
  client& live(user_id user, std::uint32_t shard = 0) {
    auto& made = world_.connect(user, shard);
    made.after = static_cast<sequence>(world_.store.rooms[room_].events.size());
    world_.hold(made, room_, true);
    world_.run();
    EXPECT_TRUE(made.attached);
    world_.out.connections[made.connection].lines.clear();
    return made;
  }
  [[nodiscard]] std::int64_t active_rooms() const { return world_.counts.rooms_active.value(); }

  actor_world world_;
  room_id room_ = id_of<room_id>(1);
  user_id alice_ = id_of<user_id>(1), bob_ = id_of<user_id>(2), carol_ = id_of<user_id>(3);
};

TEST_F(RoomActor, AMessageIsStoredThenDeliveredAndItsSenderGetsTheAckInstead) {
  auto& alice = live(alice_, 0);
  auto& bob = live(bob_, 1);
  auto& second_device = live(alice_, 1);
  world_.say(alice, "k1", "hello");
  world_.run();
  EXPECT_EQ(world_.lines(alice), (lines{"live ack k1 1"}));
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 hello"}));
  EXPECT_EQ(world_.lines(second_device), (lines{"event 1 hello"}));
  EXPECT_EQ(alice.answered, (lines{"k1"}));
  EXPECT_EQ(world_.out.connections[alice.connection].answers, 1U);
}

TEST_F(RoomActor, NothingIsDeliveredBeforeItsCommit) {
  auto& alice = live(alice_);
  auto& bob = live(bob_);
  bool checked = false;
  world_.services->faults.before_commit = [&](std::span<const append_command> commands) {
    if (commands.empty()) return;
    world_.out.run_all();
    EXPECT_TRUE(world_.lines(bob).empty());
    checked = true;
  };
  world_.say(alice, "k1", "hello");
  world_.run();
  EXPECT_TRUE(checked);
  EXPECT_EQ(world_.lines(bob).size(), 1U);
}

TEST_F(RoomActor, WhileOneBatchIsStoredTheNextOneFills) {
  auto& alice = live(alice_);
  for (int i = 1; i <= 9; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  world_.run();
  ASSERT_GE(world_.store.commits.size(), 2U);
  EXPECT_EQ(world_.store.commits[0].commands, 1U);
  EXPECT_EQ(world_.store.commits[1].commands, 8U);
  EXPECT_EQ(world_.lines(alice).back(), "live ack k9 9");
}

TEST_F(RoomActor, DuplicatesAndRefusalsAreAnsweredInTheirPlaces) {
  auto& alice = live(alice_);
  auto& bob = live(bob_);
  world_.say(bob, "b0", "first");
  world_.run();
  world_.out.connections[alice.connection].lines.clear();
  world_.out.connections[bob.connection].lines.clear();

  world_.say(alice, "k1", "one");
  world_.run_actors();
  world_.say(alice, "k2", "two");
  world_.say(alice, "k1", "changed");
  world_.say(alice, "k3", "forbidden");
  world_.say(alice, "k4", "four");
  world_.run();
  EXPECT_EQ(world_.lines(alice),
            (lines{"live ack k1 2", "live ack k2 3", "ack k1 2 again", "error k3 forbidden", "live ack k4 4"}));
  EXPECT_EQ(world_.lines(bob), (lines{"event 2 one", "event 3 two", "event 4 four"}));
  EXPECT_EQ(world_.out.connections[alice.connection].answers, 5U);
}

TEST_F(RoomActor, AFrameThatWantsNoAnswerGetsItsEventAndItsErrors) {
  auto& alice = live(alice_);
  world_.post(alice, "k1", send_message{"quiet", {}, {}, {}}, false);
  world_.post(alice, "k2", send_message{"forbidden", {}, {}, {}}, false);
  world_.run();
  EXPECT_EQ(world_.lines(alice), (lines{"event 1 quiet", "error k2 forbidden"}));
  EXPECT_EQ(world_.out.connections[alice.connection].answers, 0U);
}

TEST_F(RoomActor, WhatIsSentByRestGoesToAllConnections) {
  auto& alice = live(alice_);
  world_.post_by_rest(room_, alice_, "r1", send_message{"by rest", {}, {}, "key"});
  world_.post_by_rest(room_, alice_, "r2", send_message{"by rest", {}, {}, "key"});
  world_.post_by_rest(room_, alice_, "r3", send_message{"forbidden", {}, {}, {}});
  world_.run();
  EXPECT_EQ(world_.lines(alice), (lines{"event 1 by rest"}));
  EXPECT_EQ(world_.rest_results["r1"], "ok 1");
  EXPECT_EQ(world_.rest_results["r2"], "ok again 1");
  EXPECT_EQ(world_.rest_results["r3"], "forbidden");
}

TEST_F(RoomActor, WhoIsNoMemberIsToldThatThereIsNoSuchRoom) {
  auto& carol = world_.connect(carol_);
  world_.hold(carol, room_, false);
  world_.run();
  EXPECT_FALSE(carol.is_member);
  world_.say(carol, "k1", "hello");
  world_.post_by_rest(room_, carol_, "r1", send_message{"hello", {}, {}, {}});
  world_.ask_catch_up(carol, 0);
  world_.run();
  EXPECT_EQ(carol.results["k1"], "not_found");
  EXPECT_EQ(world_.rest_results["r1"], "not_found");
  EXPECT_EQ(carol.steps, (std::vector{kind::not_member}));
  EXPECT_TRUE(world_.store.commits.empty());
}

TEST_F(RoomActor, AModeratorsDeletionReachesTheStoreFromOutside) {
  world_.post_by_rest(room_, carol_, "r1", delete_message{id_of<message_id>(1)}, role::moderator);
  world_.run();
  EXPECT_EQ(world_.store.commits.size(), 1U);
}

TEST_F(RoomActor, AFullQueueIsBusy) {
  world_.settings.room.queue_commands = 3;
  auto& alice = live(alice_);
  for (int i = 1; i <= 6; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  // Only the room: its store does not answer yet.
  world_.scheduler->prioritize(alice.actor);
  for (int i = 0; i < 6; ++i) {
    world_.scheduler->prioritize(alice.actor);
    world_.scheduler->run_once();
  }
  world_.run();
  EXPECT_EQ(alice.results["k4"], "ok");
  EXPECT_EQ(alice.results["k5"], "busy");
  EXPECT_EQ(alice.results["k6"], "busy");
  EXPECT_EQ(world_.out.connections[alice.connection].answers, 6U);
  EXPECT_EQ(world_.counts.room_busy_total.value(), 2U);
  EXPECT_EQ(world_.counts.room_queue.value(), 0);
}

TEST_F(RoomActor, ANewRoomHasNothingInMemoryAndSendsReplaysToTheStore) {
  fill_log(12);
  auto& alice = world_.connect(alice_);
  world_.hold(alice, room_, true);
  world_.run();
  EXPECT_TRUE(alice.attached);
  EXPECT_EQ(alice.steps.front(), kind::read_store);
  EXPECT_EQ(world_.lines(alice).size(), 13U);
  EXPECT_EQ(world_.lines(alice).back(), "replay_end 12");
}

TEST_F(RoomActor, APositionTheStoreHasButTheRoomHasNotReleasedYetIsWaitedFor) {
  auto& alice = live(alice_);
  auto& bob = live(bob_);
  bool asked = false;
  world_.services->faults.after_commit = [&](std::span<const append_command> commands) {
    if (commands.empty() || std::exchange(asked, true)) return;
    world_.ask_catch_up(bob, 1);  // read from the store, say
    for (int i = 0; i < 20; ++i) {
      if (world_.scheduler->prioritize(alice.actor)) world_.scheduler->run_once();
    }
    EXPECT_EQ(bob.steps.size(), 1U);  // no new step yet
  };
  world_.say(alice, "k1", "hello");
  world_.run();
  EXPECT_EQ(bob.steps.back(), kind::attached);
  EXPECT_EQ(world_.lines(bob), (lines{"replay_end 1"}));

  bob.go_live = false;
  world_.ask_catch_up(bob, 7);
  world_.run();
  EXPECT_EQ(bob.steps.back(), kind::beyond_end);
}

TEST_F(RoomActor, ResumeSetsAnAttachedConnectionBack) {
  auto& alice = live(alice_);
  auto& bob = live(bob_);
  for (int i = 1; i <= 3; ++i) world_.say(alice, "k" + std::to_string(i), "m" + std::to_string(i));
  world_.run();
  world_.out.connections[bob.connection].lines.clear();
  world_.ask_catch_up(bob, 1);
  world_.say(alice, "k4", "m4");
  world_.run();
  EXPECT_EQ(world_.lines(bob), (lines{"event 2 m2", "event 3 m3", "replay_end 3", "event 4 m4"}));
}

TEST_F(RoomActor, AttachesAnywhereInABatchWithoutHoleOrRepeat) {
  // The position of the replay's start and the moment of the request vary over every step of the store's way.
  for (int moment = 0; moment < 25; ++moment) {
    actor_world world;
    world.store.rooms[room_].members = {alice_, bob_};
    auto& alice = world.connect(alice_);
    world.hold(alice, room_, true);
    auto& bob = world.connect(bob_, 1);
    world.hold(bob, room_, false);
    world.run();
    for (int i = 1; i <= 6; ++i) world.say(alice, "k" + std::to_string(i), "m");
    for (int i = 0; i < moment; ++i) {
      if (!world.scheduler->has_job()) world.out.run_all();
      if (world.scheduler->has_job()) world.scheduler->run_once();
    }
    world.ask_catch_up(bob, 0);
    world.run();
    lines events;
    for (const auto& line : world.lines(bob)) {
      if (line.rfind("event", 0) == 0) events.push_back(line);
    }
    EXPECT_EQ(events, (lines{"event 1 m", "event 2 m", "event 3 m", "event 4 m", "event 5 m", "event 6 m"})) << moment;
  }
}

TEST_F(RoomActor, WhoJoinsAndWhoLeavesIsToldOnAllDevices) {
  auto& alice = live(alice_);
  auto& carol = world_.connect(carol_, 1);
  world_.run();
  world_.post_by_rest(room_, alice_, "invite", invite_members{{carol_}});
  world_.run();
  EXPECT_EQ(carol.news, (lines{"joined"}));
  EXPECT_EQ(world_.lines(alice), (lines{"joined 1 3"}));
  carol.after = 1;
  world_.hold(carol, room_, true);
  world_.run();
  EXPECT_TRUE(carol.is_member);
  world_.post_by_rest(room_, alice_, "remove", remove_member{carol_});
  world_.run();
  world_.say(alice, "k1", "without carol");
  world_.run();
  EXPECT_EQ(carol.news, (lines{"joined", "left"}));
  EXPECT_EQ(world_.lines(carol), (lines{"replay_end 1"}));
  EXPECT_EQ(world_.lines(alice), (lines{"joined 1 3", "left 2 3", "live ack k1 3"}));
}

TEST_F(RoomActor, AnUnknownRoomIsNotFoundForEverybodyAndEnds) {
  const auto nowhere = id_of<room_id>(77);
  auto& alice = world_.connect(alice_);
  world_.hold(alice, nowhere, true);
  world_.post_by_rest(nowhere, alice_, "r1", send_message{"hello", {}, {}, {}});
  world_.run();
  EXPECT_EQ(alice.news, (lines{"unknown not_found"}));
  EXPECT_EQ(world_.rest_results["r1"], "not_found");
  EXPECT_EQ(active_rooms(), 0);
}

TEST_F(RoomActor, ARoomThatCannotBeReadIsUnavailableAndTheNextUseTriesAgain) {
  world_.store.reads_work = false;
  auto& alice = world_.connect(alice_);
  world_.hold(alice, room_, true);
  world_.run();
  EXPECT_EQ(alice.news, (lines{"unknown unavailable"}));
  EXPECT_EQ(active_rooms(), 0);
  world_.store.reads_work = true;
  world_.hold(alice, room_, true);
  world_.run();
  EXPECT_TRUE(alice.attached);
}

TEST_F(RoomActor, TicksDoNotMultiplyWithWhatIsPlannedBetweenThem) {
  auto& alice = live(alice_);
  const auto pending = [this] { return world_.scheduler->clock().schedule().size(); };
  std::size_t most = 0;
  for (int i = 0; i < 50; ++i) {
    caf::anon_send(alice.actor, move_read_marker{alice_, 0, answer<read_ack>([](const auto&) {})});
    caf::anon_send(alice.actor, move_read_marker{alice_, 1, answer<read_ack>([](const auto&) {})});
    world_.say(alice, "k" + std::to_string(i), "x");
    world_.run();
    world_.advance(std::chrono::milliseconds(1'100));
    world_.run();
    most = std::max(most, pending());
  }
  EXPECT_LE(most, 4U);
}

TEST_F(RoomActor, AnUnknownRoomLeavesNothingBehind) {
  const auto before = world_.scheduler->clock().schedule().size();
  for (std::uint8_t i = 100; i < 120; ++i) {
    world_.post_by_rest(id_of<room_id>(i), alice_, "r", send_message{"hello", {}, {}, {}});
  }
  world_.run();
  EXPECT_EQ(active_rooms(), 0);
  EXPECT_EQ(world_.scheduler->clock().schedule().size(), before) << "a timer would keep each actor for the idle time";
}

// --- Failure ---

TEST_F(RoomActor, ABatchThatFailedIsUnavailableAndTheRoomGoesOnWhenTheStoreDoes) {
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

TEST_F(RoomActor, WhatAFailedBatchStoredAllTheSameIsDeliveredToEverybody) {
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

TEST_F(RoomActor, AnUnclearBatchIsSettledThoughReadsFailForAWhile) {
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

TEST_F(RoomActor, AHoleIsReadFromTheStoreBeforeWhatFollowsIsDelivered) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  fill_log(2);  // another node's
  world_.say(alice, "k1", "mine");
  world_.run();
  EXPECT_EQ(world_.lines(bob), (lines{"event 1 old", "event 2 old", "event 3 mine"}));
  EXPECT_EQ(world_.lines(alice), (lines{"event 1 old", "event 2 old", "live ack k1 3"}));
}

TEST_F(RoomActor, AHoleThatCannotBeReadYetHoldsEverythingBack) {
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

TEST_F(RoomActor, ARoomThatDiesIsMadeAnewAndNothingStoredIsMissed) {
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

TEST_F(RoomActor, ACommandInADyingRoomsMailboxIsAnsweredUnavailable) {
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

TEST_F(RoomActor, ANewRoomWaitsForWhatTheDeadOneLeftWithTheStore) {
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

TEST_F(RoomActor, ASessionThatWasStillCatchingUpLearnsOfTheDeathToo) {
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

TEST_F(RoomActor, AJoinWhoseNewsDiedWithTheRoomIsToldByTheNextOne) {
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

// --- Retirement ---

TEST_F(RoomActor, AnIdleRoomRetiresAndTheNextUseMakesItAnew) {
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

TEST_F(RoomActor, ARoomThatIsHeldNeverRetires) {
  auto& alice = live(alice_);
  for (int i = 0; i < 10; ++i) world_.advance(milliseconds(61'000));
  EXPECT_EQ(active_rooms(), 1);
  world_.disconnect(alice);
  world_.run();
  world_.advance(milliseconds(61'000));
  EXPECT_EQ(active_rooms(), 0);
}

TEST_F(RoomActor, NoCommandIsLostWhenItMeetsARetiringRoom) {
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

// --- Typing and read markers ---

class RoomSignals : public RoomActor {
 protected:
  void type(client& who, bool is_typing) {
    caf::anon_send(who.actor, relay_typing{who.user, is_typing, answer<std::monostate>([this](const auto& done) {
                                             told_.push_back(done ? "ok" : std::string(to_string(done.error().code)));
                                           })});
    world_.run();
  }
  void read(client& who, sequence seq) {
    caf::anon_send(who.actor, move_read_marker{who.user, seq, answer<read_ack>([this](const result<read_ack>& done) {
                                                 told_.push_back(done ? std::to_string(done->seq) + " unread " +
                                                                            std::to_string(done->unread)
                                                                      : std::string(to_string(done.error().code)));
                                               })});
    world_.run();
  }
  lines told_;
};

TEST_F(RoomSignals, TypingGoesToEverybodyElseAndNotTooOften) {
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  type(alice, true);
  type(alice, true);
  type(alice, false);
  EXPECT_EQ(world_.lines(bob), (lines{"typing 1", "typed 1"}));
  EXPECT_TRUE(world_.lines(alice).empty());
  EXPECT_EQ(told_, (lines{"ok", "ok", "ok"}));
  world_.advance(milliseconds(3'000));
  type(alice, true);
  EXPECT_EQ(world_.lines(bob).back(), "typing 1");
}

TEST_F(RoomSignals, OnlyMembersTypeAndRead) {
  auto& carol = world_.connect(carol_);
  world_.hold(carol, room_, false);
  world_.run();
  type(carol, true);
  read(carol, 1);
  EXPECT_EQ(told_, (lines{"not_found", "not_found"}));
}

TEST_F(RoomSignals, AMarkerIsStoredToldAndClamped) {
  fill_log(3);
  auto& alice = live(alice_);
  auto& bob = live(bob_, 1);
  world_.say(bob, "b1", "four");
  world_.say(bob, "b2", "five");
  world_.run();
  world_.out.connections[alice.connection].lines.clear();
  world_.out.connections[bob.connection].lines.clear();
  read(alice, 4);
  EXPECT_EQ(told_, (lines{"4 unread 1"}));
  EXPECT_EQ(world_.store.rooms[room_].markers[alice_], 4);
  EXPECT_EQ(world_.lines(bob), (lines{"read 1 4"}));
  EXPECT_EQ(world_.lines(alice), (lines{"read 1 4"}));
  world_.advance(milliseconds(1'000));
  read(alice, 99);
  EXPECT_EQ(told_.back(), "5 unread 0");
}

TEST_F(RoomSignals, MarkersOnlyMoveForwardAndUnreadBehindTheRingComesFromTheStore) {
  fill_log(6);
  world_.store.rooms[room_].markers[alice_] = 3;
  auto& alice = live(alice_);
  read(alice, 2);
  EXPECT_EQ(told_, (lines{"3 unread 3"}));
  EXPECT_EQ(world_.store.marker_saves, 0);
}

TEST_F(RoomSignals, MarkersAreStoredAtOnceAndThenOnceASecond) {
  fill_log(9);
  auto& alice = live(alice_);
  read(alice, 1);
  EXPECT_EQ(world_.store.marker_saves, 1);
  for (sequence seq = 2; seq <= 8; ++seq) read(alice, seq);
  EXPECT_EQ(world_.store.marker_saves, 1);
  EXPECT_EQ(told_.size(), 1U);
  world_.advance(milliseconds(1'000));
  EXPECT_EQ(world_.store.marker_saves, 2);
  EXPECT_EQ(told_.size(), 8U);
  EXPECT_EQ(told_.back(), "8 unread 1");
}

TEST_F(RoomSignals, ALargeRoomTellsMarkersToTheReadersDevicesOnly) {
  world_.settings.limits.read_receipt_members = 1;
  fill_log(2);
  auto& alice = live(alice_);
  auto& phone = live(alice_, 1);
  auto& bob = live(bob_, 1);
  read(alice, 1);
  EXPECT_EQ(world_.lines(phone), (lines{"read 1 1"}));
  EXPECT_TRUE(world_.lines(bob).empty());
}

TEST_F(RoomSignals, AMarkerThatCannotBeStoredIsUnavailable) {
  fill_log(2);
  auto& alice = live(alice_);
  world_.store.failing_commits = 1;
  read(alice, 1);
  EXPECT_EQ(told_, (lines{"unavailable"}));
  world_.advance(milliseconds(2'000));
  read(alice, 1);
  EXPECT_EQ(told_.back(), "1 unread 1");
}

TEST_F(RoomSignals, ClosingStoresTheMarkersThatWait) {
  fill_log(5);
  auto& alice = live(alice_);
  read(alice, 1);
  read(alice, 4);
  EXPECT_EQ(world_.store.rooms[room_].markers[alice_], 1);
  bool closed = false;
  caf::anon_send(world_.services->directory,
                 close_directory{answer<std::monostate>([&](const auto&) { closed = true; })});
  world_.run();
  EXPECT_TRUE(closed);
  EXPECT_EQ(world_.store.rooms[room_].markers[alice_], 4);
  EXPECT_EQ(told_.back(), "4 unread 1");
  EXPECT_EQ(active_rooms(), 0);
}

TEST_F(RoomSignals, ClosingFinishesTheCommandsUnderWay) {
  auto& alice = live(alice_);
  for (int i = 1; i <= 5; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  bool closed = false;
  caf::anon_send(world_.services->directory,
                 close_directory{answer<std::monostate>([&](const auto&) { closed = true; })});
  world_.run();
  EXPECT_TRUE(closed);
  EXPECT_EQ(world_.lines(alice).back(), "live ack k5 5");
}

}  // namespace
}  // namespace parley::testing
