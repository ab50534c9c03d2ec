// Replay and resume: rooms in turn, pages as the outbox drains, limits, and positions set back.
#include <gmock/gmock.h>

#include "actors/catch_up_plan.hpp"
#include "session_fixture.hpp"

namespace parley::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using kind = catch_up_step::kind;

class SessionReplay : public session_fixture {
 protected:
  void add_room_with(room_id room, int messages, sequence read = 0) {
    store.add_room(room, {me, other});
    for (int i = 1; i <= messages; ++i) store.say(room, other, std::to_string(i));
    store.rooms[room].markers[me] = read;
  }
};

TEST_F(SessionReplay, BringsRoomsToLiveOneAfterAnotherFromTheirMarkers) {
  add_room_with(red, 5, 3);
  add_room_with(green, 2);
  open();
  take(socket_ref);
  ASSERT_EQ(asked[red].size(), 1U);
  EXPECT_EQ(asked[red][0].after, 3);
  EXPECT_EQ(asked[red][0].events_left, settings.replay.limit);
  EXPECT_TRUE(asked[red][0].announce_end);
  EXPECT_THAT(asked[green], IsEmpty());
  attach(red, 5);
  ASSERT_EQ(asked[green].size(), 1U);
  EXPECT_EQ(asked[green][0].after, 0);
  attach(green, 2);
  EXPECT_EQ(asked[red].size() + asked[green].size(), 2U);
  EXPECT_THAT(take(socket_ref), IsEmpty()) << "the attachment holds the replay_end";
}

TEST_F(SessionReplay, WithoutReplayRoomsAreLiveFromTheEndThatReadyNamed) {
  add_room_with(red, 5, 3);
  open(replay_mode::none);
  ASSERT_EQ(asked[red].size(), 1U);
  EXPECT_EQ(asked[red][0].after, 5);
  EXPECT_FALSE(asked[red][0].announce_end);
  EXPECT_EQ(asked[red][0].events_left, catch_up_plan::no_limit);
}

TEST_F(SessionReplay, APageIsSentAndTheNextAskedWhenTheOutboxHasDrained) {
  add_room_with(red, 300);
  open();
  take(socket_ref);
  step(red, kind::page, 64, 64, "page\n");
  run_actors();
  EXPECT_EQ(asked[red].size(), 1U) << "the outbox has not drained";
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("page"));
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 64);
  EXPECT_EQ(asked[red][1].events_left, 136U);
  EXPECT_EQ(asked[red][1].replay, asked[red][0].replay);
}

TEST_F(SessionReplay, AtTheLimitReplayEndSaysMoreAndTheNextRoomGoesOn) {
  add_room_with(red, 300);
  add_room_with(green, 1);
  open();
  take(socket_ref);
  step(red, kind::limit, 200, 200, "rest\n");
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("rest", "replay_end 200 more"));
  EXPECT_EQ(asked[red].size(), 1U) << "not live until a resume reaches the end";
  EXPECT_EQ(asked[green].size(), 1U);
}

TEST_F(SessionReplay, TheLimitMayComeWithoutFrames) {
  add_room_with(red, 300);
  open();
  take(socket_ref);
  step(red, kind::limit, 200);
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("replay_end 200 more"));
}

TEST_F(SessionReplay, PagesThatTheRoomHasNotComeFromTheStore) {
  add_room_with(red, 5, 1);
  open();
  take(socket_ref);
  step(red, kind::read_store, 1);
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("event 2 2", "event 3 3", "event 4 4", "event 5 5"));
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 5);
  EXPECT_EQ(asked[red][1].events_left, settings.replay.limit - 4);
  EXPECT_EQ(counts.replay_events_store_total.value(), 4U);
}

TEST_F(SessionReplay, APageFromTheStoreIsBoundedInBytes) {
  store.add_room(red, {me, other});
  for (int i = 0; i < 10; ++i) store.say(red, other, std::string(20'000, 'x'));
  open();
  step(red, kind::read_store, 0);
  run();
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 4) << "the fourth passes 64 KiB";
}

TEST_F(SessionReplay, AStoreThatCannotBeReadIsAskedAgainLater) {
  add_room_with(red, 5);
  open();
  take(socket_ref);
  store.reads_work = false;
  step(red, kind::read_store, 0);
  run();
  EXPECT_EQ(asked[red].size(), 1U);
  store.reads_work = true;
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(asked[red].size(), 2U);
}

TEST_F(SessionReplay, ResumeIsAcknowledgedBeforeItsReplayAndSetsThePositionBack) {
  add_room_with(red, 9, 9);
  open();
  attach(red, 9);
  take(socket_ref);
  resume("r", {{red, 4}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("ack r"));
  EXPECT_TRUE(out.connections[socket_ref].attached.empty()) << "detached before the ack";
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 4);
  EXPECT_TRUE(asked[red][1].announce_end);
  EXPECT_EQ(asked[red][1].events_left, settings.replay.limit);
}

TEST_F(SessionReplay, ResumeUnreadGoesBackToTheMarkersOfNow) {
  add_room_with(red, 9, 9);
  open(replay_mode::none);
  attach(red, 9);
  store.rooms[red].markers[me] = 6;
  submit(resume_frame{true, {}}, "r");
  run();
  EXPECT_EQ(asked[red].back().after, 6);
}

TEST_F(SessionReplay, ResumeBeyondTheEndIsABadRequestAndChangesNothing) {
  add_room_with(red, 9);
  add_room_with(green, 9);
  open(replay_mode::none);
  attach(red, 9);
  attach(green, 9);
  take(socket_ref);
  resume("r", {{red, 3}, {green, 10}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error r bad_request"));
  EXPECT_EQ(asked[red].size(), 1U);
  EXPECT_EQ(out.connections[socket_ref].attached.size(), 2U);
}

TEST_F(SessionReplay, TheStoreKnowsTheEndNotTheSession) {
  add_room_with(red, 1);
  open(replay_mode::none);
  attach(red, 1);
  take(socket_ref);
  store.say(red, other, "later");
  resume("r", {{red, 2}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("ack r"));
}

TEST_F(SessionReplay, TheStoreIsNotAskedForAnEndThatReadyNamed) {
  add_room_with(red, 3);
  open(replay_mode::none);
  attach(red, 3);
  take(socket_ref);
  store.reads_work = false;
  resume("r", {{red, 3}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("ack r"));
  step(red, kind::attached, 3);
  run();
  resume("s", {{red, 4}});
  run();
  EXPECT_THAT(take(socket_ref), ::testing::Contains("error s unavailable"));
}

TEST_F(SessionReplay, ResumeOfAForeignOrUnknownRoomIsNotFound) {
  store.add_room(blue, {other});
  open();
  take(socket_ref);
  resume("a", {{blue, 0}});
  resume("b", {{green, 0}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a not_found", "error b not_found"));
}

TEST_F(SessionReplay, ResumeOfAnotherRoomOnAOneRoomConnectionIsNotFound) {
  add_room_with(red, 1);
  add_room_with(green, 1);
  open(replay_mode::unread, red);
  take(socket_ref);
  resume("a", {{green, 0}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a not_found"));
}

TEST_F(SessionReplay, AResumeMayNameARoomJoinedAMomentAgo) {
  open();
  take(socket_ref);
  add_room_with(red, 2);
  resume("r", {{red, 1}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_added 1@2/0", "ack r"));
  ASSERT_EQ(asked[red].size(), 1U);
  EXPECT_EQ(asked[red][0].after, 1);
}

TEST_F(SessionReplay, AResumeEndsTheReplayOfItsRoomWithoutAReplayEnd) {
  add_room_with(red, 300);
  open();
  take(socket_ref);
  step(red, kind::page, 64, 64, "page\n");
  run_actors();
  resume("r", {{red, 7}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("page", "ack r"));
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 7);
  EXPECT_EQ(asked[red][1].events_left, settings.replay.limit);
}

TEST_F(SessionReplay, AResumeWaitsForTheAnswerOfARoomThatMayBeAttaching) {
  add_room_with(red, 9);
  open();
  take(socket_ref);
  resume("r", {{red, 7}});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty()) << "whether live events still come is not known yet";
  attach(red, 9);
  EXPECT_THAT(take(socket_ref), ElementsAre("ack r"));
  EXPECT_EQ(asked[red].back().after, 7);
}

TEST_F(SessionReplay, LateAnswersToAReplayThatAResumeEndedAreDropped) {
  add_room_with(red, 9);
  open();
  step(red, kind::read_store, 0);
  run();
  const auto ended = asked[red].front().replay;
  step(red, kind::page, 5, 1, "page\n");
  resume("r", {{red, 8}});
  run();
  take(socket_ref);
  const auto asked_so_far = asked[red].size();
  caf::anon_send(session, store_page{red, ended, 9, std::vector{testing::posted(red, 1, "late")}});
  caf::anon_send(session, catch_up_step{red, ended, kind::page, 3, 3, std::make_shared<const std::string>("late\n")});
  caf::anon_send(session, catch_up_step{red, ended, kind::limit, 3, 3, nullptr});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  EXPECT_EQ(asked[red].size(), asked_so_far);
}

TEST_F(SessionReplay, AResumeOfARoomThatIsLeftMeanwhileIsStillAcknowledged) {
  add_room_with(red, 9);
  open();
  take(socket_ref);
  resume("r", {{red, 7}});
  run();
  caf::anon_send(session, user_left_room{red, leave_reason::left});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_removed 1 left", "ack r"));
  EXPECT_EQ(asked[red].size(), 1U);
}

TEST_F(SessionReplay, FramesBehindAResumeWaitForItsAck) {
  add_room_with(red, 9);
  open();
  take(socket_ref);
  resume("r", {{red, 7}});
  submit(ping_frame{}, "p");
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  attach(red, 9);
  EXPECT_THAT(take(socket_ref), ElementsAre("ack r", "ack p"));
}

TEST_F(SessionReplay, AnEmptyResumeIsAcknowledged) {
  open();
  take(socket_ref);
  resume("r", {});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("ack r"));
}

TEST_F(SessionReplay, AResumeWithoutAnIdIsNotAcknowledgedButDone) {
  add_room_with(red, 9, 9);
  open();
  attach(red, 9);
  take(socket_ref);
  submit(resume_frame{false, {{red, 1}}});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  EXPECT_EQ(asked[red].back().after, 1);
}

TEST_F(SessionReplay, ARoomThatLagsBehindTheStoreIsAskedAgain) {
  add_room_with(red, 9);
  open();
  step(red, kind::beyond_end, 0);
  run();
  EXPECT_EQ(asked[red].size(), 1U);
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(asked[red].size(), 2U);
}

TEST_F(SessionReplay, FramesToARoomThatCannotBeReadWaitFiveSecondsAndNoLonger) {
  add_room_with(red, 1);
  open(replay_mode::none);
  say("a", "before", red);
  run();
  step(red, kind::beyond_end, 1);
  run();
  say("b", "after", red);
  take(socket_ref);
  advance(std::chrono::milliseconds(4'900));
  step(red, kind::beyond_end, 1);
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  advance(std::chrono::milliseconds(100));
  step(red, kind::beyond_end, 1);
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a unavailable", "error b unavailable"));
  advance(std::chrono::milliseconds(100));
  attach(red, 1);
  say("now", "at last", red);
  run();
  EXPECT_EQ(contents(red), (std::vector<std::string>{"at last"}));
}

TEST_F(SessionReplay, AMemberWhomTheRoomDoesNotKnowAsksAgain) {
  add_room_with(red, 1);
  open(replay_mode::none);
  step(red, kind::not_member, 1);
  run();
  EXPECT_EQ(asked[red].size(), 1U);
  advance(std::chrono::milliseconds(100));
  EXPECT_EQ(asked[red].size(), 2U);
}

TEST_F(SessionReplay, TheLostEndOfALogIsPassedOver) {
  add_room_with(red, 3);
  auto& log = store.rooms[red];
  open();
  log.events.erase(log.events.begin() + 1, log.events.end());
  step(red, kind::read_store, 3);
  run();
  EXPECT_EQ(asked[red].back().after, 1);
  step(red, kind::read_store, 3);
  run();
  EXPECT_EQ(asked[red].back().after, 3);
}

TEST_F(SessionReplay, WhatGoesOutWithAnAttachmentWaitsForTheOutboxToo) {
  add_room_with(red, 60);
  add_room_with(green, 1);
  open();
  step(red, kind::attached, 60, 60);
  run_actors();
  EXPECT_THAT(asked[green], IsEmpty()) << "many warm rooms must not flood a slow client";
  run();
  EXPECT_EQ(asked[green].size(), 1U);
}

TEST_F(SessionReplay, ARoomThatIsLiveByContractIsSpokenToOnlyWhenItIsAttached) {
  add_room_with(red, 1);
  add_room_with(green, 1);
  open(replay_mode::none);
  ASSERT_EQ(asked[red].size(), 1U);
  say("a", "early", green);
  run();
  EXPECT_THAT(contents(green), IsEmpty()) << "its ack would come before events that stand below it";
  attach(red, 1);
  ASSERT_EQ(asked[green].size(), 1U);
  attach(green, 1);
  EXPECT_THAT(contents(green), ElementsAre("early"));
}

TEST_F(SessionReplay, ARoomThatIsSpokenToIsAttachedBeforeTheOthers) {
  for (const auto room : {red, green, blue}) add_room_with(room, 1);
  open(replay_mode::none);
  say("a", "hurry", blue);
  run();
  attach(red, 1);
  EXPECT_EQ(asked[blue].size(), 1U);
  EXPECT_THAT(asked[green], IsEmpty());
}

TEST_F(SessionReplay, WhileUnreadIsReplayedTheRoomIsSpokenToAtOnce) {
  add_room_with(red, 5);
  open();
  say("a", "now", red);
  run();
  EXPECT_THAT(contents(red), ElementsAre("now"));
}

TEST_F(SessionReplay, AResumeLetsGoOfFramesThatWaitedForTheAttachment) {
  add_room_with(red, 1);
  add_room_with(green, 1);
  open(replay_mode::none);
  say("a", "early", green);
  run();
  resume("r", {{green, 0}});
  run();
  EXPECT_THAT(contents(green), ElementsAre("early")) << "replay_end tells from where on the room is live";
}

}  // namespace
}  // namespace parley::testing
