// Failed log-ins for an account and address.
#include "actors/login_throttle.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

using std::chrono::seconds;

class LoginThrottle : public ::testing::Test {
 protected:
  std::int64_t begin(const std::string& account = "ann", const std::string& address = "10.0.0.1") {
    const auto verdict = throttle.begin(account, address, time.steady_now());
    return verdict.goes_on ? 0 : verdict.wait_ms;
  }
  void fail(const std::string& account, const std::string& address) {
    EXPECT_EQ(begin(account, address), 0);
    throttle.failed(account, address, time.steady_now());
  }
  fake_clock time;
  login_throttle throttle{{5, 20, 60}};
};

TEST_F(LoginThrottle, FiveFailuresAMinuteThenAWaitUntilTheFirstIsOld) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(begin(), 0);
    time.advance(seconds(1));
  }
  const auto wait_ms = begin();
  EXPECT_EQ(wait_ms, 55'001);
  time.advance(std::chrono::milliseconds(wait_ms));
  EXPECT_EQ(begin(), 0);
  EXPECT_GT(begin(), 0) << "the second is not old yet";
}

TEST_F(LoginThrottle, ARefusedTryDoesNotCount) {
  for (int i = 0; i < 5; ++i) begin();
  for (int i = 0; i < 100; ++i) EXPECT_GT(begin(), 0);
  time.advance(seconds(60));
  EXPECT_EQ(begin(), 0);
}

TEST_F(LoginThrottle, ATryThatWasNotJudgedIsGivenBack) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(begin(), 0);
    throttle.given_up("ann", "10.0.0.1");
  }
  EXPECT_EQ(throttle.size(), 0U);
}

TEST_F(LoginThrottle, TriesUnderWayCountSoThatManyAtOnceDoNotSlipThrough) {
  int allowed = 0;
  for (int i = 0; i < 20; ++i) allowed += begin() == 0 ? 1 : 0;
  EXPECT_EQ(allowed, 5);
}

TEST_F(LoginThrottle, AccountsAndAddressesAreCountedApart) {
  for (int i = 0; i < 5; ++i) begin();
  EXPECT_GT(begin(), 0);
  EXPECT_EQ(begin("ann", "10.0.0.2"), 0);
  EXPECT_EQ(begin("bob", "10.0.0.1"), 0);
  EXPECT_EQ(begin("ann1", "0.0.0.1"), 0);
}

TEST_F(LoginThrottle, GuessingFromManyAddressesLeavesEachOneTryAMinute) {
  for (int i = 0; i < 20; ++i) fail("ann", "10.0.1." + std::to_string(i));
  EXPECT_EQ(begin("ann", "10.0.2.1"), 0) << "the victim's own first try, from wherever";
  EXPECT_GT(begin("ann", "10.0.2.1"), 0) << "a second one would be a fifth of a guesser's";
  EXPECT_GT(begin("ann", "10.0.1.3"), 0);
  EXPECT_EQ(begin("bob", "10.0.1.3"), 0) << "others are not concerned";
  time.advance(seconds(60));
  EXPECT_EQ(begin("ann", "10.0.1.3"), 0);
}

TEST_F(LoginThrottle, WhoHasLoggedInFromThereIsNotLockedOutByOthers) {
  EXPECT_EQ(begin("ann", "home"), 0);
  throttle.succeeded("ann", "home", time.steady_now());
  for (int i = 0; i < 20; ++i) fail("ann", "10.0.1." + std::to_string(i));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(begin("ann", "home"), 0);
  EXPECT_GT(begin("ann", "home"), 0) << "its own failures count";
}

TEST_F(LoginThrottle, OneAddressTriesOnlySoManyAccounts) {
  EXPECT_EQ(begin("neighbour", "10.0.0.1"), 0);
  throttle.succeeded("neighbour", "10.0.0.1", time.steady_now());
  for (int i = 0; i < 60; ++i) fail("user" + std::to_string(i), "10.0.0.1");
  EXPECT_GT(begin("another", "10.0.0.1"), 0);
  EXPECT_EQ(begin("another", "10.0.0.2"), 0);
  EXPECT_EQ(begin("neighbour", "10.0.0.1"), 0) << "known there";
  time.advance(seconds(60));
  EXPECT_EQ(begin("another", "10.0.0.1"), 0);
}

TEST_F(LoginThrottle, TriesUnderWayCountForTheirAddressAndTheirAccountToo) {
  for (int i = 0; i < 60; ++i) EXPECT_EQ(begin("user" + std::to_string(i), "10.0.0.1"), 0);
  EXPECT_EQ(begin("another", "10.0.0.1"), 1000) << "one of them is likely to be over then";
  throttle.succeeded("user0", "10.0.0.1", time.steady_now());
  EXPECT_EQ(begin("another", "10.0.0.1"), 0);
  for (int i = 0; i < 10; ++i) {
    for (int n = 0; n < 2; ++n) EXPECT_EQ(begin("ann", "10.0.1." + std::to_string(i)), 0);
  }
  EXPECT_GT(begin("ann", "10.0.1.0"), 0);
}

TEST_F(LoginThrottle, AnOwnLogInTakesNoFailureOfTheAddressBack) {
  EXPECT_EQ(begin("mallory", "10.0.0.1"), 0);
  throttle.succeeded("mallory", "10.0.0.1", time.steady_now());
  for (int i = 0; i < 60; ++i) fail("user" + std::to_string(i), "10.0.0.1");
  EXPECT_EQ(begin("mallory", "10.0.0.1"), 0);
  throttle.succeeded("mallory", "10.0.0.1", time.steady_now());
  EXPECT_GT(begin("another", "10.0.0.1"), 0);
}

/// Else the answer would tell who exists, and logs in there.
TEST_F(LoginThrottle, AFailureOfWhomOnlyTheAddressLetsThroughIsAnsweredLikeAStrangers) {
  EXPECT_EQ(begin("neighbour", "10.0.0.1"), 0);
  throttle.succeeded("neighbour", "10.0.0.1", time.steady_now());
  const auto before = throttle.begin("neighbour", "10.0.0.1", time.steady_now());
  EXPECT_TRUE(before.goes_on);
  EXPECT_EQ(before.wait_ms, 0);
  throttle.failed("neighbour", "10.0.0.1", time.steady_now());
  for (int i = 1; i < 60; ++i) fail("user" + std::to_string(i), "10.0.0.1");
  const auto known = throttle.begin("neighbour", "10.0.0.1", time.steady_now());
  EXPECT_TRUE(known.goes_on);
  EXPECT_EQ(known.wait_ms, begin("nobody", "10.0.0.1"));
  EXPECT_EQ(known.wait_ms, 60'001);
}

TEST_F(LoginThrottle, WhereTheAddressIsSpentAKnownNameHearsWhatAnUnknownOneDoes) {
  ASSERT_EQ(begin("ann"), 0);
  throttle.succeeded("ann", "10.0.0.1", time.steady_now());
  for (int i = 0; i < 60; ++i) fail("name" + std::to_string(i), "10.0.0.1");
  std::int64_t before = 60'001;
  for (int i = 0; i < 10; ++i) {
    time.advance(std::chrono::milliseconds(100));
    const auto known = throttle.begin("ann", "10.0.0.1", time.steady_now());
    EXPECT_EQ(known.goes_on, i < 5);
    if (known.goes_on) throttle.failed("ann", "10.0.0.1", time.steady_now());
    const auto unknown = begin("nobody");
    EXPECT_EQ(known.wait_ms, unknown) << i;
    EXPECT_EQ(unknown, before - 100) << "whatever fails meanwhile";
    before = unknown;
  }
}

TEST_F(LoginThrottle, ZeroMeansNoLimit) {
  login_throttle open({0, 1, 1});
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(open.begin("ann", "x", time.steady_now()).goes_on);
  EXPECT_EQ(open.size(), 0U);
}

TEST_F(LoginThrottle, LessThanOneAMinuteIsALongerWindow) {
  login_throttle strict({0.5, 0, 0});
  EXPECT_TRUE(strict.begin("ann", "x", time.steady_now()).goes_on);
  time.advance(seconds(119));
  EXPECT_FALSE(strict.begin("ann", "x", time.steady_now()).goes_on);
  time.advance(seconds(1));
  EXPECT_TRUE(strict.begin("ann", "x", time.steady_now()).goes_on);
}

TEST_F(LoginThrottle, MemoryIsBoundedAndTheOldestGoesFirst) {
  login_throttle small({1, 0, 0}, 3);
  for (const auto* name : {"a", "b", "c"}) {
    EXPECT_TRUE(small.begin(name, "x", time.steady_now()).goes_on);
    time.advance(seconds(1));
  }
  EXPECT_TRUE(small.begin("d", "x", time.steady_now()).goes_on);
  EXPECT_EQ(small.size(), 3U);
  EXPECT_FALSE(small.begin("c", "x", time.steady_now()).goes_on);
  EXPECT_TRUE(small.begin("a", "x", time.steady_now()).goes_on) << "forgotten";
  time.advance(seconds(60));
  EXPECT_TRUE(small.begin("e", "x", time.steady_now()).goes_on);
  EXPECT_EQ(small.size(), 1U) << "what was old went at once";
}

}  // namespace
}  // namespace parley::testing
