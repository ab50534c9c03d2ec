// What a run says of seqs, levels and the highest rate, and its report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "load/figures.hpp"
#include "load/find_max.hpp"
#include "load/mixed_load.hpp"
#include "load/plot.hpp"
#include "load/report.hpp"

namespace parley::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

seq_counts counts_of(const std::vector<std::uint64_t>& seqs) {
  seq_watch watch;
  seq_counts counts;
  for (const auto seq : seqs) watch.see(seq, counts);
  return counts;
}

TEST(SeqWatch, TellsLossRepetitionAndOrderApart) {
  const auto is = [](const seq_counts& counts, std::uint64_t lost, std::uint64_t repeated, std::uint64_t reordered) {
    return counts.lost == lost && counts.repeated == repeated && counts.reordered == reordered;
  };
  EXPECT_TRUE(is(counts_of({7, 8, 9}), 0, 0, 0)) << "it begins anywhere";
  EXPECT_TRUE(is(counts_of({7, 9, 12}), 3, 0, 0));
  EXPECT_TRUE(is(counts_of({7, 8, 8, 7}), 0, 2, 0));
  EXPECT_TRUE(is(counts_of({7, 9, 8, 10}), 0, 0, 1)) << "late is not lost";
  EXPECT_TRUE(is(counts_of({7, 9, 8, 8}), 0, 1, 1));
}

TEST(ServiceLevel, ReadsAPercentileAndATime) {
  const auto level = parse_service_level("p999=1.5s");
  EXPECT_EQ(level.share, 0.999);
  EXPECT_EQ(level.limit_ms, 1500);
  EXPECT_EQ(parse_service_level("max=20ms").share, 1);
  for (const auto* wrong : {"", "p99", "p98=50ms", "p99=50", "p99=ms", "p99=-1ms", "p99=50 ms", "p99=50min"}) {
    EXPECT_THROW((void)parse_service_level(wrong), std::invalid_argument) << wrong;
  }
}

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
  EXPECT_THAT(objection_to(refused, level), HasSubstr("3 messages were refused"));
  auto slow_tool = good_run();
  slow_tool.late = 2;
  EXPECT_THAT(objection_to(slow_tool, level), HasSubstr("the tool's own limit"));
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

load_report report_with_everything() {
  load_report report;
  report.scenario = "latency";
  report.title = "1000 messages a second";
  report.server = "<one> node & a half";
  report.options = {{"rooms", 200}};
  report.troubles.seqs.repeated = 4;
  report.latencies = {{"delivery", "delivery: to a receiver", good_run().delivery}, {"nothing", "never happened", {}}};
  report.figures = {{"server_cpu_us", "CPU for a delivery", 12.345, "us"}, {"rate", "messages", 1234.5, "a second"}};
  report.course = {{1, 1000, 1000, 4000, 0, 1, 2, 3, 0.5, 40}, {2, 1000, 990, 3900, 10, 1, 2, 3, 0.6, 41}};
  report.trials = {{1000, 99, ""}, {2000, 480, "p99 was 480.0 ms"}};
  report.highest_rate = 1000;
  return report;
}

TEST(LoadReport, SaysTheSameInTextJsonAndHtml) {
  const auto report = report_with_everything();
  const auto text = to_text(report);
  EXPECT_THAT(text, HasSubstr("repeated 4"));
  EXPECT_THAT(text, HasSubstr("at most 50 ms: 1000 messages a second"));
  EXPECT_THAT(text, HasSubstr("12.35 us")) << "small figures with two digits";
  EXPECT_THAT(text, HasSubstr("1234 a second")) << "large ones without";
  const auto json = to_json(report);
  EXPECT_THAT(json, HasSubstr(R"("scenario":"latency")"));
  EXPECT_THAT(json, HasSubstr(R"("repeated":4)"));
  EXPECT_THAT(json, HasSubstr(R"("server_cpu_us":1.2345E1)"));
  EXPECT_THAT(json, HasSubstr(R"("highest_rate":1E3)"));
  const auto page = to_html(report);
  EXPECT_THAT(page, HasSubstr("repeated 4"));
  EXPECT_THAT(page, HasSubstr("12.35 us"));
  EXPECT_THAT(page, HasSubstr("&lt;one&gt; node &amp; a half"));
  EXPECT_THAT(page, Not(HasSubstr("http"))) << "it needs no other host";
  EXPECT_THAT(page, Not(HasSubstr(">nan<")));
  EXPECT_THAT(page, Not(HasSubstr("nan,")));
}

TEST(LoadReport, IsADocumentWithoutAnythingToShow) {
  EXPECT_THAT(to_html({}), Not(HasSubstr("<svg")));
  EXPECT_THAT(to_text(load_report{}), HasSubstr("lost 0"));
  EXPECT_THAT(to_json({}), HasSubstr(R"("course":[])"));
}

TEST(LoadTroubles, OnlyWhatWasRefusedIsNoLoss) {
  load_troubles none;
  none.refused = 3;
  EXPECT_TRUE(none.is_complete());
  load_troubles each[6];
  each[0].seqs.lost = 1;
  each[1].seqs.repeated = 1;
  each[2].seqs.reordered = 1;
  each[3].missing = 1;
  each[4].unanswered = 1;
  each[5].broken = "reset";
  for (const auto& troubles : each) EXPECT_FALSE(troubles.is_complete());
}

TEST(Mixed, HalfIsMessagesAndTwoInAHundredComeBack) {
  std::map<operation, int> counts;
  for (std::uint64_t percent = 0; percent < 100; ++percent) ++counts[operation_of(percent)];
  EXPECT_EQ(counts[operation::send], 52);
  EXPECT_EQ(counts[operation::come_back], 2);
  EXPECT_EQ(counts.size(), 5U) << "histories are read by another thread";
}

TEST(LoadWorld, KnowsEachClientsRoomAndToken) {
  load_world world;
  world.rooms = {{"a", {"t0", "t1"}, 0}, {"b", {"t2"}, 2}};
  world.room_of = {0, 0, 1};
  EXPECT_EQ(world.clients(), 3U);
  EXPECT_EQ(world.token_of(1), "t1");
  EXPECT_EQ(world.token_of(2), "t2");
}

TEST(Plot, DrawsWithoutPointsToo) {
  EXPECT_THAT(to_svg({"Nothing yet", "x", "y", {{"none", "red", {}}}}), Not(HasSubstr("nan")));
  EXPECT_THAT(to_svg({"One", "x", "y", {{"one", "red", {{3, 0}}}}}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace parley::bench
