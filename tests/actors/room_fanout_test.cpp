// Deliveries of a room to its shards.
#include "actors/room_fanout.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

#include "fakes.hpp"
#include "model_delivery.hpp"

namespace parley::testing {
namespace {

class RoomFanout : public ::testing::Test {
 protected:
  void attach(connection_ref to, sequence position, std::uint8_t user = 1) {
    out_.connections[to];
    fanout_.attach(to, {room_, id_of<user_id>(user), position, nullptr});
  }
  void deliver(sequence first, std::size_t events, std::vector<released_run::placed> answers = {}, bool is_own = true) {
    auto batch = std::make_shared<encoded_batch>();
    batch->room = room_;
    batch->first_seq = first;
    for (std::size_t i = 0; i < events; ++i) {
      encoder_.append_event(batch->bytes, posted(room_, first + static_cast<sequence>(i), "x"));
      batch->ends.push_back(static_cast<std::uint32_t>(batch->bytes.size()));
    }
    fanout_.deliver(batch, std::move(answers), is_own);
  }
  released_run::placed answer_to(connection_ref to, std::uint32_t index, bool replaces, const std::string& text) {
    out_.connections[to];
    auto pending = answer<change_room::reply>(
        [this](const result<change_room::reply>& outcome) { ++(outcome ? marked_ : dropped_); });
    return {{to, std::make_shared<const std::string>(text + "\n"), pending}, index, replaces};
  }
  /// The next delivery at the shard, if there is one; and the room hears what the shard has to say.
  void serve(std::uint32_t shard) {
    const auto before = out_.served;
    while (out_.served == before && out_.run_one(shard)) {
    }
    for (const auto told : std::exchange(ready_, {})) fanout_.shard_ready(told);
  }
  using lines = std::vector<std::string>;
  lines& seen(connection_ref by) { return out_.connections[by].lines; }

  room_id room_ = id_of<room_id>(1);
  line_encoder encoder_;
  model_delivery out_{2};
  int marked_ = 0, dropped_ = 0;
  connection_ref a_{0, 1}, b_{0, 2}, c_{1, 3};
  std::vector<std::uint32_t> ready_;
  room_fanout fanout_{out_, system_clock(), room_, [this](std::uint32_t shard) { ready_.push_back(shard); }};
};

TEST_F(RoomFanout, OnlyShardsThatAreConcernedGetABatch) {
  attach(a_, 0);
  deliver(1, 1);
  EXPECT_EQ(out_.deliveries, 1U);
  serve(0);
  deliver(2, 1, {answer_to(c_, 0, true, "ack")});
  EXPECT_EQ(out_.deliveries, 3U);
  out_.run_all();
  EXPECT_EQ(seen(a_), (lines{"event 1 x", "event 2 x"}));
  EXPECT_EQ(seen(c_), (lines{"ack"}));
}

TEST_F(RoomFanout, AShardHasOneDeliveryAtATimeAndWhatComesMeanwhileIsGathered) {
  attach(a_, 0);
  attach(b_, 0);
  for (sequence seq = 1; seq <= 7; ++seq) {
    deliver(seq, 1, seq == 5 ? std::vector{answer_to(b_, 0, true, "ack 5")} : std::vector<released_run::placed>{});
  }
  EXPECT_EQ(out_.deliveries, 1U);
  EXPECT_EQ(marked_, 0);
  out_.run_all();
  EXPECT_EQ(ready_.size(), 1U);
  serve(0);
  EXPECT_EQ(out_.deliveries, 2U);  // 2 to 7 in one
  EXPECT_EQ(marked_, 1);
  serve(0);
  EXPECT_EQ(out_.deliveries, 2U);
  out_.run_all();
  EXPECT_EQ(seen(a_),
            (lines{"event 1 x", "event 2 x", "event 3 x", "event 4 x", "event 5 x", "event 6 x", "event 7 x"}));
  EXPECT_EQ(seen(b_),
            (lines{"event 1 x", "event 2 x", "event 3 x", "event 4 x", "live ack 5", "event 6 x", "event 7 x"}));
}

TEST_F(RoomFanout, ASlowShardDoesNotHoldUpAnother) {
  attach(a_, 0);
  attach(c_, 0);
  for (sequence seq = 1; seq <= 4; ++seq) {
    deliver(seq, 1);
    while (out_.run_one(1)) {
    }
    serve(1);
  }
  EXPECT_EQ(seen(c_).size(), 4U);
  EXPECT_EQ(out_.waiting(0), 2U);  // the attachment and a delivery
}

TEST_F(RoomFanout, WhatAShardIsOwedGoesBeforeAnAttachment) {
  attach(a_, 0);
  for (sequence seq = 1; seq <= 4; ++seq) deliver(seq, 1, {answer_to(b_, 0, true, "ack " + std::to_string(seq))});
  attach(b_, 4);
  deliver(5, 1);
  out_.run_all();
  serve(0);
  serve(0);
  out_.run_all();
  EXPECT_EQ(seen(b_), (lines{"ack 1", "ack 2", "ack 3", "ack 4", "event 5 x"}));
}

TEST_F(RoomFanout, DeparturesAndAnswersKeepTheirPlacesWhenGathered) {
  attach(a_, 0, 1);
  attach(b_, 0, 2);
  deliver(1, 1);
  deliver(2, 1);
  deliver(3, 2, {answer_to(a_, 2, false, "error")});
  auto batch = std::make_shared<encoded_batch>();
  batch->room = room_;
  batch->first_seq = 5;
  batch->bytes = "left 5 2\n";
  batch->ends = {9};
  batch->departures = {{id_of<user_id>(2), 0}};
  fanout_.deliver(batch, {}, true);
  fanout_.forget_user(id_of<user_id>(2));
  deliver(6, 1);
  for (int i = 0; i < 4; ++i) {
    out_.run_all();
    serve(0);
  }
  out_.run_all();
  EXPECT_EQ(seen(a_), (lines{"event 1 x", "event 2 x", "event 3 x", "event 4 x", "error", "left 5 2", "event 6 x"}));
  EXPECT_EQ(seen(b_), (lines{"event 1 x", "event 2 x", "event 3 x", "event 4 x"}));
  EXPECT_EQ(fanout_.attachments(), 1U);
}

TEST_F(RoomFanout, AnswersThatWereNeverHandedOverAreNotMarkedAsGiven) {
  {
    room_fanout other(out_, system_clock(), room_, [](std::uint32_t) {});
    out_.connections[a_];
    other.attach(a_, {room_, id_of<user_id>(1), 0, nullptr});
    for (sequence seq = 1; seq <= 3; ++seq) {
      auto batch = std::make_shared<encoded_batch>();
      batch->room = room_;
      batch->first_seq = seq;
      batch->bytes = "e\n";
      batch->ends = {2};
      other.deliver(batch, {answer_to(a_, 0, true, "ack")}, true);
    }
    EXPECT_EQ(marked_, 1);
    EXPECT_EQ(dropped_, 0);
  }
  EXPECT_EQ(marked_, 1);
  EXPECT_EQ(dropped_, 2);  // `unavailable` by the other way, and so exactly one answer
}

TEST_F(RoomFanout, FlushHandsOverEverythingThatIsOwed) {
  attach(a_, 0);
  for (sequence seq = 1; seq <= 5; ++seq) deliver(seq, 1);
  fanout_.flush();
  out_.run_all();
  EXPECT_EQ(seen(a_).size(), 5U);
}

TEST_F(RoomFanout, EphemeralFramesGoToShardsWithAttachments) {
  attach(a_, 0, 1);
  attach(b_, 0, 2);
  attach(c_, 0, 3);
  fanout_.forget(c_);
  out_.run_all();
  const auto frame = std::make_shared<const std::string>("typing\n");
  fanout_.broadcast(frame, id_of<user_id>(1));
  EXPECT_EQ(out_.waiting(1), 0U);
  fanout_.send_to_user(id_of<user_id>(1), std::make_shared<const std::string>("read\n"));
  out_.run_all();
  EXPECT_EQ(seen(a_), (lines{"read"}));
  EXPECT_EQ(seen(b_), (lines{"typing"}));
}

TEST_F(RoomFanout, ADetachedConnectionGetsNoMoreEvents) {
  attach(a_, 0);
  deliver(1, 1);
  fanout_.detach(a_);
  EXPECT_FALSE(fanout_.is_attached(a_));
  fanout_.detach(a_);  // again: nothing
  deliver(2, 1);
  out_.run_all();
  EXPECT_EQ(seen(a_), (lines{"event 1 x"}));
}

TEST_F(RoomFanout, ARoomThatWaitsForNothingIsNotWoken) {
  attach(a_, 0);
  for (sequence seq = 1; seq <= 3; ++seq) {
    deliver(seq, 1);
    out_.run_all();
    EXPECT_FALSE(fanout_.must_wait());
  }
  EXPECT_EQ(seen(a_).size(), 3U);
  EXPECT_TRUE(ready_.empty());
  deliver(4, 1);
  EXPECT_TRUE(fanout_.must_wait());
  out_.run_all();
  EXPECT_EQ(ready_, (std::vector<std::uint32_t>{0}));
}

/// Deliveries to one shard, which another thread serves.
class threaded_delivery : public model_delivery {
 public:
  threaded_delivery() : model_delivery(1) {}
  void deliver(std::uint32_t, room_delivery what) override {
    const std::lock_guard guard(lock_);
    waiting_.push_back(std::move(what));
  }
  void serve() {
    std::deque<room_delivery> taken;
    {
      const std::lock_guard guard(lock_);
      taken.swap(waiting_);
    }
    for (const auto& each : taken) each.on_handed_on();
  }

 private:
  std::mutex lock_;
  std::deque<room_delivery> waiting_;
};

/// The room must be woken however its waiting and the shard's counting fall together.
TEST(RoomFanoutAndAThread, WhoWaitsIsAlwaysWoken) {
  constexpr sequence rounds = 100'000;
  const auto room = id_of<room_id>(1);
  threaded_delivery out;
  std::atomic<bool> is_ready = false, has_ended = false;
  room_fanout fanout(out, system_clock(), room, [&](std::uint32_t) { is_ready = true; });
  fanout.attach({0, 1}, {room, id_of<user_id>(1), 0, nullptr});
  std::thread shard([&] {
    while (!has_ended) out.serve();
  });
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::seconds(20);  // on a busy machine fewer rounds have to do
  bool was_woken = true;
  const auto wait_until_woken = [&] {
    const auto deadline = clock::now() + std::chrono::seconds(20);
    while (!is_ready && clock::now() < deadline) {
    }
    was_woken = is_ready.exchange(false);
    return was_woken;
  };
  sequence seq = 0;
  while (was_woken && seq < rounds && clock::now() < end) {
    auto batch = std::make_shared<encoded_batch>();
    batch->room = room;
    batch->first_seq = ++seq;
    batch->bytes = "e\n";
    batch->ends = {2};
    fanout.deliver(batch, {}, true);
    // What the room does until it looks again takes about as long as the shard does, now less and now more.
    for (std::atomic<sequence> pause = 0; pause < seq % 256; ++pause) {
    }
    while (fanout.must_wait() && wait_until_woken()) fanout.shard_ready(0);
  }
  has_ended = true;
  shard.join();
  EXPECT_TRUE(was_woken) << "in round " << seq;
}

TEST_F(RoomFanout, IsBusyUntilTheLastShardHasServedItsSockets) {
  attach(a_, 0);
  attach(c_, 0);
  EXPECT_FALSE(fanout_.must_wait());
  deliver(1, 1);
  EXPECT_TRUE(fanout_.must_wait());
  serve(0);
  EXPECT_TRUE(fanout_.must_wait());
  serve(1);
  EXPECT_FALSE(fanout_.must_wait());
}

TEST_F(RoomFanout, IsBusyAlsoWithALeaveThatDidNotWait) {
  attach(a_, 0, 1);
  deliver(1, 1);
  auto batch = std::make_shared<encoded_batch>();
  batch->room = room_;
  batch->first_seq = 2;
  batch->bytes = "left 2\n";
  batch->ends = {7};
  batch->departures = {{id_of<user_id>(1), 0}};
  fanout_.deliver(batch, {}, true);
  serve(0);
  EXPECT_TRUE(fanout_.must_wait());
  serve(0);
  EXPECT_FALSE(fanout_.must_wait());
}

TEST_F(RoomFanout, IsNotBusyWithWhatOtherNodesSay) {
  attach(a_, 0);
  deliver(1, 1, {}, false);
  EXPECT_FALSE(fanout_.must_wait());
  deliver(2, 1, {}, true);
  EXPECT_TRUE(fanout_.must_wait()) << "it waits here";
  EXPECT_TRUE(fanout_.owes());
  deliver(3, 1, {}, false);
  serve(0);
  EXPECT_TRUE(fanout_.must_wait()) << "it is with the shard";
  EXPECT_FALSE(fanout_.owes());
  deliver(4, 1, {}, false);
  serve(0);
  EXPECT_FALSE(fanout_.must_wait());
}

TEST_F(RoomFanout, ALeaveDoesNotWaitForItsShard) {
  attach(a_, 0, 1);
  for (sequence seq = 1; seq <= 3; ++seq) deliver(seq, 1);
  auto batch = std::make_shared<encoded_batch>();
  batch->room = room_;
  batch->first_seq = 4;
  batch->bytes = "left 4\n";
  batch->ends = {7};
  batch->departures = {{id_of<user_id>(1), 0}};
  fanout_.deliver(batch, {}, true);
  fanout_.forget_user(id_of<user_id>(1));
  out_.detach(a_, room_);  // as the leaver's session does when it hears of the leave
  out_.run_all();
  EXPECT_EQ(seen(a_), (lines{"event 1 x", "event 2 x", "event 3 x"})) << "everything before the leave";
}

}  // namespace
}  // namespace parley::testing
