// Promises 1 to 4 when the process is killed: nothing acknowledged is lost, nothing doubled, one order.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "fault/chat_load.hpp"
#include "support/server_process.hpp"

namespace parley::support::kill_test {
namespace {

constexpr int rounds = 20;
constexpr int senders = 20;
constexpr int receivers = 4;
constexpr double patience_seconds = 60;

std::string parleyd_program() {
  const char* named = std::getenv("PARLEYD");
  return named != nullptr ? named : "build/release/bin/parleyd";
}

TEST(killed_process, loses_doubles_and_reorders_nothing_in_twenty_rounds) {
  auto server = server_process::parleyd(parleyd_program(), {});
  chat_load load(server.address(), log_in_sqlite(server.folder() + "/parley.db"), "kill", senders, receivers);
  std::mt19937 random(20'261'122);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    // Killed while batches are on their way: the load never pauses.
    const auto more = std::uniform_int_distribution<std::uint64_t>(1, 400)(random);
    ASSERT_TRUE(load.run_until_acknowledged(more, patience_seconds));
    server.kill();
    server.restart();
    load.reconnect();
  }
  ASSERT_TRUE(load.settle(patience_seconds));
  EXPECT_EQ(server.terminate(), 0);
  const auto verdict = load.judge();
  EXPECT_TRUE(verdict.kept()) << to_string(verdict);
  EXPECT_GT(verdict.acknowledged, 1'000U);
  std::printf("%s\n", to_string(verdict).c_str());
}

TEST(stopped_process, answers_what_it_accepted_and_exits_with_0) {
  auto server = server_process::parleyd(parleyd_program(), {"drain.seconds=0.3"});
  chat_load load(server.address(), log_in_sqlite(server.folder() + "/parley.db"), "stop", 5, 2);
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(load.run_until_acknowledged(200, patience_seconds));
    EXPECT_EQ(server.terminate(), 0);
    server.restart();
    load.reconnect();
  }
  ASSERT_TRUE(load.settle(patience_seconds));
  EXPECT_EQ(server.terminate(), 0);
  const auto verdict = load.judge();
  EXPECT_TRUE(verdict.kept()) << to_string(verdict);
}

}  // namespace
}  // namespace parley::support::kill_test
