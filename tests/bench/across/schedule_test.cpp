// When messages are due.
#include "across/schedule.hpp"

#include <gtest/gtest.h>

namespace parley::bench::schedule_test {
namespace {

TEST(across_schedule, spaces_the_messages_evenly_from_the_warm_up_s_begin_on) {
  const send_schedule schedule(1000, 2, 3, 500);
  EXPECT_EQ(schedule.size(), 5000U);
  EXPECT_EQ(schedule.first_measured(), 2000U);
  EXPECT_EQ(schedule.due_ns(0), 500);
  EXPECT_EQ(schedule.due_ns(1), 1'000'500);
  EXPECT_EQ(schedule.measured_from_ns(), 2'000'000'500);
  EXPECT_EQ(schedule.end_ns(), 5'000'000'500);
}

TEST(across_schedule, does_not_drift_when_the_interval_is_no_whole_number_of_nanoseconds) {
  const send_schedule schedule(3, 0, 1'000'000, 0);
  EXPECT_EQ(schedule.due_ns(3'000'000), 1'000'000'000'000'000);
}

}  // namespace
}  // namespace parley::bench::schedule_test
