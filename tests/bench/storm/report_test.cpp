// What is told of a storm, and when it is a good one.
#include "storm/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::bench::storm_report_test {
namespace {

using testing::HasSubstr;
using testing::Not;

storm_findings good() {
  storm_findings out;
  out.tally.sent = 300;
  out.tally.replayed = 120;
  out.tally.back_ns = {1'000'000'000, 2'000'000'000};
  out.tally.ends = {{"reset", 4}};
  out.tally.deliveries.add(3'000'000);
  out.tally.course = {{1, 100, 100, 1000, 0, 1, 2, 3, 0.5, 80}};
  out.statements = {{40, "SELECT <everything>"}, {2, "BEGIN"}};
  out.usual_statements = 2;
  out.ring_events = 100;
  return out;
}

TEST(StormReport, IsGoodWhenEverybodyIsBackAndHasEverythingOnce) {
  EXPECT_TRUE(good().is_good());
  storm_findings each[7];
  each[0].tally.lost = 1;
  each[1].tally.doubled = 1;
  each[2].tally.not_live = 1;
  each[3].tally.unacknowledged = 1;
  each[4].tally.unannounced = 1;
  each[5].exit_code = 1;
  each[6].statements_each = 1.1;
  for (const auto& found : each) EXPECT_FALSE(found.is_good());
  each[6].statements_each = 0.9;
  EXPECT_TRUE(each[6].is_good());
  each[5].exit_code = 0;
  EXPECT_TRUE(each[5].is_good());
}

TEST(StormReport, SaysTheSameInTextJsonAndHtml) {
  storm_options options;
  options.clients = 2;
  const auto text = to_text(options, good());
  EXPECT_THAT(text, HasSubstr("live again after the cut: p50 1.00 s, p99 2.00 s, max 2.00 s"));
  EXPECT_THAT(text, HasSubstr("the last one's return: 42; the messages alone take 2 in that time, so 20.00 a client"));
  EXPECT_THAT(text, HasSubstr("connections reset: 4"));
  EXPECT_THAT(text, Not(HasSubstr("the node exited")));
  const auto json = to_json(to_report(options, good()));
  EXPECT_THAT(json, HasSubstr(R"("good":true)"));
  EXPECT_THAT(json, HasSubstr(R"("back":{"count":2,)"));
  EXPECT_THAT(json, HasSubstr(R"("statements":4.2E1)"));
  EXPECT_THAT(json, HasSubstr(R"("most_frequent_statements":[{"statement":"SELECT <everything>","calls":4E1},)"));
  EXPECT_THAT(json, HasSubstr(R"("replayed_from_memory":1E2)"));
  const auto page = to_html(to_report(options, good()));
  EXPECT_THAT(page, HasSubstr("<p>lost 0, doubled 0, not back 0, unacknowledged 0, refused 0.</p>"));
  EXPECT_THAT(page, HasSubstr("SELECT &lt;everything&gt;"));
  EXPECT_THAT(page, HasSubstr("<td>120 </td>"));
  EXPECT_THAT(page, HasSubstr(">Throughput<"));
}

TEST(StormReport, TellsOfANodeThatWasStopped) {
  auto found = good();
  found.exit_code = 134;
  found.tally.unannounced = 3;
  storm_options options;
  options.drain = true;
  EXPECT_THAT(to_text(options, found),
              HasSubstr("the node exited with 134; 2 of its clients came to the other one, 3"));
  const auto page = to_html(to_report(options, found));
  EXPECT_THAT(page, HasSubstr("<td>exit code of the node that was stopped</td><td>134 </td>"));
  EXPECT_THAT(page, HasSubstr("Clients that came to the other node, in each tenth of the time"));
  EXPECT_THAT(page, HasSubstr("<p class='bad'>"));
}

}  // namespace
}  // namespace parley::bench::storm_report_test
