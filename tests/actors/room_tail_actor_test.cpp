// Pages from rooms' tails: taken before the store is asked, and the store whenever they cannot tell.
#include "actors/room_tail_actor.hpp"

#include <gmock/gmock.h>

#include "actors/catch_up_plan.hpp"
#include "session_fixture.hpp"
#include "support/memory_event_stream.hpp"

namespace parley::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using kind = catch_up_step::kind;

class RoomTails : public session_fixture {
 protected:
  RoomTails() { begin(); }
  ~RoomTails() override {
    tails_->stop();
    reader_ = nullptr;
    run();
  }
  void begin() {
    reader_ = spawn_room_tails_on_scheduler(*system, *services, *end_);
    tails_ = std::make_unique<room_tails>(*services, std::vector{reader_});
    services->tails = tails_.get();
  }
  /// Stored, and perhaps told to Redis too.
  void say(sequence seq, const std::string& content, bool is_told = true) {
    store.say(red, other, content, id_of<message_id>(static_cast<std::uint8_t>(seq)));
    auto& event = store.rooms[red].events.back();
    ASSERT_EQ(event.seq, seq);
    std::get<message_posted>(event.body).created_at = time.now();
    if (is_told) tell(event);
  }
  void tell(const durable_event& event) {
    const std::shared_ptr<const stream_batch> batches[] = {
        std::make_shared<const stream_batch>(stream_batch{red, {event}, time.steady_now()})};
    ASSERT_TRUE(writer_->append(batches));
  }
  /// As the store does, of the message as it now stands.
  void erase(sequence message, bool is_told = true) {
    auto& events = store.rooms[red].events;
    const auto id = id_of<message_id>(static_cast<std::uint8_t>(message));
    std::get<message_posted>(events[static_cast<std::size_t>(message) - 1].body).content.reset();
    events.push_back({red, store.rooms[red].end() + 1, message_deleted{id, other, time.now()}});
    if (is_told) tell(events.back());
  }
  /// The room sends to the store; everything then moves until nothing does.
  std::vector<std::string> replay(sequence end) {
    step(red, kind::read_store, end);
    run();
    return take(socket_ref);
  }
  void open_with(int messages) {
    store.add_room(red, {me, other});
    for (int i = 1; i <= messages; ++i) say(i, std::to_string(i));
    open();
    take(socket_ref);
  }
  [[nodiscard]] sequence asked_after() { return asked[red].back().after; }

  support::memory_bus bus_;
  std::unique_ptr<event_stream> end_ = bus_.open_node();
  std::unique_ptr<event_stream_writer> writer_ = end_->open_writer();
  room_tail_handle reader_;
  std::unique_ptr<room_tails> tails_;
};

TEST_F(RoomTails, ArePagedBeforeTheStoreIsAsked) {
  open_with(3);
  EXPECT_THAT(replay(3), ElementsAre("event 1 1", "event 2 2", "event 3 3"));
  EXPECT_EQ(asked_after(), 3);
  EXPECT_EQ(asked[red].back().events_left, settings.replay.limit - 3);
  EXPECT_EQ(counts.replay_pages_store_total.value(), 0U);
  EXPECT_EQ(counts.replay_events_tail_total.value(), 3U);
  EXPECT_EQ(counts.tail_pages_total.value(), 1U);
  EXPECT_EQ(counts.tail_queue.value(), 0);
}

TEST_F(RoomTails, GiveNoMoreThanTheLimitLeavesAndSmallPages) {
  settings.replay.limit = 50;
  open_with(250);
  replay(250);
  EXPECT_EQ(asked_after(), 32);
  replay(250);
  EXPECT_EQ(asked_after(), 50);
  EXPECT_EQ(asked[red].back().events_left, 0U);
}

TEST_F(RoomTails, GiveNothingBehindTheEndAtWhichTheRoomKnewItsMembers) {
  open_with(3);
  say(4, "behind his back");
  EXPECT_THAT(replay(3), ElementsAre("event 1 1", "event 2 2", "event 3 3"));
  EXPECT_EQ(asked_after(), 3) << "and the room is asked again before anything is claimed";
}

TEST_F(RoomTails, LeaveWhatWasChangedToTheStore) {
  open_with(3);
  erase(2);
  EXPECT_THAT(replay(4), ElementsAre("event 1 1"));
  EXPECT_EQ(counts.replay_pages_store_total.value(), 0U);
  EXPECT_THAT(replay(4), ElementsAre("event 2 null", "event 3 3", "deleted 4"));
  EXPECT_EQ(counts.replay_pages_store_total.value(), 1U);
  EXPECT_EQ(counts.tail_misses_total.value(), 1U);
}

TEST_F(RoomTails, ThatDoNotReachTheRoomsEndAreWaitedForAMoment) {
  open_with(3);
  say(4, "4", false);
  step(red, kind::read_store, 4);
  run();
  EXPECT_THAT(take(socket_ref), IsEmpty());
  tell(store.rooms[red].events.back());
  advance(milliseconds(5));
  EXPECT_THAT(take(socket_ref), ElementsAre("event 1 1", "event 2 2", "event 3 3", "event 4 4"));
  EXPECT_EQ(counts.replay_pages_store_total.value(), 0U);
}

TEST_F(RoomTails, ThatDoNotReachTheRoomsEndInTimeTellNothing) {
  open_with(3);
  erase(1, false);
  step(red, kind::read_store, 4);
  run();
  for (int i = 0; i < 19; ++i) advance(milliseconds(5));
  EXPECT_THAT(take(socket_ref), IsEmpty());
  advance(milliseconds(5));
  EXPECT_THAT(take(socket_ref), ElementsAre("event 1 null", "event 2 2", "event 3 3", "deleted 4"));
  EXPECT_EQ(counts.tail_misses_total.value(), 1U);
}

TEST_F(RoomTails, ThatCannotBeReadCostNothingButTheStoresAnswer) {
  open_with(3);
  bus_.set_tails_up(false);
  EXPECT_THAT(replay(3), ElementsAre("event 1 1", "event 2 2", "event 3 3"));
  EXPECT_EQ(counts.tail_failures_total.value(), 1U);
  EXPECT_EQ(counts.replay_pages_store_total.value(), 1U);
}

/// A tail that lacks the last event of a silent room does so for as long as the room is silent.
TEST_F(RoomTails, ThatAreBehindAreWaitedForOnceAndNotByEverybody) {
  open_with(3);
  say(4, "4", false);
  step(red, kind::read_store, 4);
  run();
  for (int i = 0; i < 21; ++i) advance(milliseconds(5));
  EXPECT_EQ(counts.tail_misses_total.value(), 1U);
  const auto before = bus_.tail_reads();
  EXPECT_GT(before, 10);
  awaited<std::vector<durable_event>> another;
  tails_->ask({red, 0, 10, 4}, another.reply());
  run();
  ASSERT_TRUE(another.ok());
  EXPECT_THAT(another.value(), IsEmpty());
  EXPECT_EQ(bus_.tail_reads(), before + 1);
}

TEST_F(RoomTails, ThatFailedAreNotWaitedForAgainForASecond) {
  open_with(250);
  bus_.set_tails_up(false);
  replay(250);
  replay(250);
  EXPECT_EQ(asked_after(), 200);
  EXPECT_EQ(bus_.tail_reads(), 1);
  bus_.set_tails_up(true);
  advance(milliseconds(1'000));
  resume("r", {{red, 10}});
  run();
  attach(red, 250);
  replay(250);
  EXPECT_EQ(asked_after(), 42);
  EXPECT_EQ(bus_.tail_reads(), 2);
  EXPECT_EQ(counts.tail_pages_total.value(), 1U);
}

TEST_F(RoomTails, AreNotAskedByMoreThanWaitThere) {
  tails_->stop();
  settings.bus.tail_queue = 1;
  begin();
  open_with(3);
  awaited<std::vector<durable_event>> first, second;
  tails_->ask({red, 0, 10, 3}, first.reply());
  tails_->ask({red, 0, 10, 3}, second.reply());
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(second.value(), IsEmpty());
  EXPECT_EQ(counts.tail_misses_total.value(), 1U);
  run();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first.value().size(), 3U);
  tails_->ask({red, 0, 10, 3}, second.reply());
  EXPECT_EQ(counts.tail_queue.value(), 1);
  run();
  EXPECT_EQ(counts.tail_queue.value(), 0);
}

TEST_F(RoomTails, AreAskedForManyInOneRoundTrip) {
  open_with(3);
  std::vector<awaited<std::vector<durable_event>>> waiting(16);
  for (auto& each : waiting) tails_->ask({red, 0, 10, 3}, each.reply());
  run();
  for (const auto& each : waiting) ASSERT_TRUE(each.ok() && each.value().size() == 3);
  EXPECT_EQ(bus_.tail_reads(), 1);
}

TEST_F(RoomTails, GiveNoTextThatIsOlderThanTheyMayBe) {
  open_with(2);
  time.advance(hours(24));
  say(3, "3");
  EXPECT_THAT(replay(3), ElementsAre("event 1 1", "event 2 2", "event 3 3"));
  EXPECT_EQ(counts.replay_pages_store_total.value(), 0U);
  time.advance(milliseconds(1));
  resume("r", {{red, 0}});
  run();
  attach(red, 3);
  take(socket_ref);
  EXPECT_THAT(replay(3), ElementsAre("event 1 1", "event 2 2", "event 3 3"));
  EXPECT_EQ(counts.replay_pages_store_total.value(), 1U);
}

TEST_F(RoomTails, ThatHoldWhatNobodyReadsLeaveItToTheStore) {
  open_with(3);
  bus_.spoil_tail(red, 2);
  EXPECT_THAT(replay(3), ElementsAre("event 1 1"));
  EXPECT_THAT(replay(3), ElementsAre("event 2 2", "event 3 3"));
  EXPECT_EQ(counts.stream_unreadable_total.value(), 2U);
}

TEST_F(RoomTails, WhoseReaderIsGoneLeaveAllToTheStore) {
  open_with(3);
  tails_->stop();
  EXPECT_THAT(replay(3), ElementsAre("event 1 1", "event 2 2", "event 3 3"));
  EXPECT_EQ(counts.replay_pages_store_total.value(), 1U);
}

TEST_F(RoomTails, PagesThatComeWhenTheRoomWasLeftGoToNobody) {
  open_with(3);
  step(red, kind::read_store, 3);
  caf::anon_send(session, user_left_room{red, leave_reason::removed});
  run();
  EXPECT_THAT(take(socket_ref), ElementsAre("room_removed 1 removed"));
}

}  // namespace
}  // namespace parley::testing
