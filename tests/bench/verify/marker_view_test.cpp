// How far a read marker must stand.
#include "verify/marker_view.hpp"

#include <gtest/gtest.h>

namespace parley::bench::marker_view_test {
namespace {

TEST(marker_view, stands_as_far_as_somebody_was_told_long_enough_ago) {
  marker_view view;
  EXPECT_EQ(view.at_least(10, 2), 0);
  view.told(1, 5);
  view.told(4, 9);
  view.told(5, 7);  // which is another's fault, told of there
  EXPECT_EQ(view.at_least(2.5, 2), 0);
  EXPECT_EQ(view.at_least(3, 2), 5);
  EXPECT_EQ(view.at_least(5.9, 2), 5);
  EXPECT_EQ(view.at_least(6, 2), 9);
  EXPECT_EQ(view.at_least(4, 0), 9);
  EXPECT_EQ(view.at_least(99, 2), 9);
}

TEST(marker_view, remembers_the_furthest_of_very_many) {
  marker_view view;
  for (int i = 1; i <= 1'000; ++i) view.told(i, i);
  EXPECT_EQ(view.at_least(2'000, 2), 1'000);
  EXPECT_EQ(view.at_least(990, 2), 988);
}

}  // namespace
}  // namespace parley::bench::marker_view_test
