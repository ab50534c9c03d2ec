// PostgreSQL dies, hangs, or is cut off in the middle of a commit, under load: nothing acknowledged is lost, nothing is
// stored twice, and everything goes on by itself.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "fault/chat_load.hpp"
#include "fault/in_process_node.hpp"
#include "support/fault_proxy.hpp"
#include "support/postgres_server.hpp"
#include "support/server_process.hpp"

namespace parley::support::postgres_test {
namespace {

constexpr int senders = 8;
constexpr int receivers = 2;
constexpr double patience_seconds = 90;
constexpr int ready = 200;
constexpr int unready = 503;

std::string parleyd_program() {
  const char* named = std::getenv("PARLEYD");
  return named != nullptr ? named : "build/release/bin/parleyd";
}

/// A server that has not flushed what it was told to commit asynchronously loses it when it dies: with this it flushes
/// seldom, neither by itself nor to make room for other pages, so that the control does not depend on luck.
postgres_server& server() {
  static postgres_server only({"-c", "wal_writer_delay=10s", "-c", "wal_writer_flush_after=1GB", "-c",
                               "wal_buffers=64MB", "-c", "shared_buffers=256MB", "-c", "bgwriter_lru_maxpages=0"});
  return only;
}

/// Short, so that a stalled server is found out within a test's patience.
void hurry(config& settings) {
  settings.store.connect_ms = 1'000;
  settings.store.statement_ms = 1'000;
  settings.store.lock_ms = 1'000;
}

void expect_kept(chat_load& load, std::uint64_t least_acknowledged) {
  const auto verdict = load.judge();
  EXPECT_TRUE(verdict.kept()) << to_string(verdict);
  EXPECT_GT(verdict.acknowledged, least_acknowledged);
  std::printf("%s\n", to_string(verdict).c_str());
}

TEST(killed_process_on_postgres, loses_doubles_and_reorders_nothing_in_twenty_rounds) {
  const auto url = server().new_database();
  auto parleyd = server_process::parleyd(parleyd_program(), {"store.url=" + url});
  chat_load load(parleyd.address(), log_in_postgres(url), "kill", 20, 4);
  for (std::uint64_t round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(load.run_until_acknowledged(1 + (round * 67) % 400, patience_seconds));
    parleyd.kill();
    parleyd.restart();
    load.reconnect();
  }
  ASSERT_TRUE(load.settle(patience_seconds));
  EXPECT_EQ(parleyd.terminate(), 0);
  expect_kept(load, 1'000);
}

TEST(stopped_postgres, loses_nothing_acknowledged_and_parley_goes_on_by_itself) {
  const auto url = server().new_database();
  in_process_node node(url, hurry);
  chat_load load(node.address(), node.log(), "stop", senders, receivers);
  for (int round = 0; round < 5; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(load.run_until_acknowledged(200, patience_seconds));
    server().stop_immediately();
    ASSERT_TRUE(load.run_while([&] { return node.readiness() != unready; }, patience_seconds));
    server().start();
    ASSERT_TRUE(load.run_while([&] { return node.readiness() != ready; }, patience_seconds));
  }
  ASSERT_TRUE(load.settle(patience_seconds));
  node.stop(false);
  expect_kept(load, 900);
}

/// Does `meanwhile` again and again, for as long as that at most.
template <class Meanwhile>
bool becomes(const in_process_node& node, int status, std::chrono::seconds patience, Meanwhile meanwhile) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (node.readiness() != status && std::chrono::steady_clock::now() < deadline) {
    meanwhile();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return node.readiness() == status;
}
bool becomes(const in_process_node& node, int status, std::chrono::seconds patience) {
  return becomes(node, status, patience, [] {});
}

/// Nobody is there whose commit or question would fail.
TEST(stopped_postgres, makes_an_idle_node_without_a_bus_unready_until_it_is_back) {
  const auto url = server().new_database();
  in_process_node node(url, hurry);
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(becomes(node, ready, std::chrono::seconds(30)));
    server().stop_immediately();
    EXPECT_TRUE(becomes(node, unready, std::chrono::seconds(10)));
    server().start();
    EXPECT_TRUE(becomes(node, ready, std::chrono::seconds(30)));
  }
  node.stop(false);
}

/// Commits go on: a node that cannot look up a token serves nobody all the same.
TEST(postgres_without_connections, for_readers_makes_a_node_unready_until_there_are_some) {
  const auto url = server().new_database();
  const auto name = url.substr(url.rfind('/') + 1);
  const auto administer = [](const std::string& sql) { return run_sql(server().url_of("postgres"), sql); };
  in_process_node node(url);
  ASSERT_TRUE(becomes(node, ready, std::chrono::seconds(30)));
  administer("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false");
  // Each reader's last question on an idle node: a look.
  const auto of_readers = " FROM pg_stat_activity WHERE query = 'SELECT 1' AND datname = '" + name + "'";
  EXPECT_TRUE(becomes(node, unready, std::chrono::seconds(30),
                      [&] { administer("SELECT pg_terminate_backend(pid)" + of_readers); }));
  EXPECT_EQ(administer("SELECT count(*)" + of_readers).at(0), "0");
  EXPECT_NE(administer("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT 1 WHERE%' AND datname = '" +
                       name + "'")
                .at(0),
            "0")
      << "who writes still has its connection";
  administer("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true");
  EXPECT_TRUE(becomes(node, ready, std::chrono::seconds(30)));
  node.stop(false);
}

/// The control: the same run must find what is lost when a commit does not wait for the disk. Whether the server had
/// just written by itself is luck, so it has several tries.
TEST(stopped_postgres, with_asynchronous_commits_loses_what_was_acknowledged) {
  constexpr int most_tries = 20;
  std::uint64_t lost = 0;
  for (int tries = 0; tries < most_tries && lost == 0; ++tries) {
    const auto url = server().new_database();
    in_process_node node(url + "?synchronous_commit=off", hurry);
    chat_load load(node.address(), log_in_postgres(url), "stop", senders, receivers);
    ASSERT_TRUE(load.run_until_acknowledged(300, patience_seconds));
    server().stop_immediately();
    server().start();
    node.stop(true);
    lost = load.judge().lost;
  }
  EXPECT_GT(lost, 0U);
}

class cut_off_postgres : public ::testing::Test {
 protected:
  std::string url_ = server().new_database();
  fault_proxy proxy_{server().port()};
  in_process_node node_{proxy_.url_through(url_, server().port()), hurry};
  chat_load load_{node_.address(), log_in_postgres(url_), "cut", senders, receivers};

  void settle(std::uint64_t least_acknowledged) {
    proxy_.heal();
    ASSERT_TRUE(load_.run_until_acknowledged(100, patience_seconds));
    ASSERT_TRUE(load_.settle(patience_seconds));
    node_.stop(false);
    expect_kept(load_, least_acknowledged);
  }
};

TEST_F(cut_off_postgres, between_a_commit_and_its_answer_is_settled_by_looking) {
  ASSERT_TRUE(load_.run_until_acknowledged(100, patience_seconds));
  proxy_.lose_answers(15);
  ASSERT_TRUE(load_.run_while([&] { return proxy_.cuts() < 15; }, patience_seconds));
  EXPECT_EQ(load_.errors("unavailable"), 0U) << "a commit that took effect was not found";
  settle(200);
}

TEST_F(cut_off_postgres, before_a_commit_stores_it_with_the_next_try) {
  constexpr int at_once = 3;  // a batch is tried four times
  for (int lost = 0; lost < 15;) {
    ASSERT_TRUE(load_.run_until_acknowledged(50, patience_seconds));
    proxy_.lose_commits(at_once);
    lost += at_once;
    ASSERT_TRUE(load_.run_while([&] { return proxy_.cuts() < lost; }, patience_seconds));
  }
  settle(200);
}

TEST_F(cut_off_postgres, at_any_byte_loses_and_doubles_nothing) {
  ASSERT_TRUE(load_.run_until_acknowledged(100, patience_seconds));
  proxy_.cut_after(60'000);
  // Those that are open go on; new ones have their end.
  proxy_.lose_commits(4);
  ASSERT_TRUE(load_.run_while([&] { return proxy_.cuts() < 40; }, patience_seconds));
  settle(200);
}

TEST_F(cut_off_postgres, that_hangs_without_closing_is_given_up_in_time_and_found_again) {
  ASSERT_TRUE(load_.run_until_acknowledged(100, patience_seconds));
  proxy_.stall();
  // Within what store.statement_ms and store.connect_ms allow, and not for ever.
  ASSERT_TRUE(load_.run_while([&] { return load_.errors("unavailable") < 20; }, patience_seconds));
  ASSERT_TRUE(load_.run_while([&] { return node_.readiness() != unready; }, patience_seconds));
  const auto acknowledged = load_.acknowledged();
  ASSERT_TRUE(load_.run_while(
      [&, told = load_.errors("unavailable")] { return load_.errors("unavailable") < told + 50; }, patience_seconds));
  EXPECT_EQ(load_.acknowledged(), acknowledged) << "an ack without a commit";
  settle(150);
}

TEST(two_nodes_on_one_postgres, keep_one_order_without_holes) {
  const auto url = server().new_database();
  in_process_node one(url);
  {
    // Makes the room, whose name two nodes would otherwise give to two.
    chat_load first({one.address()}, log_in_postgres(url), "shared", 1, 0);
    ASSERT_TRUE(first.run_until_acknowledged(1, patience_seconds));
  }
  in_process_node other(url);
  chat_load load({one.address(), other.address()}, log_in_postgres(url), "shared", senders, 4);
  ASSERT_TRUE(load.run_until_acknowledged(3'000, patience_seconds));
  ASSERT_TRUE(load.settle(patience_seconds));
  one.stop(false);
  other.stop(false);
  expect_kept(load, 3'000);
}

}  // namespace
}  // namespace parley::support::postgres_test
