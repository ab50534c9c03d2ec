// What is told of a run between two nodes, and that the keys of its JSON stay.
#include "across/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::bench::across_test {
namespace {

using testing::HasSubstr;
using testing::Not;

across_figures figures() {
  across_figures out;
  out.rate = 1000;
  out.messages = 2000;
  out.delivery = {2000, 1, 6, 7, 8};
  out.hop = percentiles{100, 0.1, 1, 1, 1};
  out.commit = percentiles{50, 0.4, 2, 2, 2};
  out.node_cpu_us = 420;
  latency_histogram times;
  times.add(6'000'000);
  out.latencies = {{"delivery", "delivery: from its time to the other node's client", times}};
  out.transactions = {{0.001, 0.002}, {10, 20}};
  out.course = {{1, 1000, 1000, 999, 0, 1, 2, 3, 0.5, 40}};
  return out;
}

TEST(AcrossReport, HasTheGoalTheTimesAndTheCourseOnItsPage) {
  const auto page = to_html(to_report({}, figures()));
  EXPECT_THAT(page, HasSubstr("<h1>1000 messages a second over 200 rooms, 128 B, 20 s</h1>"));
  EXPECT_THAT(page, HasSubstr("<p>2000 delivered, none lost, refused or late.</p>"));
  EXPECT_THAT(page, HasSubstr("<td>2</td><td class='text'>&lt;= 1.5</td>")) << "6 / (2 + 1)";
  EXPECT_THAT(page, HasSubstr("<td>420 us</td>"));
  EXPECT_THAT(page, HasSubstr("delivery: from its time"));
  EXPECT_THAT(page, HasSubstr("The node&#39;s transactions"));
  EXPECT_THAT(page, HasSubstr(">Throughput<"));
}

TEST(AcrossReport, HasNoFiguresWhereTheRunHasNone) {
  auto lossy = figures();
  lossy.objection = "3 of 2000 messages did not arrive";
  const auto page = to_html(to_report({}, lossy));
  EXPECT_THAT(page, HasSubstr("<p class='bad'>no figures: 3 of 2000 messages did not arrive.</p>"));
  EXPECT_THAT(page, Not(HasSubstr("delivery: from its time")));
  EXPECT_THAT(page, Not(HasSubstr("420 us")));
  EXPECT_THAT(page, HasSubstr(">Throughput<")) << "which shows when it went wrong";
}

TEST(AcrossReport, KeepsTheKeysOfItsJson) {
  const auto json = to_json({}, {figures()});
  EXPECT_THAT(json, HasSubstr(R"({"rooms":200,"size":128,"seconds":2E1,"goal":1.5E0,"runs":[{"rate":1E3,)"));
  for (const auto* key : {"messages", "delivery", "ack", "send_delay", "tool_cpu_us", "load_average", "raw_hop",
                          "commit", "node_cpu_us", "database_cpu_us", "ratio", "node_transactions"})
    EXPECT_THAT(json, HasSubstr("\"" + std::string(key) + "\":"));
}

}  // namespace
}  // namespace parley::bench::across_test
