// Which of a probe's samples a run takes.
#include "across/probes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::bench::probes_test {
namespace {

TEST(across_probes, count_what_began_in_the_measured_time_however_long_it_took) {
  const std::vector<probe_sample> samples{{9, 1}, {10, 2}, {15, 100}, {19, 4}, {20, 5}};
  EXPECT_THAT(times_between(samples, 10, 20), testing::ElementsAre(2, 100, 4));
}

}  // namespace
}  // namespace parley::bench::probes_test
