// A room actor, driven message by message.
#include "actors/room_actor.hpp"

#include "room_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

class RoomActor : public room_fixture {};

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

TEST_F(RoomActor, WhileAShardServesItsSocketsTheCommandsGather) {
  auto& alice = live(alice_, 0);
  live(bob_, 1);
  world_.say(alice, "k1", "m");
  world_.run_actors();
  ASSERT_EQ(world_.store.commits.size(), 1U);
  for (int i = 2; i <= 9; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  world_.run_actors();
  EXPECT_EQ(world_.store.commits.size(), 1U) << "both shards have the first one";
  while (world_.out.run_one(0)) {
  }
  world_.run_actors();
  EXPECT_EQ(world_.store.commits.size(), 1U) << "one of them has served its sockets";
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 2U);
  EXPECT_EQ(world_.store.commits[1].commands, 8U);
  EXPECT_EQ(world_.lines(alice).back(), "live ack k9 9");
}

TEST_F(RoomActor, WhatGatheredWaitsAMomentForTheSuccessorsOfWhatWasServed) {
  auto& alice = live(alice_, 0);
  world_.say(alice, "k1", "m");
  world_.run_actors();
  for (int i = 2; i <= 9; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  world_.run_actors();
  world_.time.advance(std::chrono::milliseconds(16));
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 1U) << "one more may be on its way";
  world_.say(alice, "k10", "m");
  world_.run_actors();
  ASSERT_EQ(world_.store.commits.size(), 2U);
  EXPECT_EQ(world_.store.commits[1].commands, 9U);
}

TEST_F(RoomActor, WhatGatheredGoesAfterAMomentAlsoWhenNothingCame) {
  auto& alice = live(alice_, 0);
  world_.say(alice, "k1", "m");
  world_.run_actors();
  for (int i = 2; i <= 9; ++i) world_.say(alice, "k" + std::to_string(i), "m");
  world_.run_actors();
  world_.time.advance(std::chrono::milliseconds(16));
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 1U);
  world_.advance(std::chrono::milliseconds(2));
  ASSERT_EQ(world_.store.commits.size(), 2U);
  EXPECT_EQ(world_.store.commits[1].commands, 8U);
  EXPECT_EQ(world_.lines(alice).back(), "live ack k9 9");
}

TEST_F(RoomActor, ABatchTakesAboutSoManyBytes) {
  world_.settings.room.batch_bytes = 2'048;
  auto& alice = live(alice_);
  world_.say(alice, "k1", "m");
  world_.run_actors();
  for (int i = 2; i <= 9; ++i) world_.say(alice, "k" + std::to_string(i), std::string(800, 'x'));
  world_.run();
  ASSERT_EQ(world_.store.commits.size(), 5U);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(world_.store.commits[i].commands, 2U);
}

TEST_F(RoomActor, WhateverComesFirstEverybodySeesOneOrderAndIsAnsweredOnce) {
  auto& alice = live(alice_, 0);
  auto& bob = live(bob_, 1);
  auto& second_device = live(alice_, 1);
  std::mt19937 dice(7);
  const int messages = 2'000;
  for (int i = 1; i <= messages; ++i) {
    world_.say(i % 3 == 0 ? bob : alice, "k" + std::to_string(i), "m");
    for (auto steps = std::uniform_int_distribution<int>(0, 12)(dice); steps > 0; --steps) world_.step(dice);
  }
  while (world_.step(dice)) {
  }
  EXPECT_EQ(alice.answered.size() + bob.answered.size(), static_cast<std::size_t>(messages));
  EXPECT_LT(world_.store.commits.size(), static_cast<std::size_t>(messages)) << "nothing gathered";
  for (const auto* who : {&alice, &bob, &second_device}) {
    const auto& seen = world_.lines(*who);
    ASSERT_EQ(seen.size(), static_cast<std::size_t>(messages));
    for (int seq = 1; seq <= messages; ++seq) {
      const auto& line = seen[static_cast<std::size_t>(seq) - 1];
      const bool is_event = line == "event " + std::to_string(seq) + " m";
      const bool is_ack = line.starts_with("live ack k") && line.ends_with(" " + std::to_string(seq));
      ASSERT_TRUE(is_event || is_ack) << line << " at " << seq;
    }
  }
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
  EXPECT_EQ(world_.lines(carol), (lines{"error k1 not_found"}));
  EXPECT_EQ(world_.rest_results["r1"], "not_found");
  EXPECT_EQ(carol.steps, (std::vector{kind::not_member}));
  EXPECT_TRUE(world_.store.rooms[room_].events.empty());
}

TEST_F(RoomActor, AModeratorsDeletionReachesTheStoreFromOutside) {
  world_.post_by_rest(room_, carol_, "r1", delete_message{id_of<message_id>(1)});
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

TEST_F(RoomActor, LooksIntoTheStoreBeforeItSaysThatAPositionIsBeyondTheEnd) {
  auto& bob = live(bob_);
  auto& events = world_.store.rooms[room_].events;
  events.push_back(posted(room_, 1, "by another node", id_of<message_id>(1), alice_));
  world_.store.reads_work = false;
  world_.ask_catch_up(bob, 1);
  world_.run();
  EXPECT_FALSE(bob.attached) << "nobody can tell yet";
  EXPECT_NE(bob.steps.back(), kind::beyond_end);
  world_.store.reads_work = true;
  world_.advance(std::chrono::milliseconds(60));
  EXPECT_TRUE(bob.attached);
  EXPECT_EQ(world_.lines(bob), (lines{"replay_end 1"}));
}

/// A session asks one room at a time, so that its other rooms would wait as well.
TEST_F(RoomActor, LetsNobodyWaitLongForAStoreThatCannotBeRead) {
  auto& bob = live(bob_);
  bob.go_live = false;
  world_.store.reads_work = false;
  world_.ask_catch_up(bob, 1);
  world_.run();
  EXPECT_NE(bob.steps.back(), kind::beyond_end);
  world_.advance(std::chrono::milliseconds(100));
  EXPECT_EQ(bob.steps.back(), kind::beyond_end);
}

TEST_F(RoomActor, FindsAMemberWhomAnotherNodeTookIn) {
  live(alice_);
  auto& record = world_.store.rooms[room_];
  record.members.push_back(carol_);
  record.events.push_back({room_, 1, member_joined{carol_, alice_, join_reason::invited}});
  auto& carol = live(carol_);
  world_.say(carol, "k1", "hello");
  world_.run();
  EXPECT_EQ(world_.lines(carol), (lines{"live ack k1 2"}));
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

}  // namespace
}  // namespace parley::testing
