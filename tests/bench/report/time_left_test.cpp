// When a run is over that ends with what it has to do.
#include "report/time_left.hpp"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(TimeLeft, IsWhatIsLeftOverTheRate) {
  time_left left(1000);
  left.note(1, 200);
  EXPECT_DOUBLE_EQ(left.rate(), 200);
  ASSERT_TRUE(left.end().has_value());
  EXPECT_DOUBLE_EQ(*left.end(), 5);
  left.note(2, 600);
  EXPECT_DOUBLE_EQ(left.rate(), 300);
  EXPECT_DOUBLE_EQ(*left.end(), 2 + 400 / 300.0);
}

TEST(TimeLeft, GoesByTheRateOfLate) {
  time_left left(10'000);
  for (int part = 1; part <= 10; ++part) left.note(part, 0);
  for (int part = 11; part <= 20; ++part) left.note(part, static_cast<std::uint64_t>(part - 10) * 100);
  EXPECT_DOUBLE_EQ(left.rate(), 100) << "that nothing came at first is forgotten";
  EXPECT_DOUBLE_EQ(*left.end(), 20 + 9'000 / 100.0);
}

TEST(TimeLeft, IsUnknownWhileNothingIsDone) {
  time_left left(10);
  EXPECT_EQ(left.end(), std::nullopt);
  left.note(0.1, 0);
  EXPECT_EQ(left.rate(), 0);
  EXPECT_EQ(left.end(), std::nullopt);
}

TEST(TimeLeft, IsNoneWhenAllIsDoneOrMoreThanAll) {
  time_left left(10);
  left.note(0.5, 10);
  EXPECT_EQ(left.end(), 0.5);
  left.note(0.6, 12);
  EXPECT_EQ(left.end(), 0.6) << "as when something is repeated";
}

}  // namespace
}  // namespace parley::bench
