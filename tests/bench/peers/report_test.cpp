// What a report says, and what may be asked for.
#include "peers/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "peers/options.hpp"

namespace parley::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

peer_figures figures(double server, double database) {
  peer_figures out;
  out.seconds = 2;
  out.messages = 100'000;
  out.deliveries = 1'000'000;
  out.cpu = {server, database};
  out.delivery.add(3'000'000);
  return out;
}

peer_row row(const std::string& name, bool is_parley, std::vector<std::optional<peer_figures>> turns) {
  peer_row out{name, name + " <title>", "flushed", "ack", is_parley, {}, {}};
  out.turns = std::move(turns);
  return out;
}

peers_report sample() {
  peers_report report;
  report.machine = "2 x some processor";
  report.runs = 3;
  report.versions = {{"NATS", "nats-server 2.9"}};
  report.left_out = {{"mosquitto", "it is not installed"}};
  work_table table{known_works().front(), {}};
  // 4, 8 and 6 us a delivery, half of it the database's, beside 8, 8 and none.
  table.rows.push_back(row("nats", false, {figures(8, 0), figures(8, 0), std::nullopt}));
  table.rows.push_back(row("parley-postgres", true, {figures(2, 2), figures(4, 4), figures(3, 3)}));
  table.rows[0].failure = "the server closed a connection";
  report.works.push_back(table);
  return report;
}

TEST(PeersReport, CountsTheDatabaseInTheRatios) {
  const auto text = to_text(sample());
  EXPECT_THAT(text, HasSubstr("0.500, 0.750, 1.000")) << "of 0.5 and 1";
  EXPECT_THAT(text, HasSubstr("8.00, 8.00, 8.00")) << "the server's CPU of NATS";
  EXPECT_THAT(text, HasSubstr("2.00, 3.00, 4.00")) << "the server's CPU of Parley";
  EXPECT_THAT(text, HasSubstr("500000")) << "deliveries a second";
}

TEST(PeersReport, NamesWhatFailedAndWhatWasLeftOut) {
  const auto report = sample();
  EXPECT_TRUE(report.has_failures());
  EXPECT_THAT(to_text(report), HasSubstr("failed: the server closed a connection"));
  EXPECT_THAT(to_text(report), HasSubstr("left out: it is not installed"));
  auto good = report;
  good.works[0].rows[0].failure.clear();
  EXPECT_FALSE(good.has_failures());
}

TEST(PeersReport, WhatParleyLosesIsAFailureAndWhatOthersLoseIsAFigure) {
  auto report = sample();
  report.works[0].rows[0].failure.clear();
  EXPECT_FALSE(report.has_failures());
  report.works[0].rows[0].turns[0]->lost = 1;
  EXPECT_FALSE(report.has_failures());
  for (auto trouble : {&peer_figures::lost, &peer_figures::repeated, &peer_figures::reordered}) {
    auto bad = report;
    (*bad.works[0].rows[1].turns[0]).*trouble = 1;
    EXPECT_TRUE(bad.has_failures());
  }
}

TEST(PeersReport, SaysTheSameInJsonAndHtml) {
  auto report = sample();
  load_part part;
  part.at = 2;
  part.delivered = 2 * 777'000;
  report.works[0].rows[1].turns.back()->course = {load_part{}, part};  // one without a length is no part
  const auto json = to_json(report);
  EXPECT_THAT(json, HasSubstr(R"("ratios":{"parley-postgres":{"min":5E-1,"median":7.5E-1,"max":1E0}})"));
  EXPECT_THAT(json, HasSubstr(R"("cpu_us_of_turns":[8E0,8E0,null])"));
  const auto page = to_html(report);
  EXPECT_THAT(page, HasSubstr("0.500, 0.750, 1.000"));
  EXPECT_THAT(page, HasSubstr("nats &lt;title&gt;"));
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("Messages that reached a member, in the last turn"));
  EXPECT_THAT(page, HasSubstr("800000")) << "the axis of a course with 777,000 in a second";
  EXPECT_THAT(page, Not(HasSubstr("http"))) << "it needs no other host";
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(PeersReport, DrawsThePercentilesOfAllTurnsTogether) {
  auto report = sample();
  auto& nats = report.works[0].rows[0];
  nats.turns[1]->delivery = {};
  nats.turns[1]->delivery.add(9'000'000);
  nats.turns[1]->delivery.add(900'000'000);
  EXPECT_EQ(nats.delivery().count(), 3U) << "of two turns, as the third one failed";
  EXPECT_EQ(nats.delivery().max_ms(), 900);
  const auto page = to_html(report);
  EXPECT_THAT(page, HasSubstr("Percentiles of deliveries"));
  EXPECT_THAT(page, HasSubstr(">99.9 %<"));
  EXPECT_THAT(page, HasSubstr(">800<")) << "the axis of 900 ms";
  for (auto& one : report.works[0].rows) one.turns = {std::nullopt};
  EXPECT_EQ(nats.delivery().count(), 0U);
}

TEST(PeersReport, HasDashesWhereNothingWasMeasured) {
  auto report = sample();
  for (auto& one : report.works[0].rows) one.turns = {std::nullopt};
  EXPECT_THAT(to_text(report), Not(HasSubstr("nan")));
  EXPECT_THAT(to_html(report), Not(HasSubstr("nan")));
}

TEST(PeersOptions, NamesAreThoseOfTheWorksAndPeersThereAre) {
  peers_options options;
  EXPECT_EQ(chosen_works(options).size(), known_works().size());
  const auto chosen = chosen_peers(options);
  EXPECT_EQ(chosen.size() + 3, all_peers({}).size()) << "the floor's three other rings";
  for (const auto& one : chosen) EXPECT_FALSE(one.is_only_by_name) << one.name;
  options.works = {"small", "custom"};
  options.custom.rooms = 7;
  const auto works = chosen_works(options);
  EXPECT_EQ(works[0].rooms, 200);
  EXPECT_EQ(works[1].rooms, 7);
  options.peers = {"nats", "floor"};
  EXPECT_EQ(chosen_peers(options)[0].name, "nats");
  options.peers = {"irc"};
  EXPECT_THROW((void)chosen_peers(options), std::invalid_argument);
  options.works = {"large"};
  EXPECT_THROW((void)chosen_works(options), std::invalid_argument);
}

}  // namespace
}  // namespace parley::bench
