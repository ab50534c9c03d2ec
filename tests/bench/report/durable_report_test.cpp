// Durable sends beside the bare database: rows, ratios, and the report of both.
#include "durable_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::bench::durable_report_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

durable_row row(const std::string& name, double rows_per_second, std::int64_t took_ns) {
  durable_row out;
  out.name = name;
  out.rows_per_second = rows_per_second;
  if (took_ns > 0) {
    out.p50_ms = static_cast<double>(took_ns) / 1e6;
    out.times.add(took_ns);
  }
  return out;
}

durable_report three_turns() {
  durable_report out("SQLite: 10 senders");
  for (const double rate : {300.0, 100.0, 200.0}) {
    auto parleyd = row("parleyd", rate, 2'000'000);
    parleyd.course = {{1, 100, 100, 0, 0, 1, 2, rate, 0.5, 40}};
    out.add({parleyd, row("pgbench, 32 clients", 100, 0), row("batches of 200", 400, 1'000'000)});
  }
  return out;
}

TEST(DurableReport, TakesEachRatioWithinATurn) {
  const auto ratio = ratio_of(three_turns().turns(), "parleyd / pgbench", ">= 3",
                              [](const auto& turn) { return turn[0].rows_per_second / turn[1].rows_per_second; });
  EXPECT_EQ(ratio.min, 1);
  EXPECT_EQ(ratio.median, 2);
  EXPECT_EQ(ratio.max, 3);
  EXPECT_THAT(to_text(ratio), HasSubstr("min 1.00, median 2.00, max 3.00; goal >= 3"));
}

TEST(DurableReport, HasARowForEachInEachTurnTheRatiosAndTheLatenciesThatAreKnown) {
  auto told = three_turns();
  told.add({"parleyd / pgbench", ">= 3", 1, 2, 3});
  const auto report = told.finish("one node on SQLite", {{"senders", 10}});
  ASSERT_EQ(report.tables.size(), 2U);
  EXPECT_EQ(report.tables[0].rows.size(), 9U);
  for (const auto& each : report.tables[0].rows) EXPECT_EQ(each.size(), report.tables[0].columns.size());
  EXPECT_THAT(report.tables[1].rows, ElementsAre(ElementsAre(report_cell("parleyd / pgbench"), report_cell(1.0),
                                                             report_cell(2.0), report_cell(3.0), report_cell(">= 3"))));
  ASSERT_EQ(report.latencies.size(), 2U) << "pgbench tells none";
  EXPECT_EQ(report.latencies[0].key, "ack");
  EXPECT_EQ(report.latencies[0].times.count(), 3U) << "of all turns";
  EXPECT_EQ(report.latencies[1].key, "batches_of_200");
  ASSERT_EQ(report.course.size(), 1U);
  EXPECT_EQ(report.course[0].max_ms, 200) << "of the last turn";
}

TEST(DurableReport, CountsTheTroublesOfAllTurns) {
  durable_report told("SQLite: 10 senders");
  for (std::uint64_t turn = 1; turn <= 2; ++turn) {
    auto parleyd = row("parleyd", 100, 2'000'000);
    parleyd.troubles.seqs = {turn, 10 * turn, 100 * turn};
    parleyd.troubles.missing = 1000 * turn;
    parleyd.troubles.unanswered = 10'000 * turn;
    told.add({parleyd, row("batches of 200", 400, 1'000'000)});
  }
  const auto report = told.finish("one node on SQLite", {});
  EXPECT_FALSE(report.troubles.is_complete());
  EXPECT_THAT(to_json(report), HasSubstr(R"("lost":3,"repeated":30,"reordered":300,"never_delivered":3000,)"
                                         R"("unanswered":30000)"));
}

TEST(DurableReport, IsAPageAndADocument) {
  auto told = three_turns();
  told.add({"parleyd / pgbench", ">= 3", 1, 2, 3});
  const auto report = told.finish("one node on SQLite", {{"senders", 10}});
  EXPECT_THAT(to_json(report), HasSubstr(R"({"name":"parleyd","turn":1E0,"rows_per_second":3E2,"p50_ms":2E0,)"));
  EXPECT_THAT(to_json(report), HasSubstr(R"("goal":">= 3")"));
  EXPECT_THAT(to_html(report), HasSubstr("<td class='text'>&gt;= 3</td>"));
  EXPECT_THAT(to_html(report), HasSubstr("<svg"));
}

}  // namespace
}  // namespace parley::bench::durable_report_test
