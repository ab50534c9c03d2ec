// Which tokens are known to be good, and the one allowance of each.
#include "actors/token_cache.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

token_hash token_of(std::uint8_t number) {
  token_hash hash;
  hash.bytes[0] = number;
  return hash;
}

user_profile user_of(std::uint8_t number) { return {id_of<user_id>(number), "user", "User", {}, role::user}; }

class TokenCache : public ::testing::Test {
 protected:
  principal remember(std::uint8_t number) {
    return cache.remember(user_of(number), token_of(number), {time.now(), time.now(), time.now() + hours(1)},
                          time.steady_now());
  }
  std::optional<principal> find(std::uint8_t number) {
    return cache.find(token_of(number), time.steady_now(), time.now());
  }

  fake_clock time;
  token_cache cache{{.capacity = 3, .keep = seconds(30), .send_rate = {1, 1}, .change_rate = {1, 1}}};
};

TEST_F(TokenCache, KnowsATokenForAWhile) {
  EXPECT_FALSE(find(1));
  remember(1);
  ASSERT_TRUE(find(1));
  EXPECT_EQ(find(1)->user.id, id_of<user_id>(1));
  EXPECT_EQ(find(1)->token, token_of(1));
  time.advance(milliseconds(29'999));
  EXPECT_TRUE(find(1));
  time.advance(milliseconds(1));
  EXPECT_FALSE(find(1));
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(TokenCache, NeverOutlivesTheTokensTime) {
  cache.remember(user_of(1), token_of(1), {time.now(), time.now(), time.now() + seconds(10)}, time.steady_now());
  time.advance(seconds(10));
  EXPECT_FALSE(find(1));
}

TEST_F(TokenCache, AUsersTokensAreLookedUpAnewAndKeepTheirAllowances) {
  const std::weak_ptr<rate_limiter> sends = remember(1).send_allowance;
  remember(2);
  cache.outdate_user(id_of<user_id>(1));
  EXPECT_FALSE(find(1));
  EXPECT_TRUE(find(2));
  EXPECT_EQ(remember(1).send_allowance, sends.lock());
  EXPECT_TRUE(find(1));
}

TEST_F(TokenCache, TheUseOfATokenIsNotedOnceAnHourWhileSomebodyHoldsIt) {
  const auto held =
      cache.remember(user_of(1), token_of(1), {time.now(), time.now(), time.now() + hours(2)}, time.steady_now());
  const auto end_of = [&](timestamp) { return time.now() + hours(2); };
  EXPECT_TRUE(cache.take_renewals(time.now(), end_of).empty());
  for (int i = 0; i < 5; ++i) {
    time.advance(hours(1));
    const auto due = cache.take_renewals(time.now(), end_of);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].token, token_of(1));
    EXPECT_TRUE(cache.take_renewals(time.now(), end_of).empty());
    EXPECT_TRUE(cache.take_expired(time.steady_now(), time.now()).empty()) << "its end has moved on";
  }
  time.advance(hours(2));
  EXPECT_EQ(cache.take_expired(time.steady_now(), time.now()).size(), 1U);
}

TEST_F(TokenCache, TheUseOfATokenThatOnlyTheCacheHeldIsNotNotedAnew) {
  cache.remember(user_of(1), token_of(1), {time.now(), time.now(), time.now() + hours(2)}, time.steady_now());
  time.advance(hours(1));
  cache.take_expired(time.steady_now(), time.now());
  EXPECT_TRUE(cache.take_renewals(time.now(), [&](timestamp) { return time.now() + hours(2); }).empty());
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.tokens_in_use(), 0U);
}

TEST_F(TokenCache, ForgetsTheLeastRecentlyUsed) {
  for (std::uint8_t i = 1; i <= 3; ++i) remember(i);
  EXPECT_TRUE(find(1));
  remember(4);
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_FALSE(find(2));
  EXPECT_TRUE(find(1));
  EXPECT_TRUE(find(3));
  EXPECT_TRUE(find(4));
}

TEST_F(TokenCache, ForgetsARevokedToken) {
  remember(1);
  cache.forget(token_of(1));
  cache.forget(token_of(2));
  EXPECT_FALSE(find(1));
}

TEST_F(TokenCache, AllUsesOfATokenShareOneAllowanceAlsoAfterTheCacheForgot) {
  const auto socket = remember(1);
  EXPECT_EQ(find(1)->send_allowance, socket.send_allowance);
  cache.forget(token_of(1));
  const auto again = remember(1);
  EXPECT_EQ(again.send_allowance, socket.send_allowance);
  EXPECT_EQ(socket.send_allowance->try_take(time.steady_now()), 0);
  EXPECT_GT(again.send_allowance->try_take(time.steady_now()), 0);
  EXPECT_NE(remember(2).send_allowance, socket.send_allowance);
}

TEST_F(TokenCache, NamesEachTokenInUseOnceWhenItsTimeIsOver) {
  const auto held = remember(1);
  remember(2);
  EXPECT_TRUE(cache.take_expired(time.steady_now(), time.now()).empty());
  time.advance(hours(1));
  const auto ended = cache.take_expired(time.steady_now(), time.now());
  ASSERT_EQ(ended.size(), 1U) << "the second is held by nobody but the cache";
  EXPECT_EQ(ended[0].token, token_of(1));
  EXPECT_EQ(ended[0].user, id_of<user_id>(1));
  EXPECT_TRUE(cache.take_expired(time.steady_now(), time.now()).empty());
  EXPECT_EQ(cache.tokens_in_use(), 0U);
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(TokenCache, ACallerWithoutASocketGetsNoNewAllowanceWhenTheCacheForgets) {
  EXPECT_EQ(remember(1).change_allowance->try_take(time.steady_now()), 0);
  cache.forget_all();
  cache.take_expired(time.steady_now(), time.now());
  EXPECT_GT(remember(1).change_allowance->try_take(time.steady_now()), 0);
}

TEST_F(TokenCache, DropsAllowancesThatNobodyHoldsOnceTheyAreFull) {
  remember(1).send_allowance->try_take(time.steady_now());
  remember(2).change_allowance->try_take(time.steady_now());
  remember(3);
  cache.forget_all();
  cache.take_expired(time.steady_now(), time.now());
  EXPECT_EQ(cache.tokens_in_use(), 2U);
  time.advance(milliseconds(999));
  cache.take_expired(time.steady_now(), time.now());
  EXPECT_EQ(cache.tokens_in_use(), 2U);
  time.advance(milliseconds(1));
  cache.take_expired(time.steady_now(), time.now());
  EXPECT_EQ(cache.tokens_in_use(), 0U);
}

TEST_F(TokenCache, ATokenThatIsOverTakesItsAllowanceWithIt) {
  cache.remember(user_of(1), token_of(1), {time.now(), time.now(), time.now()}, time.steady_now())
      .send_allowance->try_take(time.steady_now());
  EXPECT_TRUE(cache.take_expired(time.steady_now(), time.now()).empty()) << "nobody holds it";
  EXPECT_EQ(cache.tokens_in_use(), 0U);
}

}  // namespace
}  // namespace parley::testing
