// A disk that loses power, fails to sync or is full, under a node that serves clients: what was acknowledged stays.
#include <gtest/gtest.h>

#include "fault/chat_load.hpp"
#include "fault/in_process_node.hpp"
#include "support/lossy_vfs.hpp"

namespace parley::support::disk_test {
namespace {

constexpr int senders = 8;
constexpr int receivers = 2;
constexpr double patience_seconds = 60;
constexpr int ready = 200;
constexpr int unready = 503;

class lossy_disk : public ::testing::Test {
 protected:
  test::lossy_vfs disk_{"lossy-node"};
};

TEST_F(lossy_disk, a_power_cut_under_load_loses_nothing_acknowledged) {
  in_process_node node({}, "?vfs=lossy-node");
  chat_load load(node.address(), node.log(), "power", senders, receivers);
  for (std::uint64_t round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
    disk_.cut_power(static_cast<std::int64_t>(7 * round));
    ASSERT_TRUE(load.run_while([&] { return !disk_.is_power_cut(); }, patience_seconds));
    node.stop(true);
    disk_.restore_power(round);  // 0: all that was not synced is lost; else lost, kept or torn
    node.start();
    load.reconnect();
  }
  ASSERT_TRUE(load.settle(patience_seconds));
  node.stop(false);
  const auto verdict = load.judge();
  EXPECT_TRUE(verdict.kept()) << to_string(verdict);
  EXPECT_GT(verdict.acknowledged, 500U);
}

/// The control: the same run must find what is lost when commits are not synced.
TEST_F(lossy_disk, without_syncs_a_power_cut_loses_what_was_acknowledged) {
  in_process_node node({}, "?vfs=lossy-node&synchronous=off");
  chat_load load(node.address(), node.log(), "power", senders, receivers);
  ASSERT_TRUE(load.run_until_acknowledged(300, patience_seconds));
  disk_.cut_power();
  node.stop(true);
  disk_.restore_power();
  EXPECT_GT(load.judge().lost, 0U);
}

void expect_healing(in_process_node& node, chat_load& load, test::lossy_vfs& disk) {
  ASSERT_TRUE(load.run_while([&] { return node.readiness() != unready; }, patience_seconds));
  const auto tell_more = [&] {
    const auto told_before = load.errors("unavailable");
    return load.run_while([&] { return load.errors("unavailable") < told_before + 100; }, patience_seconds);
  };
  ASSERT_TRUE(tell_more());  // acks of what was stored before have arrived by then
  const auto acknowledged_before = load.acknowledged();
  ASSERT_TRUE(tell_more());
  EXPECT_EQ(load.acknowledged(), acknowledged_before) << "an ack without a commit";
  disk.heal();
  ASSERT_TRUE(load.run_while([&] { return node.readiness() != ready; }, patience_seconds));
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  ASSERT_TRUE(load.settle(patience_seconds));
  node.stop(false);
  const auto verdict = load.judge();
  EXPECT_TRUE(verdict.kept()) << to_string(verdict);
}

TEST_F(lossy_disk, that_fails_to_sync_acknowledges_nothing_and_heals_by_itself) {
  in_process_node node({}, "?vfs=lossy-node");
  chat_load load(node.address(), node.log(), "syncs", senders, receivers);
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  disk_.fail_syncs(3);
  expect_healing(node, load, disk_);
}

TEST_F(lossy_disk, that_is_full_acknowledges_nothing_and_heals_by_itself) {
  in_process_node node({}, "?vfs=lossy-node");
  chat_load load(node.address(), node.log(), "full", senders, receivers);
  ASSERT_TRUE(load.run_until_acknowledged(100, patience_seconds));
  disk_.fill_disk(5);
  expect_healing(node, load, disk_);
}

}  // namespace
}  // namespace parley::support::disk_test
