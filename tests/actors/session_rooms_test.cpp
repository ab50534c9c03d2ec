// A session's life: ready, presence, joins and leaves, the end of tokens, rooms that die.
#include <gmock/gmock.h>

#include "session_fixture.hpp"

namespace parley::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using kind = catch_up_step::kind;
using lines_of = std::vector<std::string>;

class SessionRooms : public session_fixture {};

TEST_F(SessionRooms, SaysReadyWithItsRoomsAndHoldsThem) {
  store.add_room(red, {me, other});
  store.say(red, other, "hello");
  store.add_room(green, {me});
  store.add_room(blue, {other});
  open();
  EXPECT_THAT(take(socket_ref), ElementsAre("ready 1@1/0 2@0/0"));
  EXPECT_EQ(held[red], 1);
  EXPECT_EQ(held[green], 1);
  EXPECT_EQ(held[blue], 0);
  EXPECT_EQ(registered, 1);
  EXPECT_EQ(counts.sessions.value(), 1);
  EXPECT_THAT(presence_log, ElementsAre("on 1"));
}

TEST_F(SessionRooms, ATokenThatEndedBeforeTheSessionRegisteredClosesIt) {
  store.tokens.clear();
  open();
  EXPECT_EQ(closed(), close_code::token_ended);
  EXPECT_THAT(lines(socket_ref), IsEmpty());
}

TEST_F(SessionRooms, ASuspendedUsersSessionCloses) {
  store.accounts[me].user.flag = account_flag::suspended;
  open();
  EXPECT_EQ(closed(), close_code::not_allowed);
}

TEST_F(SessionRooms, ASuspensionThatTookTheTokenWithItClosesTheSame) {
  store.accounts[me].user.flag = account_flag::suspended;
  store.tokens.clear();
  open();
  EXPECT_EQ(closed(), close_code::not_allowed);
}

TEST_F(SessionRooms, AStoreThatCannotBeReadClosesItAsOverloaded) {
  store.reads_work = false;
  open();
  EXPECT_EQ(closed(), close_code::overloaded);
}

TEST_F(SessionRooms, AOneRoomConnectionHasThatRoomOnly) {
  store.add_room(red, {me});
  store.add_room(green, {me});
  open(replay_mode::unread, green);
  EXPECT_THAT(take(socket_ref), ElementsAre("ready 2@0/0"));
  EXPECT_EQ(held[red], 0);
}

TEST_F(SessionRooms, AOneRoomConnectionOfANonMemberCloses) {
  store.add_room(red, {other});
  open(replay_mode::unread, red);
  EXPECT_EQ(closed(), close_code::not_allowed);
}

TEST_F(SessionRooms, RegistersBeforeItReads) {
  store.add_room(red, {me});
  session = spawn_session(*system, *services, {who, socket_ref, replay_mode::unread, {}});
  while (registered == 0 && scheduler->has_job()) scheduler->run_once();
  EXPECT_EQ(store.session_reads, 0);
  run();
  EXPECT_EQ(store.session_reads, 1);
}

TEST_F(SessionRooms, EndsWithItsConnectionAndLetsGoOfEverything) {
  store.add_room(red, {me});
  store.friends[me] = {other};
  open();
  caf::anon_send(session, session_ended{});
  run();
  EXPECT_EQ(released[red], 1);
  EXPECT_EQ(unregistered, 1);
  EXPECT_EQ(counts.sessions.value(), 0);
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2", "unwatch 2", "off 1"));
}

TEST_F(SessionRooms, AnEndedTokenClosesAndTakesPresenceOffAtOnce) {
  open();
  caf::anon_send(session, token_ended{});
  run();
  EXPECT_EQ(closed(), close_code::token_ended);
  submit(ping_frame{}, "p");
  caf::anon_send(session, session_ended{});
  run();
  EXPECT_THAT(presence_log, ElementsAre("on 1", "off 1 at once"));
  EXPECT_THAT(take(socket_ref), ElementsAre("ready")) << "nothing is answered after a close";
}

TEST_F(SessionRooms, AnExceptionClosesTheConnectionAndLetsGo) {
  store.add_room(red, {me});
  open();
  caf::anon_send(session, look_up_done{[] { throw std::runtime_error("broken"); }});
  run();
  EXPECT_EQ(closed(), close_code::overloaded);
  EXPECT_EQ(released[red], 1);
  EXPECT_EQ(unregistered, 1);
  EXPECT_EQ(counts.sessions.value(), 0);
}

TEST_F(SessionRooms, AJoinIsToldBeforeItsEventsAndGoesLiveWithoutReplayEnd) {
  open();
  take(socket_ref);
  store.add_room(red, {other, me});
  store.say(red, other, "before");
  caf::anon_send(session, user_joined_room{red});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_added 1@1/0"));
  ASSERT_EQ(asked[red].size(), 1U);
  EXPECT_EQ(asked[red][0].after, 1);
  EXPECT_FALSE(asked[red][0].announce_end);
}

TEST_F(SessionRooms, AJoinThatReadyToldAlreadyIsNotToldAgain) {
  store.add_room(red, {me});
  open();
  take(socket_ref);
  caf::anon_send(session, user_joined_room{red});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
}

TEST_F(SessionRooms, ALeaveWhileTheJoinIsReadDropsIt) {
  open();
  take(socket_ref);
  store.add_room(red, {other, me});
  caf::anon_send(session, user_joined_room{red});
  caf::anon_send(session, user_left_room{red, leave_reason::removed});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  EXPECT_EQ(held[red], 0);
}

TEST_F(SessionRooms, NewsFromBeforeReadyIsHandledAfterIt) {
  store.add_room(red, {me});
  store.add_room(green, {me, other});
  out.connections[socket_ref] = {};
  session = spawn_session(*system, *services, {who, socket_ref, replay_mode::none, {}});
  caf::anon_send(session, user_left_room{red, leave_reason::left});
  caf::anon_send(session, user_joined_room{green});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("ready 1@0/0 2@0/0", "room_removed 1 left"));
}

TEST_F(SessionRooms, ALeaveIsToldDetachesAndReleases) {
  store.add_room(red, {me});
  open();
  attach(red, 0);
  take(socket_ref);
  caf::anon_send(session, user_left_room{red, leave_reason::removed});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_removed 1 removed"));
  EXPECT_EQ(released[red], 1);
  EXPECT_TRUE(out.connections[socket_ref].attached.empty());
  say("a", "still here?", red);
  store.rooms.clear();
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a not_found"));
}

TEST_F(SessionRooms, LeavingTheOneRoomClosesItsConnection) {
  store.add_room(red, {me});
  open(replay_mode::unread, red);
  caf::anon_send(session, user_left_room{red, leave_reason::removed});
  run();
  EXPECT_EQ(closed(), close_code::not_allowed);
}

TEST_F(SessionRooms, JoinsDoNotConcernAOneRoomConnection) {
  store.add_room(red, {me});
  open(replay_mode::unread, red);
  take(socket_ref);
  store.add_room(green, {me});
  caf::anon_send(session, user_joined_room{green});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
}

TEST_F(SessionRooms, ARoomThatDoesNotKnowTheMemberYetIsAskedAgainAfterTheJoin) {
  store.add_room(red, {me});
  open();
  step(red, kind::not_member, 0);
  run();
  EXPECT_EQ(asked[red].size(), 1U);
  caf::anon_send(session, user_joined_room{red});
  run();
  EXPECT_EQ(asked[red].size(), 2U);
}

TEST_F(SessionRooms, ADeadRoomIsHeldAnewAndGoesOnFromWhereTheConnectionStood) {
  store.add_room(red, {me});
  open();
  attach(red, 4);
  take(socket_ref);
  kill_room(red);
  run_actors();
  EXPECT_EQ(held[red], 2);
  EXPECT_EQ(asked[red].size(), 1U) << "the shard has not told the position yet";
  run();
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 4);
  EXPECT_FALSE(asked[red][1].announce_end);
  EXPECT_THAT(take(socket_ref), IsEmpty());
}

TEST_F(SessionRooms, ThePositionMayComeBeforeTheDirectorysNews) {
  store.add_room(red, {me});
  open();
  attach(red, 4);
  dead_rooms.push_back(rooms.at(red));
  rooms.erase(red);
  caf::anon_send(session, room_failed{red, 4});
  caf::anon_send(session, room_failed{red, room_failed::unknown_position});
  run();
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 4);
}

/// The shard is busy: before it tells where the connection stood, the next actor of the room has died as well.
TEST_F(SessionRooms, APositionIsAwaitedThroughTheNextDeath) {
  store.add_room(red, {me});
  for (int i = 0; i < 4; ++i) store.say(red, other, "x");
  open();
  attach(red, 4);
  for (int death = 0; death < 2; ++death) {
    dead_rooms.push_back(rooms.at(red));
    rooms.erase(red);
    caf::anon_send(session, room_failed{red, room_failed::unknown_position});
    run();
  }
  ASSERT_EQ(asked[red].size(), 1U);
  caf::anon_send(session, room_failed{red, 4});
  run();
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, 4);
}

TEST_F(SessionRooms, ARoomThatDiesWhileItIsCaughtUpIsAskedAgain) {
  store.add_room(red, {me});
  open();
  ASSERT_EQ(asked[red].size(), 1U);
  kill_room(red);
  run();
  ASSERT_EQ(asked[red].size(), 2U);
  EXPECT_EQ(asked[red][1].after, asked[red][0].after);
  EXPECT_TRUE(asked[red][1].announce_end);
  EXPECT_NE(asked[red][1].replay, asked[red][0].replay);
}

TEST_F(SessionRooms, AHoldThatDiedWithItsRoomIsAskedAgain) {
  store.add_room(red, {me});
  hold_at_once = false;
  open();
  ASSERT_EQ(holds.size(), 1U);
  holds.clear();
  caf::anon_send(session, room_failed{red});
  run();
  EXPECT_EQ(holds.size(), 1U);
}

/// What the room hears of the first hold it forgets with the leave's release; only the second lasts.
TEST_F(SessionRooms, WhoLeftAndCameBackAsksOnlyOnceTheNewHoldStands) {
  hold_at_once = false;
  open();
  store.add_room(red, {me});
  const auto join = [this] {
    caf::anon_send(session, user_joined_room{red});
    run();
  };
  join();
  caf::anon_send(session, user_left_room{red, leave_reason::removed});
  join();
  ASSERT_EQ(holds.size(), 2U);
  answer_hold(holds[0]);
  run();
  EXPECT_THAT(asked[red], IsEmpty());
  answer_hold(holds[1]);
  run();
  EXPECT_EQ(asked[red].size(), 1U);
}

TEST_F(SessionRooms, ALatePositionDoesNotUndoAResume) {
  store.add_room(red, {me});
  for (int i = 0; i < 9; ++i) store.say(red, other, "x");
  open();
  attach(red, 9);
  resume("r", {{red, 2}});
  run();
  ASSERT_EQ(asked[red].back().after, 2);
  caf::anon_send(session, room_failed{red, 9});
  run();
  EXPECT_EQ(asked[red].back().after, 2);
}

TEST_F(SessionRooms, ARoomThatCannotBeReadIsTriedAgainAndWhatWaitedIsTold) {
  store.add_room(red, {me});
  hold_at_once = false;
  open();
  take(socket_ref);
  say("a", "hello", red);
  run();
  holds.clear();
  caf::anon_send(session, room_unknown{red, unavailable("no")});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a unavailable"));
  EXPECT_THAT(holds, IsEmpty());
  advance(std::chrono::seconds(1));
  EXPECT_EQ(holds.size(), 1U);
}

TEST_F(SessionRooms, AJoinThatCannotBeReadIsReadAgain) {
  open();
  take(socket_ref);
  store.add_room(red, {me});
  store.reads_work = false;
  caf::anon_send(session, user_joined_room{red});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  store.reads_work = true;
  advance(std::chrono::seconds(1));
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_added 1@0/0"));
  attach(red, 0);
}

TEST_F(SessionRooms, ALeaveThatNobodyToldOfIsFoundInTheStore) {
  store.add_room(red, {me});
  open();
  take(socket_ref);
  store.rooms[red].members.clear();
  step(red, kind::not_member, 0);
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_removed 1 removed"));
}

TEST_F(SessionRooms, FramesForADeadRoomWaitUntilItIsAttachedAgain) {
  store.add_room(red, {me});
  open();
  attach(red, 0);
  kill_room(red);
  run();
  say("a", "after the crash", red);
  run();
  EXPECT_THAT(contents(red), IsEmpty());
  attach(red, 0);
  EXPECT_THAT(contents(red), ElementsAre("after the crash"));
}

TEST_F(SessionRooms, ALatePositionDoesNotDisturbARoomAttachedSince) {
  store.add_room(red, {me});
  open();
  attach(red, 0);
  kill_room(red);
  run_actors();
  resume("r", {{red, 0}});
  run_actors();
  step(red, kind::attached, 0);
  run_actors();
  const auto asked_before = asked[red].size();
  run();  // only now the shard tells where the connection had stood
  EXPECT_EQ(asked[red].size(), asked_before);
}

TEST_F(SessionRooms, WhoseRecordDiedIsWatchedAgain) {
  store.friends[me] = {other};
  open();
  presence_log.clear();
  caf::anon_send(session, presence_failed{other});
  caf::anon_send(session, presence_failed{third});
  run();
  EXPECT_THAT(presence_log, ElementsAre("watch 2"));
}

TEST_F(SessionRooms, AnExpiredTokenClosesAtTheBeginning) {
  store.tokens[token].second = time.now();
  open();
  EXPECT_EQ(closed(), close_code::token_ended);
}

}  // namespace
}  // namespace parley::testing
