// The verdict on a run with its faults and its evidence.
#include "verify/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::bench::verify_report_test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct run {
  verify_options options;
  load_state state{7};
  std::vector<fault_record> faults{{1, "kill-node 2", 1.5, 2, 4.25, false, {}, {}},
                                   {2, "kill-node 0", 3, -1, -1, false, {}, {}}};
  guest_report guests{11, 12, 130, 10, {}, {}, 5, 4, {}};

  run() {
    options.seed = 7;
    state.nodes.resize(3);
    state.room_ids = {"room-a"};
    state.errors = {{"busy", 5}};
    state.posts = 40;
    state.posts_acknowledged = 39;
  }
  [[nodiscard]] run_report report() const { return {options, state, faults, guests, 6.5, 20, 1, 3}; }
  void break_a_promise() {
    const where who{3, 1, 2};
    state.log.add({1.25, who, 0, 17, '<', state.log.intern("a <frame>")});
    state.found.add({broken::hole, who, 0, 17, 1.25, "seq 16 was left out"});
    guests.outlived = {{"a post was told", 1}, {"a frame was taken", 2}};
  }
};

TEST(VerifyReport, ShowsTheCountsTheTimesAndTheFaults) {
  const run good;
  const auto page = to_html(to_report(good.report()));
  EXPECT_THAT(page, HasSubstr("<h1>24 clients in 8 rooms on 3 nodes, 20 s, seed 7</h1>"));
  EXPECT_THAT(page, HasSubstr("<p>PASS.</p>"));
  EXPECT_THAT(page, HasSubstr("<td>lost</td><td>0 </td>"));
  EXPECT_THAT(page, HasSubstr("<td>presence true after</td><td>6.50 s</td>"));
  EXPECT_THAT(page,
              HasSubstr("<td class='text'>kill-node</td><td>2</td><td>2.25</td><td>2.25</td><td>2.25</td><td>1</td>"));
  EXPECT_THAT(page, HasSubstr("<td class='text'>kill-node 2</td><td>1.50</td><td>2</td><td>4.25</td>"));
  EXPECT_THAT(page, HasSubstr("<td class='text'>kill-node 0</td><td>3</td><td>-</td><td>-</td>"));
  EXPECT_THAT(page, HasSubstr("<td>news of other nodes missed, times</td><td>3 </td>"));
  EXPECT_THAT(page, HasSubstr("<td>log-outs of guests</td><td>11 </td>"));
  EXPECT_THAT(page, HasSubstr("<td>suspensions of guests</td><td>5 </td>"));
  EXPECT_THAT(page, HasSubstr("<td>sends by REST</td><td>40 </td>"));
  EXPECT_THAT(page, HasSubstr("<td>of them acknowledged</td><td>39 </td>"));
  EXPECT_THAT(page, Not(HasSubstr("What guests found")));
  EXPECT_THAT(to_text(good.report()), HasSubstr("\nguests outlived: none\n"));
  EXPECT_THAT(page, HasSubstr("<td class='text'>busy</td><td>5</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<svg")));
}

TEST(VerifyReport, ShowsTheHistoryOfAPromiseThatWasNotKept) {
  run bad;
  bad.break_a_promise();
  const auto page = to_html(to_report(bad.report()));
  EXPECT_THAT(page, HasSubstr("<p class='bad'>FAIL (seed 7).</p>"));
  EXPECT_THAT(page,
              HasSubstr("<h3>holes: seq 16 was left out (seed 7, 1.250 s, client 3, room 0 (room-a), seq 17)</h3>"));
  EXPECT_THAT(page, HasSubstr("<td class='text'>1.250</td><td>3</td><td>1</td><td>2</td><td class='text'>&lt;</td>"
                              "<td class='text'>a &lt;frame&gt;</td>"));
  EXPECT_THAT(page, HasSubstr("<h3>What guests found</h3>"));
  EXPECT_THAT(page, HasSubstr("<td class='text'>a frame was taken</td><td>2</td>"));
  const auto text = to_text(bad.report());
  EXPECT_THAT(text, HasSubstr("holes: seq 16 was left out\n  seed 7, 1.250 s, client 3, room 0 (room-a), seq 17\n"));
  EXPECT_THAT(text, HasSubstr("recovered after min 2.25 s, median 2.25 s, max 2.25 s, 1 never"));
  EXPECT_THAT(text, HasSubstr("\nnews of other nodes missed 3 times\n"));
  EXPECT_THAT(text,
              HasSubstr("\nguests: 11 log-outs, 10 connections closed by them; 12 removals; 130 tries afterwards\n"
                        "suspensions of guests: 5, 4 connections closed by them\n"
                        "guests outlived: a frame was taken 2, a post was told 1\n"
                        "sends by REST: 40, 39 acknowledged\n"));
}

TEST(VerifyReport, KeepsTheKeysOfItsJson) {
  run bad;
  bad.break_a_promise();
  const auto json = to_json(bad.report());
  EXPECT_THAT(json, HasSubstr(R"({"seed":7,"verdict":"FAIL","attempted":0,"acknowledged":0,"sent_again":0,)"));
  EXPECT_THAT(json, HasSubstr(R"("log_outs":11,"removals":12,"tries_afterwards":130,"suspensions":5,)"
                              R"("outlived_by_check":{"a frame was taken":2,"a post was told":1},)"
                              R"("posts":40,"posts_acknowledged":39,)"));
  EXPECT_THAT(json, HasSubstr(R"({"fault":"kill-node 2","began":1.5E0,"healed":2E0,"seconds_to_recover":2.25E0})"));
  EXPECT_THAT(json, HasSubstr(R"("history":[{"at":1.25E0,"client":3,"connection":1,"node":2,)"));
}

}  // namespace
}  // namespace parley::bench::verify_report_test
