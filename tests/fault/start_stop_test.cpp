// A node starts and stops again and again, idle and in use, without a hang and without leaving anything behind.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <iterator>

#include "fault/chat_load.hpp"
#include "fault/in_process_node.hpp"

namespace parley::support::start_stop_test {
namespace {

constexpr int rounds = 200;
/// A hang is what this test is about: a stop that has to be given up by the actor system takes ten seconds.
constexpr std::chrono::seconds longest_stop{5};

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator{});
}

TEST(started_node, stops_two_hundred_times_without_a_hang) {
  in_process_node node;
  chat_load load(node.address(), node.log(), "restarts", 3, 2);
  std::ptrdiff_t descriptors = 0;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    if (round % 4 == 0) {
      ASSERT_TRUE(load.run_until_acknowledged(20, 30));
    }
    const auto begun = std::chrono::steady_clock::now();
    node.stop(round % 3 == 0);
    ASSERT_LT(std::chrono::steady_clock::now() - begun, longest_stop);
    if (round == 10) descriptors = open_descriptors();
    node.start();
    if (round % 4 == 3) load.reconnect();
  }
  load.reconnect();
  ASSERT_TRUE(load.settle(30));
  node.stop(false);
  EXPECT_LE(open_descriptors(), descriptors + 5);
  const auto verdict = load.judge();
  EXPECT_TRUE(verdict.kept()) << to_string(verdict);
}

}  // namespace
}  // namespace parley::support::start_stop_test
