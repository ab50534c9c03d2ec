// The queue before a shard: every value once, each producer's in order, the consumer woken.
#include "net/shard_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "net/flood_guard.hpp"

namespace parley {
namespace {

TEST(shard_queue, hands_on_in_order_and_says_when_to_wake) {
  shard_queue<int> queue;
  EXPECT_TRUE(queue.push(1));
  EXPECT_FALSE(queue.push(2));
  EXPECT_FALSE(queue.push(3));
  std::vector<int> got;
  queue.take_all([&](int value) { got.push_back(value); });
  EXPECT_EQ(got, (std::vector{1, 2, 3}));
  EXPECT_TRUE(queue.push(4));
}

TEST(shard_queue, keeps_each_producers_order_under_contention) {
  constexpr int producers = 4, each = 20'000;
  shard_queue<std::pair<int, int>> queue;
  std::counting_semaphore<> wake(0);
  std::vector<std::thread> threads;
  threads.reserve(producers);
  for (int producer = 0; producer < producers; ++producer) {
    threads.emplace_back([&, producer] {
      for (int i = 0; i < each; ++i) {
        if (queue.push({producer, i})) wake.release();
      }
    });
  }
  std::vector<int> next(producers, 0);
  for (int total = 0; total < producers * each;) {
    wake.acquire();  // one is owed whenever the queue is not empty
    queue.take_all([&](std::pair<int, int> value) {
      ASSERT_EQ(value.second, next[static_cast<std::size_t>(value.first)]++);
      ++total;
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(shard_queue, frees_what_nobody_took) {
  const auto value = std::make_shared<int>(1);
  {
    shard_queue<std::shared_ptr<int>> queue;
    queue.push(value);
    queue.push(value);
    EXPECT_EQ(value.use_count(), 3);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(flood_guard, speaks_after_five_seconds_on_end_above_ten_times_the_limit) {
  flood_guard guard(10);
  steady_time now{};
  now += std::chrono::hours(1);
  int seconds = 0;
  for (bool flood = false; !flood && seconds < 20; ++seconds) {
    for (int i = 0; i < 101 && !flood; ++i) flood = guard.count(now + std::chrono::milliseconds(i));
    now += std::chrono::seconds(1);
  }
  EXPECT_EQ(seconds, 6);  // the first frame of the sixth
}

TEST(flood_guard, forgives_a_second_within_the_limit) {
  flood_guard guard(10);
  steady_time now{};
  now += std::chrono::hours(1);
  for (int second = 0; second < 40; ++second) {
    const int frames = second % 5 == 4 ? 100 : 500;
    for (int i = 0; i < frames; ++i) ASSERT_FALSE(guard.count(now)) << second;
    now += std::chrono::seconds(1);
  }
}

TEST(flood_guard, knows_no_flood_without_a_limit) {
  flood_guard guard(0);
  for (int i = 0; i < 100'000; ++i) ASSERT_FALSE(guard.count(steady_time{} + std::chrono::milliseconds(i)));
}

TEST(bad_frame_guard, speaks_at_the_eleventh_within_a_minute) {
  bad_frame_guard guard(10);
  steady_time now{};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(guard.count(now += std::chrono::seconds(1)));
  EXPECT_TRUE(guard.count(now + std::chrono::seconds(1)));
}

TEST(bad_frame_guard, forgets_after_a_minute) {
  bad_frame_guard guard(10);
  steady_time now{};
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(guard.count(now += std::chrono::seconds(6)));
}

}  // namespace
}  // namespace parley
