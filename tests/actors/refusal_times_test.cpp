#include "actors/refusal_times.hpp"

#include <gtest/gtest.h>

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

TEST(RefusalTimes, AreWholeStepsHoweverLongACheckTook) {
  EXPECT_EQ(refusal_times::in_whole_steps(milliseconds(0)), milliseconds(500));
  EXPECT_EQ(refusal_times::in_whole_steps(milliseconds(30)), milliseconds(500));
  EXPECT_EQ(refusal_times::in_whole_steps(milliseconds(500)), milliseconds(500));
  EXPECT_EQ(refusal_times::in_whole_steps(milliseconds(501)), milliseconds(1'000));
}

TEST(RefusalTimes, WithoutACheckCountWhatWouldHaveWaited) {
  refusal_times times;
  EXPECT_EQ(times.without_check(0, 2), milliseconds(500)) << "before anything is known";
  for (int i = 0; i < 40; ++i) times.note_check(milliseconds(60));
  EXPECT_EQ(times.without_check(0, 2), milliseconds(500));
  EXPECT_EQ(times.without_check(16, 2), milliseconds(1'000)) << "nine turns of 60 ms";
  for (int i = 0; i < 10; ++i) times.note_check(milliseconds(5'000));
  EXPECT_EQ(times.without_check(0, 2), milliseconds(500)) << "a few slow ones move nothing";
}

}  // namespace
}  // namespace parley::testing
