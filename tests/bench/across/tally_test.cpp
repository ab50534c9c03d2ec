// A run tells figures only when all went as planned.
#include "across/tally.hpp"

#include <gtest/gtest.h>

namespace parley::bench::tally_test {
namespace {

across_tally sound() {
  across_tally tally;
  tally.measured = tally.planned = tally.sent = tally.acknowledged = tally.received = 10'000;
  return tally;
}

TEST(across_tally, objects_to_nothing_when_each_message_was_sent_acknowledged_and_received_once) {
  EXPECT_EQ(objection_to(sound()), "");
}

TEST(across_tally, objects_to_whatever_is_missing_doubled_or_refused) {
  for (auto member : {&across_tally::sent, &across_tally::acknowledged, &across_tally::received}) {
    auto tally = sound();
    tally.*member -= 1;
    EXPECT_NE(objection_to(tally), "");
  }
  for (auto member : {&across_tally::doubled, &across_tally::reordered, &across_tally::refused}) {
    auto tally = sound();
    tally.*member += 1;
    EXPECT_NE(objection_to(tally), "");
  }
  auto tally = sound();
  tally.broken = "closed with 4408";
  EXPECT_NE(objection_to(tally).find("4408"), std::string::npos);
}

TEST(across_tally, bears_one_late_send_in_a_thousand) {
  auto tally = sound();
  tally.late = 10;
  EXPECT_EQ(objection_to(tally), "");
  tally.late = 11;
  EXPECT_NE(objection_to(tally), "");
}

}  // namespace
}  // namespace parley::bench::tally_test
