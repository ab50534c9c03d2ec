// What a run says of seqs, levels and the highest rate, and its report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "load/find_max.hpp"
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
  lossy.seqs.lost = 1;
  EXPECT_THAT(objection_to(lossy, level), HasSubstr("lost"));
  auto missing = good_run();
  missing.missing = 1;
  EXPECT_THAT(objection_to(missing, level), HasSubstr("lost"));
  auto refused = good_run();
  refused.refused = 3;
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

TEST(LoadReport, SaysTheSameInTextJsonAndHtml) {
  load_report report;
  report.server = "<one> node & a half";
  report.figures = good_run();
  report.figures.seqs.repeated = 4;
  report.figures.course = {{1, 1000, 1000, 4000, 0, 1, 2, 3, 0.5, 40}, {2, 1000, 990, 3900, 10, 1, 2, 3, 0.6, 41}};
  report.trials = {{1000, 99, ""}, {2000, 480, "p99 was 480.0 ms"}};
  report.highest_rate = 1000;
  EXPECT_THAT(to_text(report), HasSubstr("repeated 4"));
  EXPECT_THAT(to_text(report), HasSubstr("at most 50 ms: 1000 messages a second"));
  EXPECT_THAT(to_json(report), HasSubstr(R"("repeated":4)"));
  EXPECT_THAT(to_json(report), HasSubstr(R"("highest_rate":1E3)"));
  const auto page = to_html(report);
  EXPECT_THAT(page, HasSubstr("repeated 4"));
  EXPECT_THAT(page, HasSubstr("&lt;one&gt; node &amp; a half"));
  EXPECT_THAT(page, Not(HasSubstr("http"))) << "it needs no other host";
  EXPECT_THAT(page, Not(HasSubstr(">nan<")));
  EXPECT_THAT(page, Not(HasSubstr("nan,")));
}

TEST(Plot, DrawsWithoutPointsToo) {
  EXPECT_THAT(to_svg({"Nothing yet", "x", "y", {{"none", "red", {}}}}), Not(HasSubstr("nan")));
  EXPECT_THAT(to_svg({"One", "x", "y", {{"one", "red", {{3, 0}}}}}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace parley::bench
