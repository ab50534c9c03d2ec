// What a run says of levels and the highest rate, and what a load does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "load/figures.hpp"
#include "load/find_max.hpp"
#include "load/mixed_load.hpp"

namespace parley::bench {
namespace {

using testing::HasSubstr;

load_figures good_run() {
  load_figures figures;
  figures.rate = 1000;
  figures.planned = 1000;
  for (int i = 1; i <= 1000; ++i) figures.delivery.add(i * 100'000);  // to 100 ms
  return figures;
}

TEST(Objection, NamesWhatWasNotKept) {
  const auto level = parse_service_level("p99=150ms");
  EXPECT_EQ(objection_to(good_run(), level), "");
  EXPECT_THAT(objection_to(good_run(), parse_service_level("p99=50ms")), HasSubstr("p99 was"));
  EXPECT_THAT(objection_to(good_run(), parse_service_level("max=99ms")), HasSubstr("max was 100.0 ms"));
  auto lossy = good_run();
  lossy.troubles.seqs.lost = 1;
  EXPECT_THAT(objection_to(lossy, level), HasSubstr("lost"));
  auto missing = good_run();
  missing.troubles.missing = 1;
  EXPECT_THAT(objection_to(missing, level), HasSubstr("lost"));
  auto refused = good_run();
  refused.troubles.refused = 3;
  EXPECT_THAT(objection_to(refused, level), HasSubstr("3 were refused"));
  auto slow_tool = good_run();
  slow_tool.late = 2;
  EXPECT_THAT(objection_to(slow_tool, level), HasSubstr("the tool's own limit"));
}

TEST(Trial, IsJudgedByTheReportsLevelAndKeptInIt) {
  load_report report;
  report.rated = "operations";
  report.level = parse_service_level("p99=150ms");
  testing::internal::CaptureStderr();
  EXPECT_TRUE(note_trial(report, good_run()));
  report.level = parse_service_level("max=99ms");
  EXPECT_FALSE(note_trial(report, good_run()));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "1000 operations a second: held\n1000 operations a second: max was 100.0 ms\n");
  ASSERT_EQ(report.trials.size(), 2U);
  EXPECT_EQ(report.trials[0].rate, 1000);
  EXPECT_NEAR(report.trials[0].measured_ms, 99, 1);
  EXPECT_EQ(report.trials[0].objection, "");
  EXPECT_EQ(report.trials[1].measured_ms, 100);
  EXPECT_EQ(report.trials[1].objection, "max was 100.0 ms");
}

TEST(FindMax, ComesWithinFivePercentFromEitherSide) {
  for (const double begin : {100.0, 1'000.0, 64'000.0}) {
    int trials = 0;
    const auto found = find_max_rate(begin, [&](double rate) {
      ++trials;
      return rate <= 7'300;
    });
    EXPECT_LE(found, 7'300);
    EXPECT_GE(found, 7'300 / 1.05);
    EXPECT_LE(trials, 16);
  }
  EXPECT_EQ(find_max_rate(1'000, [](double) { return false; }), 0);
}

TEST(Mixed, HalfIsMessagesAndTwoInAHundredComeBack) {
  std::map<operation, int> counts;
  for (std::uint64_t percent = 0; percent < 100; ++percent) ++counts[operation_of(percent)];
  EXPECT_EQ(counts[operation::send], 52);
  EXPECT_EQ(counts[operation::come_back], 2);
  EXPECT_EQ(counts.size(), 5U) << "histories are read by another thread";
}

TEST(Mixed, ARoomHasItsShareHoweverLarge) {
  load_world world;
  world.rooms = {{"small", {"a", "b"}, 0}, {"large", std::vector<std::string>(98, "c"), 2}};
  std::mt19937_64 random(1);
  int in_small = 0;
  for (int i = 0; i < 1000; ++i) in_small += member_of_some_room(world, random) < 2 ? 1 : 0;
  EXPECT_NEAR(in_small, 500, 80);
}

TEST(LoadWorld, KnowsEachClientsRoomAndToken) {
  load_world world;
  world.rooms = {{"a", {"t0", "t1"}, 0}, {"b", {"t2"}, 2}};
  world.room_of = {0, 0, 1};
  EXPECT_EQ(world.clients(), 3U);
  EXPECT_EQ(world.token_of(1), "t1");
  EXPECT_EQ(world.token_of(2), "t2");
}

}  // namespace
}  // namespace parley::bench
