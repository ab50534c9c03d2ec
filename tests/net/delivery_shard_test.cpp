// A shard that nobody runs, so that what stands in its queue stays there until the test takes it.
#include "net/delivery_shard.hpp"

#include <gtest/gtest.h>

namespace parley::delivery_shard_test {
namespace {

using std::chrono::hours;

class delivery_shard_behind_a_lapse : public testing::Test {
 protected:
  void queue_the_end_of_a_log_in() {
    shard_.enqueue(revoke_work{{user_id(), std::nullopt, close_code::token_ended}, nullptr});
  }
  void extend(hours by) { lease_.extend(now_ + by, now_); }
  void take_the_queue() {
    shard_.context().restart();
    shard_.context().poll();
  }
  [[nodiscard]] bool takes_frames() { return shard_.knows_who_is_out(now_); }

  const steady_time now_ = std::chrono::steady_clock::now();
  config settings_;
  metrics counts_;
  delivery_lease lease_;
  delivery_shard shard_{0, settings_, counts_, lease_, create_plain_sender()};
};

TEST_F(delivery_shard_behind_a_lapse, takes_no_frames_until_what_ended_is_out_of_its_queue) {
  lease_.expire();
  EXPECT_FALSE(takes_frames());
  queue_the_end_of_a_log_in();
  extend(hours(1));
  EXPECT_FALSE(takes_frames()) << "the log-in of this frame perhaps";
  take_the_queue();
  EXPECT_TRUE(takes_frames());
}

TEST_F(delivery_shard_behind_a_lapse, takes_frames_at_once_where_nothing_waits) {
  lease_.expire();
  extend(hours(1));
  EXPECT_TRUE(takes_frames());
}

TEST_F(delivery_shard_behind_a_lapse, goes_on_while_the_lease_is_extended_in_time) {
  lease_.expire();
  extend(hours(1));
  EXPECT_TRUE(takes_frames());
  queue_the_end_of_a_log_in();
  extend(hours(2));
  EXPECT_TRUE(takes_frames()) << "whoever ends one waits for this node's word";
}

}  // namespace
}  // namespace parley::delivery_shard_test
