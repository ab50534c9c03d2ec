// A part of the server dies under load: nothing is lost, who waits is told, and what does not hang on it goes on.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "fault/chat_load.hpp"
#include "fault/in_process_node.hpp"

namespace parley::support::crash_test {
namespace {

constexpr int senders = 6;
constexpr int receivers = 2;
constexpr int crashes = 12;
constexpr double patience_seconds = 60;

/// Throws at the chosen moments, a bounded number of times.
class saboteur {
 public:
  /// At about every `mean`-th call, until so many crashes have happened.
  void maybe(int mean) {
    const std::lock_guard lock(mutex_);
    if (!armed_ || crashes_ >= crashes || std::uniform_int_distribution<int>(1, mean)(random_) != 1) return;
    ++crashes_;
    throw std::runtime_error("a fault made by the test");
  }
  void arm() {
    const std::lock_guard lock(mutex_);
    armed_ = true;
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return crashes_;
  }

 private:
  std::mutex mutex_;
  std::mt19937 random_{20'261'125};
  bool armed_ = false;
  int crashes_ = 0;
};

/// The first room that anything is sent to; rooms of other loads come later.
class first_room {
 public:
  bool is(room_id room) {
    const std::lock_guard lock(mutex_);
    if (first_.is_nil()) first_ = room;
    return room == first_;
  }

 private:
  std::mutex mutex_;
  room_id first_;
};

/// Load on a room whose parts crash, and on one that has nothing to do with it.
struct crash_run {
  explicit crash_run(const fault_points& faults) : node(faults) {}

  void run(saboteur& sabotage) {
    chat_load hit(node.address(), node.log(), "hit", senders, receivers);
    ASSERT_TRUE(hit.run_until_acknowledged(50, patience_seconds));
    chat_load bystanders(node.address(), node.log(), "bystanders", senders, receivers);
    std::atomic<bool> stop{false};
    std::thread elsewhere([&] {
      while (!stop) bystanders.run_until_acknowledged(20, 1);
    });
    sabotage.arm();
    const bool all_crashed = hit.run_while([&] { return sabotage.count() < crashes; }, patience_seconds);
    const bool settled = hit.settle(patience_seconds);
    stop = true;
    elsewhere.join();
    ASSERT_TRUE(all_crashed) << sabotage.count() << " crashes";
    ASSERT_TRUE(settled);
    ASSERT_TRUE(bystanders.settle(patience_seconds));
    told_unavailable = hit.errors("unavailable");
    bystanders_told = bystanders.errors("unavailable");
    node.stop(false);
    hit_verdict = hit.judge();
    bystanders_verdict = bystanders.judge();
  }

  in_process_node node;
  verdict hit_verdict, bystanders_verdict;
  std::uint64_t told_unavailable = 0, bystanders_told = 0;
};

void expect_kept(const crash_run& done) {
  EXPECT_TRUE(done.hit_verdict.kept()) << to_string(done.hit_verdict);
  EXPECT_TRUE(done.bystanders_verdict.kept()) << to_string(done.bystanders_verdict);
  EXPECT_GT(done.hit_verdict.acknowledged, 100U);
  EXPECT_GT(done.bystanders_verdict.acknowledged, 100U);
  EXPECT_GT(done.told_unavailable, 0U) << "who waited for a part that died was told";
}

TEST(crashed_room, loses_nothing_and_others_do_not_notice) {
  saboteur sabotage;
  first_room target_room;
  fault_points faults;
  faults.on_post = [&](room_id room) {
    if (target_room.is(room)) sabotage.maybe(40);
  };
  crash_run run(faults);
  run.run(sabotage);
  expect_kept(run);
  EXPECT_EQ(run.bystanders_told, 0U);
}

TEST(crashed_room, between_commit_and_delivery_loses_nothing) {
  saboteur sabotage;
  first_room target_room;
  fault_points faults;
  faults.before_release = [&](room_id room) {
    if (target_room.is(room)) sabotage.maybe(8);
  };
  crash_run run(faults);
  run.run(sabotage);
  expect_kept(run);
  EXPECT_EQ(run.bystanders_told, 0U);
}

TEST(crashed_storage_actor, before_the_commit_loses_nothing) {
  saboteur sabotage;
  fault_points faults;
  faults.before_commit = [&](std::span<const append_command> commands) {
    if (!commands.empty()) sabotage.maybe(10);
  };
  crash_run run(faults);
  run.run(sabotage);
  expect_kept(run);
}

TEST(crashed_storage_actor, between_commit_and_answer_loses_and_doubles_nothing) {
  saboteur sabotage;
  fault_points faults;
  faults.after_commit = [&](std::span<const append_command> commands) {
    if (!commands.empty()) sabotage.maybe(10);
  };
  crash_run run(faults);
  run.run(sabotage);
  expect_kept(run);
}

}  // namespace
}  // namespace parley::support::crash_test
