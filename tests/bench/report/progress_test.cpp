// How far a run is, where standard error is no terminal.
#include "report/progress.hpp"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(progress, is_lines_in_a_log_and_without_what_is_over_in_a_moment) {
  testing::internal::CaptureStderr();
  show_passing("starting");
  show_count("users", 1, 2);
  show_count("users", 2, 2);
  show_line("1 s");
  show_line("2 s");
  end_line();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "users 2 of 2\n1 s\n2 s\n");
}

}  // namespace
}  // namespace parley::bench
