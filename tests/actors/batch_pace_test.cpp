// When a room's next batch waits for more, and for how long.
#include "actors/batch_pace.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// A room whose shards serve each batch for so long.
class paced_room {
 public:
  explicit paced_room(steady_time::duration serving = milliseconds(8)) : serving_(serving) {}

  void serve(std::size_t events, std::size_t gathered) {
    pace_.note_handed_over(now_, events);
    if (gathered > 0) pace_.note_gathered(gathered);
    now_ += serving_;
    served_ = now_;
  }
  bool waits(std::size_t waiting) { return pace_.must_wait(now_, served_, waiting); }
  void pass(steady_time::duration time) { now_ += time; }
  /// Serves so many batches of so many, and waits behind each for as long as it is told to.
  void serve_in_vain(int batches, std::size_t events, std::size_t gathered) {
    for (int i = 0; i < batches; ++i) {
      serve(events, gathered);
      if (!waits(gathered)) continue;
      now_ = pace_.waits_until();
      EXPECT_FALSE(waits(gathered));
    }
  }
  batch_pace& pace() { return pace_; }
  [[nodiscard]] steady_time served() const { return served_; }

 private:
  batch_pace pace_;
  steady_time::duration serving_;
  steady_time now_{std::chrono::hours(1)};
  steady_time served_{};
};

TEST(BatchPace, AQuietRoomDoesNotWait) {
  paced_room room;
  EXPECT_FALSE(room.waits(1));
  room.serve(1, 0);
  EXPECT_FALSE(room.waits(1)) << "one message at a time";
  room.serve(16, 0);
  room.pass(milliseconds(100));
  EXPECT_FALSE(room.waits(1)) << "long behind the last batch";
}

TEST(BatchPace, TheFirstOfManyWaitsForTheOthers) {
  paced_room room;
  room.serve(16, 0);
  EXPECT_TRUE(room.waits(1));
  EXPECT_EQ(room.pace().waits_until(), room.served() + milliseconds(1)) << "an eighth of the serving";
  EXPECT_TRUE(room.waits(15));
  EXPECT_FALSE(room.waits(16)) << "all are there";
}

TEST(BatchPace, WhatGatheredWaitsForThoseThatWereServed) {
  paced_room room;
  room.serve(15, 1);
  EXPECT_TRUE(room.waits(1));
  EXPECT_FALSE(room.waits(16));
  room.serve(1, 15);
  EXPECT_TRUE(room.waits(15));
  EXPECT_FALSE(room.waits(16));
}

TEST(BatchPace, ItWaitsNoLongerThanSaid) {
  paced_room room;
  room.serve(16, 0);
  ASSERT_TRUE(room.waits(1));
  room.pass(milliseconds(1));
  EXPECT_FALSE(room.waits(1));
}

TEST(BatchPace, RoomsThatAreServedAtOnceNeverWait) {
  paced_room room(microseconds(700));
  room.serve(5, 3);
  EXPECT_FALSE(room.waits(3)) << "87 us";
}

TEST(BatchPace, TheWaitIsBoundedInTheLargestRoomsToo) {
  paced_room room(milliseconds(400));
  room.serve(16, 0);
  ASSERT_TRUE(room.waits(1));
  EXPECT_EQ(room.pace().waits_until(), room.served() + batch_pace::most_wait);
}

TEST(BatchPace, WaitsThatWereInVainAreNotRepeated) {
  paced_room room;
  // One message at a time, whose successor comes while the sockets are being served: it is no second one.
  room.serve_in_vain(1, 1, 1);
  room.serve(1, 1);
  EXPECT_FALSE(room.waits(1));
}

TEST(BatchPace, OneWaitThatWasTooShortDoesNotUndoWhatIsLearned) {
  paced_room room;
  room.serve_in_vain(1, 16, 4);
  room.serve(16, 4);
  EXPECT_TRUE(room.waits(4)) << "half way between 20 and 4 is 12";
  EXPECT_FALSE(room.waits(12));
}

TEST(BatchPace, WhatIsLearnedIsTriedAnewNowAndThen) {
  paced_room room;
  room.serve_in_vain(batch_pace::tries_each - 1, 1, 1);
  room.serve(16, 0);
  EXPECT_TRUE(room.waits(1));
}

}  // namespace
}  // namespace parley
