// What a report says as text, as JSON and as a page, and what it is made of.
#include "report/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "report/plot.hpp"

namespace parley::bench {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

TEST(LoadCourse, TellsInEachSecondWhatCameAmissInIt) {
  std::vector<load_part> told;
  load_course course([&](const load_part& part) { told.push_back(part); });
  const server_watch nobody(std::vector<pid_t>{});
  course.begin(0, nobody);
  course.tick(1'000'000'000, nobody);
  course.begin(0, nobody);
  course.note_seqs({.lost = 2, .repeated = 1, .reordered = 0});
  course.tick(1'000'000'000, nobody);
  course.note_seqs({.lost = 1, .repeated = 1, .reordered = 1});  // the lost one was late
  course.tick(2'000'000'000, nobody);
  course.note_seqs({.lost = 1, .repeated = 5, .reordered = 1});
  course.end(2'500'000'000, nobody);
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0].amiss, std::nullopt) << "nobody has looked yet";
  EXPECT_EQ(told[1].amiss, 3U);
  EXPECT_EQ(told[2].amiss, 0U);
  EXPECT_EQ(told[3].amiss, 4U);
}

TEST(LoadCourse, HasPartsOfTheLengthItWasToldAndARestCountsWithTheLast) {
  std::vector<load_part> told;
  load_course course([&](const load_part& part) { told.push_back(part); }, 100'000'000);
  const server_watch nobody(std::vector<pid_t>{});
  course.begin(0, nobody);
  course.note_seqs({.lost = 1});
  course.note_delivered(5'000'000);
  course.tick(99'000'000, nobody);
  EXPECT_TRUE(told.empty());
  course.tick(100'000'000, nobody);
  course.note_delivered(9'000'000);
  course.note_seqs({.lost = 3});
  course.end(120'000'000, nobody);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_FALSE(told[0].is_last);
  EXPECT_DOUBLE_EQ(told[0].length, 0.1);
  EXPECT_TRUE(told[1].is_last);
  EXPECT_DOUBLE_EQ(told[1].at, 0.12);
  EXPECT_DOUBLE_EQ(told[1].length, 0.12);
  EXPECT_EQ(told[1].delivered, 2U);
  EXPECT_EQ(told[1].max_ms, 9);
  EXPECT_EQ(told[1].amiss, 3U);
  EXPECT_EQ(course.take().size(), 1U);
}

TEST(LoadCourse, OfARestTheCpuCountsToo) {
  double cpu_seconds = 0;
  const server_watch server([&] { return server_usage{cpu_seconds, 0}; });
  load_course course({}, 100'000'000);
  course.begin(0, server);
  cpu_seconds = 0.05;
  course.tick(100'000'000, server);
  cpu_seconds = 0.09;
  course.end(120'000'000, server);
  const auto parts = course.take();
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_NEAR(parts[0].cpu.value_or(0), 0.75, 1e-9);
}

TEST(LoadCourse, IsShortOnlyWhereTheQuestionCostsTheServerNothing) {
  EXPECT_EQ(short_part_ns(server_watch(pid_t{1})), 100'000'000);
  EXPECT_EQ(short_part_ns(server_watch(support::target{})), 1'000'000'000);
}

TEST(LoadPart, IsToldForASecondHoweverLongItIs) {
  load_part part;
  part.at = 0.5;
  part.length = 0.25;
  part.sent = 10;
  part.delivered = 1000;
  EXPECT_THAT(to_text(part, 1.8), HasSubstr(" 0.5 s       40 sent/s      4000 delivered/s"));
  EXPECT_THAT(to_text(part, 1.8), HasSubstr("1.3 s left"));
  part.length = part.at = 2;
  EXPECT_THAT(to_text(part, 12.0), HasSubstr("   2 s        5 sent/s       500 delivered/s"));
  EXPECT_THAT(to_text(part, 12.0), HasSubstr("10 s left"));
  EXPECT_THAT(to_text(part, std::nullopt), Not(HasSubstr("left")));
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

latency_histogram hundred_ms() {
  latency_histogram times;
  for (int i = 1; i <= 1000; ++i) times.add(i * 100'000);
  return times;
}

load_report report_with_everything() {
  load_report report;
  report.scenario = "latency";
  report.title = "1000 messages a second";
  report.server = "<one> node & a half";
  report.options = {{"rooms", 200}};
  report.troubles.seqs.repeated = 4;
  report.latencies = {{"delivery", "delivery: to a receiver", hundred_ms()}, {"nothing", "never happened", {}}};
  report.figures = {{"server_cpu_us", "CPU for a delivery", 12.345, "us"}, {"rate", "messages", 1234.5, "a second"}};
  report.course = {{1, 1000, 1000, 4000, 0, 1, 2, 3, 0.5, 40}, {2, 1000, 990, 3900, 10, 1, 2, 3, 0.6, 41}};
  report.trials = {{1000, 99, ""}, {2000, 480, "p99 was 480.0 ms"}};
  report.highest_rate = 1000;
  report.tables = {{"rows",
                    "Rows <of> turns",
                    {{"name", ""}, {"cpu_us", "CPU"}, {"p50_ms", "p50 ms"}},
                    {{"batches & more", 12.345, report_cell()}, {"whole", 7.0, 123.4}}}};
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
  EXPECT_THAT(json, HasSubstr(R"("rows":[{"name":"batches & more","cpu_us":1.2345E1,"p50_ms":null},)"));
  const auto page = to_html(report);
  EXPECT_THAT(page, HasSubstr("repeated 4"));
  EXPECT_THAT(page, HasSubstr("12.35 us"));
  EXPECT_THAT(page, HasSubstr("<h3>Rows &lt;of&gt; turns</h3>"));
  EXPECT_THAT(page, HasSubstr("<td class='text'>batches &amp; more</td><td>12.35</td><td>-</td>"));
  EXPECT_THAT(page, HasSubstr("<td>7</td><td>123</td>")) << "what is whole has no digits behind the point";
  EXPECT_THAT(page, HasSubstr("&lt;one&gt; node &amp; a half"));
  EXPECT_THAT(page, Not(HasSubstr("http"))) << "it needs no other host";
  EXPECT_THAT(page, Not(HasSubstr(">nan<")));
  EXPECT_THAT(page, Not(HasSubstr("nan,")));
}

TEST(LoadReport, IsADocumentWithoutAnythingToShow) {
  EXPECT_THAT(to_html(load_report{}), Not(HasSubstr("<svg")));
  EXPECT_THAT(to_text(load_report{}), HasSubstr("lost 0"));
  EXPECT_THAT(to_json(load_report{}), HasSubstr(R"("course":[])"));
}

TEST(LoadReport, JudgesByItsVerdictWhereItHasOne) {
  auto report = report_with_everything();
  report.verdict = {"FAIL (seed 7)", false};
  EXPECT_THAT(to_html(report), HasSubstr("<p class='bad'>FAIL (seed 7).</p>"));
  EXPECT_THAT(to_html(report), Not(HasSubstr("repeated 4")));
  EXPECT_THAT(to_text(report), HasSubstr("FAIL (seed 7)"));
  EXPECT_THAT(to_json(report), HasSubstr(R"x("verdict":"FAIL (seed 7)","good":false)x"));
  EXPECT_THAT(to_json(report), Not(HasSubstr("never_delivered"))) << "nobody counted it";
  report.verdict = {"PASS", true};
  EXPECT_THAT(to_html(report), HasSubstr("<p>PASS.</p>"));
}

TEST(LoadReport, DrawsOnlyWhatWasLookedAt) {
  auto report = report_with_everything();
  EXPECT_THAT(to_html(report), HasSubstr(">delivered<"));
  EXPECT_THAT(to_html(report), HasSubstr("The server&#39;s processor"));
  for (auto& part : report.course) {
    part.delivered = 0;
    part.cpu.reset();
  }
  EXPECT_THAT(to_html(report), Not(HasSubstr(">delivered<")));
  EXPECT_THAT(to_html(report), HasSubstr(">acknowledged<"));
  EXPECT_THAT(to_html(report), Not(HasSubstr("The server&#39;s processor")));
}

TEST(LoadReport, DrawsARateHoweverLongItsPartsAre) {
  auto report = report_with_everything();
  report.course = {{0.1, 0, 0, 777, 0, 1, 2, 3, 0.5, 40}};
  report.course[0].length = 0.1;
  EXPECT_THAT(to_html(report), HasSubstr(">8000<")) << "the axis of 7,770 in a second";
  EXPECT_THAT(to_json(report), HasSubstr(R"("length":1E-1)"));
}

TEST(LoadReport, SaysOfWhatItsRatesAre) {
  auto report = report_with_everything();
  report.rated = "operations";
  EXPECT_THAT(to_text(report), HasSubstr("at most 50 ms: 1000 operations a second"));
  EXPECT_THAT(to_html(report), HasSubstr("<strong>1000 operations a second</strong>"));
  EXPECT_THAT(to_html(report), HasSubstr("<th>operations a second</th>"));
}

TEST(LoadReport, ToldWithOthersStandsOnOnePageAndInOneDocument) {
  auto first = report_with_everything();
  auto second = first;
  second.title = "2000 messages a second";
  const auto page = to_html(std::vector<load_report>{first, second});
  EXPECT_THAT(page, HasSubstr("<h1>1000 messages a second</h1>"));
  EXPECT_THAT(page, HasSubstr("<h2>2000 messages a second</h2>"));
  EXPECT_EQ(page.find("<!doctype"), page.rfind("<!doctype"));
  EXPECT_THAT(to_json(std::vector<load_report>{first, second}), StartsWith(R"({"runs":[{"scenario":"latency")"));
  EXPECT_EQ(to_json(std::vector<load_report>{first}), to_json(first));
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

TEST(Plot, DrawsWithoutPointsToo) {
  EXPECT_THAT(to_svg({"Nothing yet", "x", "y", {{"none", "red", {}}}}), Not(HasSubstr("nan")));
  EXPECT_THAT(to_svg({"One", "x", "y", {{"one", "red", {{3, 0}}}}}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace parley::bench
