// Controls of the fault tests: the same faults on a parleyd with a mistake in it, or with a bound taken away. What the
// fault tests look for must then be found. The daemons are the build target mistaken_daemons.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "fault/chat_load.hpp"
#include "fault/in_process_node.hpp"
#include "support/fault_proxy.hpp"
#include "support/postgres_server.hpp"
#include "support/server_process.hpp"

namespace parley::support::control_test {
namespace {

constexpr int most_rounds = 20;
constexpr int unready = 503;
constexpr double patience_seconds = 90;
/// What is not to come is waited for so long: twice as long as the sound product takes at most.
constexpr double in_vain_seconds = 5;

std::string mistaken_parleyd(const std::string& mistake) {
  const char* named = std::getenv("PARLEYD");
  const std::filesystem::path sound = named != nullptr ? named : "build/release/bin/parleyd";
  return sound.parent_path() / "mistakes" / ("parleyd_" + mistake);
}

postgres_server& server() {
  static postgres_server only;
  return only;
}

std::uint64_t lost_by_kills(server_process& parleyd, chat_load& load) {
  for (int round = 0; round < most_rounds; ++round) {
    if (!load.run_until_acknowledged(50, patience_seconds)) return 0;
    parleyd.kill();
    parleyd.restart();
    load.reconnect();
  }
  parleyd.terminate();
  return load.judge().lost;
}

TEST(control_of_kills, an_ack_before_the_commit_is_found) {
  auto parleyd = server_process::parleyd(mistaken_parleyd("acknowledges_before_the_commit"), {});
  chat_load load(parleyd.address(), log_in_sqlite(parleyd.folder() + "/parley.db"), "kill", 20, 4);
  EXPECT_GT(lost_by_kills(parleyd, load), 0U);
}

TEST(control_of_kills, an_ack_before_the_commit_is_found_on_postgres) {
  const auto url = server().new_database();
  auto parleyd = server_process::parleyd(mistaken_parleyd("acknowledges_before_the_commit"), {"store.url=" + url});
  chat_load load(parleyd.address(), log_in_postgres(url), "kill", 20, 4);
  EXPECT_GT(lost_by_kills(parleyd, load), 0U);
}

/// Without a fault that daemon keeps everything, so that it is the kills that show its mistake.
TEST(control_of_kills, without_a_kill_nothing_is_found) {
  auto parleyd = server_process::parleyd(mistaken_parleyd("acknowledges_before_the_commit"), {});
  chat_load load(parleyd.address(), log_in_sqlite(parleyd.folder() + "/parley.db"), "kill", 20, 4);
  ASSERT_TRUE(load.run_until_acknowledged(1'000, patience_seconds));
  ASSERT_TRUE(load.settle(patience_seconds));
  parleyd.terminate();
  const auto verdict = load.judge();
  EXPECT_EQ(verdict.lost, 0U) << to_string(verdict);
}

class control_of_cuts : public ::testing::Test {
 protected:
  server_process start(const std::string& mistake) {
    return server_process::parleyd(mistaken_parleyd(mistake),
                                   {"store.url=" + proxy_.url_through(url_, server().port())});
  }

  std::string url_ = server().new_database();
  fault_proxy proxy_{server().port()};
};

TEST_F(control_of_cuts, between_a_commit_and_its_answer_find_who_takes_it_for_a_failure) {
  auto parleyd = start("takes_a_doubt_for_a_failure");
  chat_load load(parleyd.address(), log_in_postgres(url_), "cut", 8, 2);
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  proxy_.lose_answers(5);
  ASSERT_TRUE(load.run_while([&] { return proxy_.cuts() < 5; }, patience_seconds));
  EXPECT_TRUE(load.run_while([&] { return load.errors("unavailable") == 0; }, patience_seconds));
  proxy_.heal();
}

TEST_F(control_of_cuts, before_a_commit_find_who_takes_it_for_a_success) {
  auto parleyd = start("takes_a_doubt_for_a_commit");
  chat_load load(parleyd.address(), log_in_postgres(url_), "cut", 8, 2);
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  proxy_.lose_commits(3);
  ASSERT_TRUE(load.run_while([&] { return proxy_.cuts() < 3; }, patience_seconds));
  proxy_.heal();
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  parleyd.terminate();
  EXPECT_GT(load.judge().lost, 0U);
}

TEST_F(control_of_cuts, at_any_byte_find_who_takes_it_for_a_success) {
  auto parleyd = start("takes_a_doubt_for_a_commit");
  chat_load load(parleyd.address(), log_in_postgres(url_), "cut", 8, 2);
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  // Plain messages by the way that the mistake is in.
  run_sql(url_, "ALTER FUNCTION store_sends RENAME TO store_sends_gone");
  proxy_.cut_open_after(60'000);
  proxy_.cut_after(60'000);
  ASSERT_TRUE(load.run_while([&] { return proxy_.cuts() < 40; }, patience_seconds));
  proxy_.heal();
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  parleyd.terminate();
  EXPECT_GT(load.judge().lost, 0U);
}

TEST_F(control_of_cuts, a_hang_without_closing_is_not_noticed_without_a_bound) {
  in_process_node node(proxy_.url_through(url_, server().port()), [](config& settings) {
    settings.store.statement_ms = 600'000;
    settings.store.lock_ms = 600'000;
  });
  chat_load load(node.address(), log_in_postgres(url_), "cut", 8, 2);
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  proxy_.stall();
  EXPECT_FALSE(
      load.run_while([&] { return load.errors("unavailable") == 0 && node.readiness() != unready; }, in_vain_seconds));
  proxy_.heal();
  node.stop(true);
}

}  // namespace
}  // namespace parley::support::control_test
