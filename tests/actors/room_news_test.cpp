// Rooms on two nodes over one store: news that come, come late, come twice or never, and the sweep behind them.
#include <gmock/gmock.h>

#include "actor_world.hpp"
#include "faulty_bus.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RoomNews : public ::testing::Test {
 protected:
  RoomNews() {
    store().rooms[room_].members = {ann_, bob_};
    here_.ids.set_source(1);
    there_.ids.set_source(2);
    here_.settings.bus.backlog_bytes = 64 * 1024;
    here_.join(*here_end_);
    there_.join(*there_end_);
    here_.hear();  // where the stream ends now, they begin
    there_.hear();
    here_.run();
    there_.run();
  }
  fake_database& store() { return here_.store; }
  client& live(actor_world& on, user_id user) {
    auto& made = on.connect(user);
    made.after = static_cast<sequence>(store().rooms[room_].events.size());
    on.hold(made, room_, true);
    on.run();
    EXPECT_TRUE(made.attached);
    on.out.connections[made.connection].lines.clear();
    return made;
  }
  /// On the one node; the other one hears of it only by its next hear().
  void say(const std::string& content) {
    here_.post_by_rest(room_, ann_, content, send_message{content, {}, {}, {}});
    here_.run();
  }
  void append_to_store(const std::string& content) {
    store().rooms[room_].events.push_back(
        posted(room_, store().rooms[room_].end() + 1, content, id_of<message_id>(++last_message_), ann_));
  }
  stream_batch as_heard(sequence seq) {
    return {room_, {store().rooms[room_].events.at(static_cast<std::size_t>(seq) - 1)}};
  }

  faulty_bus bus_;
  std::unique_ptr<event_stream> here_end_ = bus_.open_node(), there_end_ = bus_.open_node();
  actor_world here_, there_{2, &here_.store};
  room_id room_ = id_of<room_id>(1);
  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2), cid_ = id_of<user_id>(3);
  std::uint8_t last_message_ = 0;
};

TEST_F(RoomNews, WhatOneNodeStoresTheOthersMembersGet) {
  auto& bob = live(there_, bob_);
  const auto reads = store().log_reads;
  say("one");
  say("two");
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "event 2 two"));
  EXPECT_EQ(store().log_reads, reads) << "by its news alone";
  EXPECT_EQ(there_.counts.stream_batches_read_total.value(), 2U);
  EXPECT_EQ(here_.counts.stream_batches_written_total.value(), 2U);
  EXPECT_EQ(there_.counts.stream_batches_waiting.value(), 0);
  EXPECT_EQ(here_.counts.stream_backlog_bytes.value(), 0);
}

TEST_F(RoomNews, NobodyHearsItsOwnNews) {
  auto& ann = live(here_, ann_);
  say("one");
  here_.hear();
  EXPECT_THAT(here_.lines(ann), ElementsAre("event 1 one"));
  EXPECT_EQ(here_.counts.stream_batches_read_total.value(), 0U);
}

TEST_F(RoomNews, NewsThatComeTwiceOrLateAreTakenOnceInOrder) {
  auto& bob = live(there_, bob_);
  append_to_store("one");
  append_to_store("two");
  append_to_store("three");
  const auto reads = store().log_reads;
  bus_.put(as_heard(3));
  bus_.put(as_heard(1));
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
  bus_.put(as_heard(1));
  bus_.put(as_heard(2));
  there_.hear();
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "event 2 two", "event 3 three"));
  there_.advance(seconds(1));
  EXPECT_EQ(store().log_reads, reads) << "nothing is missing any more";
}

TEST_F(RoomNews, AHoleIsReadFromTheStoreAfterAShortWait) {
  auto& bob = live(there_, bob_);
  append_to_store("one");
  append_to_store("two");
  bus_.put(as_heard(2));
  there_.hear();
  EXPECT_THAT(there_.lines(bob), IsEmpty());
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "event 2 two"));
}

TEST_F(RoomNews, OnesOwnBatchBehindAnotherNodesNewsWaitsForThem) {
  auto& bob = live(there_, bob_);
  say("one");
  there_.say(bob, "a", "two");
  there_.run();
  EXPECT_THAT(there_.lines(bob), IsEmpty()) << "in the order of the room";
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "live ack a 2"));
  here_.hear();
}

TEST_F(RoomNews, WithoutItsNewsOnesOwnBatchIsAnsweredByTheStore) {
  auto& bob = live(there_, bob_);
  bus_.loses_all = true;
  say("one");
  there_.say(bob, "a", "two");
  there_.run();
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "live ack a 2"));
}

TEST_F(RoomNews, TheSweepFindsWhatNoNewsTold) {
  auto& bob = live(there_, bob_);
  append_to_store("one");  // its node was killed before it could tell
  there_.hear();
  EXPECT_THAT(there_.lines(bob), IsEmpty());
  there_.advance(seconds(6));
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
  EXPECT_EQ(there_.counts.rooms_found_behind_total.value(), 1U);
}

TEST_F(RoomNews, WhileTheBusIsDownTheSweepLooksEachSecond) {
  auto& bob = live(there_, bob_);
  bus_.set_up(false);
  there_.hear();
  say("one");
  there_.advance(milliseconds(1'001));
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
  say("two");
  there_.advance(milliseconds(1'001));
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "event 2 two"));
  EXPECT_EQ(there_.counts.buses_up.value(), 0);
  // Behind the outage everything that waited goes out, and is known already.
  bus_.set_up(true);
  here_.advance(milliseconds(200));
  there_.hear();
  say("three");
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "event 2 two", "event 3 three"));
  EXPECT_EQ(there_.counts.buses_up.value(), 1);
}

TEST_F(RoomNews, OneBusOfTwoThatIsDownKeepsTheSweepLooking) {
  auto& bob = live(there_, bob_);
  caf::anon_send(there_.services->sweep, compare_with_store{1});
  caf::anon_send(there_.services->sweep, compare_with_store{0});  // the other one has a gap
  there_.run();
  for (int second = 1; second <= 3; ++second) {
    append_to_store("one more");
    there_.advance(milliseconds(1'001));
    there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
    EXPECT_THAT(there_.lines(bob), SizeIs(second));
  }
}

TEST_F(RoomNews, ABusThatComesBackMakesRoomsLookAtOnce) {
  auto& bob = live(there_, bob_);
  bus_.set_up(false);
  there_.hear();
  append_to_store("one");
  bus_.set_up(true);
  there_.hear();
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
}

TEST_F(RoomNews, WhatDoesNotFitIsAnnouncedAsAGapAndReadFromTheStore) {
  auto& bob = live(there_, bob_);
  bus_.set_up(false);
  for (const char what : {'x', 'y', 'z'}) say(std::string(40'000, what));
  EXPECT_EQ(here_.counts.stream_gaps_announced_total.value(), 0U);
  bus_.set_up(true);
  here_.advance(milliseconds(200));
  EXPECT_EQ(here_.counts.stream_gaps_announced_total.value(), 1U);
  EXPECT_EQ(here_.counts.stream_batches_written_total.value(), 1U);
  EXPECT_EQ(here_.counts.stream_backlog_bytes.value(), 0);
  there_.hear();
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), SizeIs(3));
}

TEST_F(RoomNews, AWriteWithoutAnAnswerIsMadeAgain) {
  auto& bob = live(there_, bob_);
  bus_.loses_answers = true;
  say("one");
  here_.advance(milliseconds(200));
  EXPECT_EQ(here_.counts.stream_write_failures_total.value(), 1U);
  there_.hear();
  EXPECT_EQ(there_.counts.stream_batches_read_total.value(), 2U);
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
}

TEST_F(RoomNews, WhoJoinsElsewhereIsToldThoughTheRoomIsNotInUseHere) {
  auto& cid = there_.connect(cid_);
  there_.run();
  here_.post_by_rest(room_, ann_, "invite", invite_members{{cid_}});
  here_.run();
  there_.hear();
  EXPECT_THAT(cid.news, ElementsAre("joined"));
  EXPECT_EQ(there_.counts.rooms_active.value(), 0);
}

TEST_F(RoomNews, WhoIsRemovedElsewhereGetsAllThatCameBeforeAndThenNothing) {
  auto& bob = live(there_, bob_);
  say("one");
  here_.post_by_rest(room_, ann_, "remove", remove_member{bob_});
  here_.run();
  say("three");
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
  EXPECT_THAT(bob.news, ElementsAre("left"));
}

TEST_F(RoomNews, WhatWaitsBehindAHoleIsBounded) {
  auto& bob = live(there_, bob_);
  for (int i = 0; i < 1'500; ++i) append_to_store(std::to_string(i));
  for (sequence seq = 2; seq <= 1'500; ++seq) bus_.put(as_heard(seq));
  there_.hear();
  EXPECT_THAT(there_.lines(bob), IsEmpty());
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  there_.advance(milliseconds(100));
  EXPECT_THAT(there_.lines(bob), SizeIs(1'500));
}

/// A commit whose answer was lost may be stored: nobody has told of it yet.
TEST_F(RoomNews, WhatWasStoredWithoutAnAnswerIsToldOnceItIsKnown) {
  auto& bob = live(there_, bob_);
  store().unclear_commits = 1;
  say("one");
  here_.advance(seconds(2));
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
}

}  // namespace
}  // namespace parley::testing
