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

TEST_F(RoomNews, TheLagGrowsWhileNoNewsCanBeHeard) {
  bus_.set_up(false);
  there_.hear();
  there_.advance(seconds(3));
  there_.hear();
  EXPECT_EQ(there_.counts.stream_lag_ms.value(), 3'000);
  bus_.set_up(true);
  there_.hear();
  EXPECT_EQ(there_.counts.stream_lag_ms.value(), 0);
}

TEST(StreamLags, OfSeveralStreamsTheMostIsShown) {
  gauge shown;
  stream_lags lags(shown);
  const auto one = lags.add_reader(), other = lags.add_reader();
  lags.set(one, seconds(2));
  lags.set(other, milliseconds(0));
  EXPECT_EQ(shown.value(), 2'000);
  lags.set(one, milliseconds(5));
  EXPECT_EQ(shown.value(), 5);
}

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
  EXPECT_EQ(there_.counts.stream_news_bytes.value(), 0);
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

TEST_F(RoomNews, WhileTheBusTakesNothingTheSweepLooksEachSecond) {
  auto& ann = live(here_, ann_);
  bus_.refuses_writes = true;
  say("one");
  EXPECT_EQ(here_.counts.buses_writable.value(), 0);
  append_to_store("two");
  here_.advance(milliseconds(1'001));
  here_.advance(milliseconds(here_.settings.bus.hole_wait_ms));
  EXPECT_THAT(here_.lines(ann), ElementsAre("event 1 one", "event 2 two"));
  bus_.refuses_writes = false;
  here_.advance(milliseconds(200));
  EXPECT_EQ(here_.counts.buses_writable.value(), 1);
  here_.advance(seconds(1));
  const auto sweeps = here_.counts.sweeps_total.value();
  for (int i = 0; i < 40; ++i) here_.advance(milliseconds(100));
  EXPECT_LE(here_.counts.sweeps_total.value(), sweeps + 1) << "as rarely as ever";
}

TEST_F(RoomNews, ManyWhoAskForASweepGetOneAQuarterOfASecond) {
  const auto before = there_.counts.sweeps_total.value();
  for (int i = 0; i < 50; ++i) {
    caf::anon_send(there_.services->sweep, compare_with_store{0});
    there_.advance(milliseconds(10));
  }
  EXPECT_GE(there_.counts.sweeps_total.value(), before + 2);
  EXPECT_LE(there_.counts.sweeps_total.value(), before + 4);
}

TEST_F(RoomNews, ASweepThatCouldNotReadIsMadeAgainSoon) {
  auto& bob = live(there_, bob_);
  append_to_store("one");
  there_.advance(milliseconds(250));  // the last one was just before
  store().reads_work = false;
  caf::anon_send(there_.services->sweep, compare_with_store{0});
  there_.run();
  store().reads_work = true;
  there_.advance(milliseconds(1'001));
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
}

/// Its answers must find their places before the events are taken from the store.
TEST_F(RoomNews, AHoleInWhichOnesOwnBatchMayLieWaitsForThatBatch) {
  auto& bob = live(there_, bob_);
  const auto two = posted(room_, 2, "two", id_of<message_id>(9), ann_);
  const auto one = posted(room_, 1, "one", id_of<message_id>(8), bob_);
  there_.say(bob, "a", "one");
  const auto news = std::make_shared<const stream_batch>(stream_batch{room_, {two}});
  caf::anon_send(bob.actor, events_heard{news, nullptr});
  caf::anon_send(bob.actor, hole_read{0, log_page{2, {one, two}}});
  there_.run();
  EXPECT_THAT(there_.lines(bob), ElementsAre("live ack a 1", "event 2 two"));
}

TEST_F(RoomNews, NewsOfOnesOwnBatchWaitForTheStoresAnswer) {
  auto& bob = live(there_, bob_);
  there_.services->faults.after_commit = [&](std::span<const append_command> commands) {
    if (commands.empty()) return;
    const auto one = posted(room_, 1, "one", message_id(commands.front().new_id), bob_);
    const auto news = std::make_shared<const stream_batch>(stream_batch{room_, {one}});
    caf::anon_send(bob.actor, events_heard{news, nullptr});
  };
  there_.say(bob, "a", "one");
  there_.run();
  EXPECT_THAT(there_.lines(bob), ElementsAre("live ack a 1"));
}

TEST_F(RoomNews, EachHoleGetsItsTimeForNews) {
  live(there_, bob_);
  for (const auto* text : {"one", "two", "three", "four"}) append_to_store(text);
  const auto half = milliseconds(there_.settings.bus.hole_wait_ms / 2);
  const auto reads = store().log_reads;
  bus_.put(as_heard(2));
  there_.hear();
  there_.advance(half);
  bus_.put(as_heard(1));
  bus_.put(as_heard(4));
  there_.hear();
  there_.advance(half);
  EXPECT_EQ(store().log_reads, reads) << "the first hole is closed, the second one has just opened";
  there_.advance(half + half);
  EXPECT_EQ(store().log_reads, reads + 1);
}

TEST_F(RoomNews, EventsThatTheStoreDoesNotHaveAreForgotten) {
  auto& bob = live(there_, bob_);
  append_to_store("one");
  bus_.put({room_, {posted(room_, 7, "of another installation", id_of<message_id>(9), ann_)}});
  there_.hear();
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one"));
  const auto reads = store().log_reads;
  there_.advance(seconds(10));
  EXPECT_EQ(store().log_reads, reads) << "nothing is looked for any more";
  say("two");
  there_.hear();
  EXPECT_THAT(there_.lines(bob), ElementsAre("event 1 one", "event 2 two"));
}

/// Their senders wait for their shards' service of their own batches alone.
TEST_F(RoomNews, OthersTalkDoesNotKeepOnesOwnCommandsWaiting) {
  auto& bob = live(there_, bob_);
  append_to_store("one");
  caf::anon_send(bob.actor, events_heard{std::make_shared<const stream_batch>(as_heard(1)), nullptr});
  there_.run_actors();  // and no shard has served it yet
  const auto commits = store().commits.size();
  there_.say(bob, "a", "two");
  there_.run_actors();
  EXPECT_EQ(store().commits.size(), commits + 1);
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
  there_.advance(milliseconds(250));  // the last one was just before
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
  there_.advance(milliseconds(250));  // the last one was just before
  there_.advance(milliseconds(there_.settings.bus.hole_wait_ms));
  EXPECT_THAT(there_.lines(bob), SizeIs(3));
}

TEST_F(RoomNews, AfterFailuresLessIsWrittenAtOnce) {
  bus_.set_up(false);
  for (const char what : {'x', 'y', 'z'}) say(std::string(18'000, what));
  for (int tries = 0; tries < 6; ++tries) here_.advance(milliseconds(200));
  bus_.set_up(true);
  here_.advance(milliseconds(200));
  EXPECT_EQ(here_.counts.stream_batches_written_total.value(), 3U);
  EXPECT_EQ(bus_.most_at_once, 1U);
}

/// The reader reads on when news are with the shards, and not when they have only left the mailbox.
TEST_F(RoomNews, NewsCountAsWaitingUntilTheirShardTakesThem) {
  auto& bob = live(there_, bob_);
  const auto bound = std::make_shared<queue_bound>(100, there_.counts.stream_news_bytes);
  for (sequence seq = 1; seq <= 2; ++seq) {
    append_to_store("x");
    caf::anon_send(bob.actor, events_heard{std::make_shared<const stream_batch>(as_heard(seq)), bound->try_enter(1)});
  }
  there_.run_actors();
  EXPECT_EQ(bound->waiting(), 1) << "the second one waits for the shard to serve the first";
  there_.run();
  EXPECT_EQ(bound->waiting(), 0);
  EXPECT_THAT(there_.lines(bob), SizeIs(2));
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

/// What was lost on the bus between the commit and its news must not be older than that time.
TEST_F(RoomNews, NewsSaySinceWhenTheyAre) {
  live(here_, ann_);
  const auto begun = here_.time.steady_now();
  here_.services->faults.after_commit = [&](auto) { here_.time.advance(seconds(60)); };
  say("one");
  EXPECT_EQ(bus_.last_since, begun);
}

TEST_F(RoomNews, OfWhatWasReadAfterALostAnswerNobodyKnowsSinceWhenItIs) {
  live(here_, ann_);
  say("one");
  EXPECT_TRUE(bus_.last_since);
  store().unclear_commits = 1;
  say("two");
  here_.advance(seconds(5));
  ASSERT_EQ(here_.counts.stream_batches_written_total.value(), 2U);
  EXPECT_FALSE(bus_.last_since);
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
