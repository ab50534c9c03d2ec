// The scheduler policy under CAF's own workers: nothing is forgotten, nobody starves, sleepers are woken.
#include "actors/run_next_policy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <caf/all.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace parley::testing {
namespace {

using std::chrono::seconds;

struct workers : caf::actor_system_config {
  explicit workers(std::size_t count) {
    load<run_next_policy::coordinator>();
    set("scheduler.max-threads", count);
    set("scheduler.max-throughput", std::size_t{300});
  }
};

/// Runs `work` for each number it is sent.
caf::actor spawn_worker(caf::actor_system& system, std::function<void(caf::event_based_actor*, int)> work) {
  return system.spawn([work](caf::event_based_actor* self) -> caf::behavior {
    return {[self, work](int number) { work(self, number); }};
  });
}

/// Something that threads wait for, and not for ever.
class flag {
 public:
  void raise() {
    const std::lock_guard guard(lock_);
    is_raised_ = true;
    changed_.notify_all();
  }
  bool wait(std::chrono::milliseconds patience = seconds(20)) {
    std::unique_lock guard(lock_);
    return changed_.wait_for(guard, patience, [this] { return is_raised_; });
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  bool is_raised_ = false;
};

TEST(RunNextPolicy, EveryMessageFromEveryThreadArrives) {
  constexpr int threads = 4, messages = 5'000;
  std::atomic<int> arrived = 0;
  flag all;
  workers settings(3);
  caf::actor_system system(settings);
  const auto last = spawn_worker(system, [&](auto*, int) {
    if (++arrived == threads * messages) all.raise();
  });
  std::vector<caf::actor> firsts;
  firsts.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    firsts.push_back(spawn_worker(system, [last](auto* self, int number) { self->send(last, number); }));
  }
  std::vector<std::thread> senders;
  senders.reserve(threads);
  for (const auto& first : firsts) {
    senders.emplace_back([&first] {
      for (int i = 0; i < messages; ++i) caf::anon_send(first, i);
    });
  }
  for (auto& sender : senders) sender.join();
  EXPECT_TRUE(all.wait()) << arrived;
}

/// Unless the machine keeps the worker from its turn for half a millisecond: so it is tried more than once.
TEST(RunNextPolicy, TheFirstThatAnActorWakesRunsBeforeWhatStandsInTheQueue) {
  std::vector<int> order;
  for (int round = 0; round < 200 && order != std::vector<int>{1, 2, 3, 4}; ++round) {
    order.clear();
    flag all_wait, done;
    workers settings(1);
    caf::actor_system system(settings);
    const auto note = [&](auto*, int number) {
      order.push_back(number);
      if (order.size() == 4) done.raise();
    };
    std::vector<caf::actor> actors;
    actors.reserve(4);
    for (int i = 0; i < 4; ++i) actors.push_back(spawn_worker(system, note));
    const auto starter = spawn_worker(system, [&](auto* self, int) {
      caf::anon_send(actors[0], 1);  // from a worker, though in nobody's name
      self->send(actors[2], 3);
      self->send(actors[3], 4);
    });
    const auto first = spawn_worker(system, [&](auto*, int) { all_wait.wait(); });
    // Each actor stands in the queue once for its own beginning.
    flag all_began;
    caf::anon_send(spawn_worker(system, [&](auto*, int) { all_began.raise(); }), 0);
    ASSERT_TRUE(all_began.wait());
    caf::anon_send(first, 0);
    caf::anon_send(starter, 0);
    caf::anon_send(actors[1], 2);  // from outside, and before the others
    all_wait.raise();
    ASSERT_TRUE(done.wait());
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(RunNextPolicy, TwoThatTalkToEachOtherDoNotKeepAThirdWaiting) {
  std::atomic<bool> go_on = true;
  flag third_ran;
  workers settings(1);
  caf::actor_system system(settings);
  const auto reply = [&](caf::event_based_actor* self, int) {
    if (go_on) self->send(caf::actor_cast<caf::actor>(self->current_sender()), 0);
  };
  const auto ping = spawn_worker(system, reply), pong = spawn_worker(system, reply);
  caf::send_as(ping, pong, 0);
  const auto third = spawn_worker(system, [&](auto*, int) { third_ran.raise(); });
  caf::anon_send(third, 0);
  EXPECT_TRUE(third_ran.wait());
  go_on = false;
}

TEST(RunNextPolicy, WhatAnActorHasWokenNeedNotWaitForIt) {
  flag ran_elsewhere, done;
  workers settings(2);
  caf::actor_system system(settings);
  const auto woken = spawn_worker(system, [&](auto*, int) { ran_elsewhere.raise(); });
  const auto busy = spawn_worker(system, [&](auto* self, int) {
    self->send(woken, 0);
    run_next_policy::share_next();
    if (ran_elsewhere.wait()) done.raise();
  });
  caf::anon_send(busy, 0);
  EXPECT_TRUE(done.wait());
}

TEST(RunNextPolicy, AnActorsNameMayBeUsedOnAnotherThread) {
  constexpr int rounds = 2'000;
  std::atomic<int> arrived = 0;
  flag all;
  workers settings(2);
  caf::actor_system system(settings);
  const auto count = [&](auto*, int) {
    if (++arrived == 2 * rounds) all.raise();
  };
  const auto one = spawn_worker(system, count), two = spawn_worker(system, count);
  const auto starter = spawn_worker(system, [&](caf::event_based_actor* self, int) {
    std::thread other(
        [&] { one->enqueue(self->ctrl(), caf::make_message_id(), caf::make_message(1), self->context()); });
    self->send(two, 1);
    other.join();
  });
  for (int i = 0; i < rounds; ++i) caf::anon_send(starter, 0);
  EXPECT_TRUE(all.wait()) << arrived;
}

TEST(RunNextPolicy, ABurstWakesAsManyWorkersAsItNeeds) {
  // Each of the three waits on its worker for the others, which actors must not do; so all three workers must come.
  constexpr int count = 3;
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> here = 0;
    flag all_here, all_done;
    std::atomic<int> met = 0;
    workers settings(count);
    caf::actor_system system(settings);
    const auto work = [&](auto*, int) {
      if (++here == count) all_here.raise();
      if (all_here.wait() && ++met == count) all_done.raise();
    };
    std::vector<caf::actor> actors;
    actors.reserve(count);
    for (int i = 0; i < count; ++i) actors.push_back(spawn_worker(system, work));
    for (const auto& each : actors) caf::anon_send(each, 0);
    ASSERT_TRUE(all_done.wait()) << "round " << round << ": " << here << " of " << count << " ran";
  }
}

/// An actor that has not quite begun is woken by that; so it is tried more than once.
TEST(RunNextPolicy, WhatAnActorWakesBesideTheFirstGoesToOtherWorkers) {
  bool ran_elsewhere = false;
  for (int round = 0; round < 100 && !ran_elsewhere; ++round) {
    flag second_ran, done;
    workers settings(2);
    caf::actor_system system(settings);
    const auto first = spawn_worker(system, [&](auto*, int) {});
    const auto second = spawn_worker(system, [&](auto*, int) { second_ran.raise(); });
    const auto starter = spawn_worker(system, [&](auto* self, int) {
      self->send(first, 0);
      self->send(second, 0);
      ran_elsewhere = second_ran.wait(std::chrono::milliseconds(100));  // while this worker is held up
      done.raise();
    });
    caf::anon_send(starter, 0);
    ASSERT_TRUE(done.wait());
  }
  EXPECT_TRUE(ran_elsewhere);
}

}  // namespace
}  // namespace parley::testing
