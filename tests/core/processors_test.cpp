// How many processors a process counts for its own.
#include "parley/processors.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace parley {
namespace {

TEST(processors, are_those_that_the_thread_may_run_on) {
  unsigned before = 0, bound = 0;
  std::thread([&] {
    before = usable_processors();
    cpu_set_t one;
    CPU_ZERO(&one);
    const int here = ::sched_getcpu();
    ASSERT_GE(here, 0);
    CPU_SET(static_cast<std::size_t>(here), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    bound = usable_processors();
  }).join();
  EXPECT_GE(before, 1U);
  EXPECT_EQ(bound, 1U);
}

}  // namespace
}  // namespace parley
