// What a session does with its client's frames: rooms, order, rates, presence.
#include <gmock/gmock.h>

#include "session_fixture.hpp"

namespace parley::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionFrames : public session_fixture {
 protected:
  SessionFrames() {
    attach_at_once = true;
    store.add_room(red, {me, other});
    store.add_room(green, {me, other});
    store.add_room(blue, {other});
    store.say(red, other, "in red", in_red);
    store.say(blue, other, "in blue", in_blue);
  }
  void open_quietly(std::optional<room_id> only = {}) {
    open(replay_mode::none, only);
    take(socket_ref);
  }
  void edit(const std::string& id, message_id message, std::optional<room_id> room = {}) {
    submit(durable_frame{room, edit_message{message, "edited"}}, id);
  }
  message_id in_red = id_of<message_id>(1), in_blue = id_of<message_id>(2), nowhere = id_of<message_id>(3);
};

TEST_F(SessionFrames, ASendReachesItsRoomWithAllThatTheAckNeeds) {
  open_quietly();
  say("a", "hello", red);
  run();
  ASSERT_EQ(posted[red].size(), 1U);
  const auto& command = *posted[red][0];
  EXPECT_EQ(command.user, me);
  EXPECT_FALSE(command.new_id.is_nil());
  ASSERT_TRUE(command.connection);
  EXPECT_EQ(command.connection->connection, socket_ref);
  EXPECT_EQ(command.connection->frame_id, "a");
  EXPECT_TRUE(command.connection->wants_answer);
  command.reply(change_room::reply{});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty()) << "the room places the ack itself";
}

TEST_F(SessionFrames, AFailureIsToldWithTheFramesIdAndGivesItsCreditBack) {
  open_quietly();
  say("a", "hello", red);
  edit("b", in_red, red);
  submit(durable_frame{red, edit_message{in_red, "x"}});
  submit(durable_frame{red, send_message{"x", {}, {}, {}}});
  run();
  ASSERT_EQ(posted[red].size(), 4U);
  posted[red][0]->reply(forbidden("no"));
  posted[red][1]->reply(forbidden("no"));
  posted[red][2]->reply(forbidden("no"));
  posted[red][3]->reply(forbidden("no"));
  run();
  EXPECT_THAT(take(socket_ref),
              ElementsAre("error a forbidden", "error b forbidden", "error null forbidden", "error null forbidden"));
  EXPECT_EQ(out.connections[socket_ref].answers, 5U) << "ready, and the credit of each";
}

TEST_F(SessionFrames, ACommandThatWantsNoAnswerGivesItsCreditBackToo) {
  open_quietly();
  const auto before = out.connections[socket_ref].answers;
  submit(durable_frame{red, edit_message{in_red, "x"}});
  run();
  ASSERT_EQ(posted[red].size(), 1U);
  EXPECT_EQ(out.connections[socket_ref].answers, before) << "it is still under way";
  posted[red][0]->reply(change_room::reply{});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  EXPECT_EQ(out.connections[socket_ref].answers, before + 1);
}

TEST_F(SessionFrames, ACommandThatDiesWithItsRoomIsUnavailable) {
  open_quietly();
  say("a", "hello", red);
  run();
  posted[red].clear();
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a unavailable"));
}

TEST_F(SessionFrames, ASendWithoutARoomNamesTheField) {
  open_quietly();
  say("a", "hello", std::nullopt);
  submit(typing_frame{}, "b");
  submit(read_frame{{}, 1}, "c");
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a bad_request", "error b bad_request", "error c bad_request"));
}

TEST_F(SessionFrames, OnAOneRoomConnectionTheRoomIsItsOwn) {
  open_quietly(red);
  say("a", "hello", std::nullopt);
  say("b", "again", red);
  say("c", "elsewhere", green);
  edit("d", in_red);
  run();
  EXPECT_THAT(contents(red), ElementsAre("hello", "again", "change"));
  EXPECT_THAT(take(socket_ref), ElementsAre("error c not_found"));
  EXPECT_THAT(posted[green], IsEmpty());
}

TEST_F(SessionFrames, FramesForOthersRoomsAreNotFound) {
  open_quietly();
  say("a", "hello", blue);
  submit(typing_frame{blue, true}, "b");
  submit(read_frame{blue, 1}, "c");
  say("d", "hello", id_of<room_id>(99));
  edit("e", in_blue);
  edit("f", nowhere);
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error a not_found", "error b not_found", "error c not_found",
                                            "error d not_found", "error e not_found", "error f not_found"));
}

TEST_F(SessionFrames, AChangeWithoutARoomIsLookedUpByItsMessage) {
  open_quietly();
  edit("a", in_red);
  run();
  EXPECT_EQ(posted[red].size(), 1U);
}

TEST_F(SessionFrames, OrderHoldsOverALookUp) {
  open_quietly();
  say("1", "first", red);
  edit("2", in_red);
  say("3", "third", red);
  submit(durable_frame{{}, delete_message{in_red}}, "4");
  say("5", "fifth", red);
  run();
  EXPECT_THAT(contents(red), ElementsAre("first", "change", "third", "change", "fifth"));
}

TEST_F(SessionFrames, OrderHoldsWhileTheRoomIsNotHeld) {
  hold_at_once = false;
  open_quietly();
  say("1", "first", red);
  say("2", "other room", green);
  submit(typing_frame{red, true});
  say("3", "second", red);
  run();
  EXPECT_THAT(posted[red], IsEmpty());
  answer_holds();
  say("4", "third", red);
  run();
  EXPECT_THAT(contents(red), ElementsAre("first", "second", "third"));
  EXPECT_THAT(contents(green), ElementsAre("other room"));
  EXPECT_EQ(typed[red].size(), 1U);
}

TEST_F(SessionFrames, FramesFromBeforeReadyWaitForTheRooms) {
  out.connections[socket_ref] = {};
  session = spawn_session(*system, *services, {who, socket_ref, replay_mode::none, {}});
  say("1", "early", red);
  submit(ping_frame{}, "2");
  run();
  EXPECT_THAT(contents(red), ElementsAre("early"));
  EXPECT_THAT(take(socket_ref), ElementsAre("ready 1@1/0 2@0/0", "ack 2"));
}

TEST_F(SessionFrames, WhatWaitsIsBounded) {
  hold_at_once = false;
  open_quietly();
  for (int i = 0; i < 300; ++i) say(std::to_string(i), "x", red);
  run();
  const auto refused = take(socket_ref);
  EXPECT_EQ(refused.size(), 300U - 256U);
  EXPECT_EQ(refused.front(), "error 256 busy");
  answer_holds();
  EXPECT_EQ(posted[red].size(), 256U);
}

TEST_F(SessionFrames, WhatWaitsIsToldWhenTheRoomIsLeft) {
  hold_at_once = false;
  open_quietly();
  say("1", "first", red);
  run();
  caf::anon_send(session, user_left_room{red, leave_reason::removed});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error 1 not_found", "room_removed 1 removed"));
}

TEST_F(SessionFrames, ARoomJoinedAMomentAgoIsFoundInTheStoreAndToldFirst) {
  open_quietly();
  store.rooms[blue].members.push_back(me);
  say("1", "hello", blue);
  say("2", "again", blue);
  caf::anon_send(session, user_joined_room{blue});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_added 3@1/0"));
  EXPECT_THAT(contents(blue), ElementsAre("hello", "again"));
  EXPECT_EQ(held[blue], 1);
}

TEST_F(SessionFrames, ALookUpThatFailsIsToldAndTheNextFrameGoesOn) {
  open_quietly();
  store.reads_work = false;
  edit("1", in_red);
  say("2", "hello", red);
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error 1 unavailable"));
  EXPECT_THAT(contents(red), ElementsAre("hello"));
}

TEST_F(SessionFrames, TypingAndReadMarkersAreAnsweredOnlyWhenAsked) {
  open_quietly();
  submit(typing_frame{red, false}, "t");
  submit(typing_frame{red, true});
  submit(read_frame{red, 1}, "r");
  submit(read_frame{red, 1});
  run();
  ASSERT_EQ(typed[red].size(), 2U);
  ASSERT_EQ(marked[red].size(), 2U);
  EXPECT_FALSE(typed[red][0].is_typing);
  EXPECT_EQ(marked[red][0].seq, 1);
  for (const auto& typing : typed[red]) typing.reply(std::monostate{});
  for (const auto& marker : marked[red]) marker.reply(read_ack{red, 1, 0});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("ack t", "ack r read 1"));
}

TEST_F(SessionFrames, PingIsAnsweredOnlyWithAnId) {
  open_quietly();
  submit(ping_frame{}, "p");
  submit(ping_frame{});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("ack p"));
  EXPECT_EQ(out.connections[socket_ref].answers, 2U) << "ready and the ack";
}

TEST_F(SessionFrames, TheTokensAllowanceLimitsDurableFramesOnly) {
  who.send_allowance = std::make_shared<rate_limiter>(rate{20, 2});
  open_quietly();
  say("1", "a", red);
  edit("2", in_red, red);
  say("3", "b", red);
  submit(ping_frame{}, "4");
  submit(typing_frame{red, true});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error 3 rate_limited 51", "ack 4"));
  EXPECT_EQ(counts.rate_limited_total.value(), 1U);
  time.advance(std::chrono::milliseconds(51));
  say("5", "c", red);
  run();
  EXPECT_THAT(contents(red), ElementsAre("a", "change", "c"));
}

TEST_F(SessionFrames, AModeratorDeletesWhereHeIsNot) {
  store.add_room(red, {me});
  store.add_room(green, {other});
  who.user.user_role = role::moderator;
  open();
  submit(durable_frame{green, delete_message{id_of<message_id>(7)}}, "d");
  submit(durable_frame{green, send_message{"hello", {}, {}, {}}}, "s");
  run();
  ASSERT_EQ(posted[green].size(), 1U) << "by the directory, since this session does not hold the room";
  EXPECT_TRUE(std::holds_alternative<delete_message>(posted[green][0]->command));
  EXPECT_THAT(take(socket_ref), Contains("error s not_found"));
}

TEST_F(SessionFrames, WhoBecomesAFriendWhileWatchedStaysWatched) {
  open();
  submit(watch_presence_frame{{other}}, "w");
  run();
  caf::anon_send(session, friend_changed{{other, friend_status::accepted, other}});
  submit(watch_presence_frame{{}}, "v");
  run();
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2")) << "friends are always watched";
  caf::anon_send(session, friend_changed{{other, friend_status::none, other}});
  run();
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2", "unwatch 2"));
}

TEST_F(SessionFrames, WhoCeasesToBeAFriendStaysInTheWatchedSet) {
  store.friends[me] = {other};
  open();
  submit(watch_presence_frame{{other}}, "w");
  run();
  caf::anon_send(session, friend_changed{{other, friend_status::none, other}});
  run();
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2"));
  submit(watch_presence_frame{{}}, "v");
  run();
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2", "unwatch 2"));
}

TEST_F(SessionFrames, ANewRoleCountsAtOnce) {
  store.add_room(red, {me});
  store.add_room(green, {other});
  open();
  submit(durable_frame{green, delete_message{id_of<message_id>(7)}}, "d");
  run();
  EXPECT_TRUE(posted[green].empty());
  caf::anon_send(session, role_granted{role::moderator});
  submit(durable_frame{green, delete_message{id_of<message_id>(7)}}, "e");
  run();
  EXPECT_EQ(posted[green].size(), 1U);
}

TEST_F(SessionFrames, TheWatchedSetChangesOnlySoOften) {
  settings.limits.watches_per_second = 2;
  open();
  take(socket_ref);
  for (const auto* id : {"a", "b", "c"}) submit(watch_presence_frame{{other}}, id);
  run();
  EXPECT_THAT(take(socket_ref), Contains("error c rate_limited 501"));
  advance(std::chrono::seconds(1));
  submit(watch_presence_frame{{other}}, "d");
  run();
  EXPECT_THAT(take(socket_ref), Contains("ack d 2:off"));
}

TEST_F(SessionFrames, WatchesWhomItIsAskedToAndAnswersHowTheyAre) {
  store.add_user(third, "third");
  store.presences[other] = {other, true, time.now()};
  open_quietly();
  submit(watch_presence_frame{{other, third, other, id_of<user_id>(77)}}, "w");
  run();
  const auto answered = take(socket_ref);
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].substr(0, 16), "ack w 2:on 3:off");
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2", "watch 3"));
  ASSERT_GE(told_presence.size(), 2U) << "so that nothing older is told behind it";
  EXPECT_EQ(told_presence[0].user, other);
  EXPECT_TRUE(told_presence[0].is_online);
  submit(watch_presence_frame{{third}});
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2", "watch 3", "unwatch 2"));
}

TEST_F(SessionFrames, FriendsAreAlwaysWatched) {
  store.friends[me] = {other};
  open_quietly();
  submit(watch_presence_frame{{other}}, "w");
  submit(watch_presence_frame{{}}, "v");
  run();
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2"));
  EXPECT_THAT(take(socket_ref), ElementsAre("ack w 2:off", "ack v"));
}

TEST_F(SessionFrames, ANewFriendIsToldAndWatchedAndAFormerOneIsNot) {
  open_quietly();
  caf::anon_send(session, friend_changed{{other, friend_status::pending, other}});
  caf::anon_send(session, friend_changed{{other, friend_status::accepted, me}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("friend 2 pending", "friend 2 accepted"));
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2"));
  caf::anon_send(session, friend_changed{{other, friend_status::none, other}});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("friend 2 none"));
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2", "unwatch 2"));
}

TEST_F(SessionFrames, WhoIsWatchedByNameStaysWatchedWhenAFriendshipEnds) {
  open_quietly();
  submit(watch_presence_frame{{other}}, "w");
  run();
  caf::anon_send(session, friend_changed{{other, friend_status::accepted, me}});
  caf::anon_send(session, friend_changed{{other, friend_status::none, me}});
  run();
  EXPECT_THAT(presence_log, ElementsAre("on 1", "watch 2"));
}

TEST_F(SessionFrames, TooManyWatchedIsABadRequest) {
  settings.limits.watched_users = 2;
  open_quietly();
  submit(watch_presence_frame{{me, other, third}}, "w");
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("error w bad_request"));
}

}  // namespace
}  // namespace parley::testing
