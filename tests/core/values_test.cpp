// Ids, times, rate limits, credentials, answers and metrics: the small things everything else trusts.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "core/id_steps.hpp"
#include "parley/answer.hpp"
#include "parley/clock.hpp"
#include "parley/credentials.hpp"
#include "parley/ids.hpp"
#include "parley/metrics.hpp"
#include "parley/rate_limit.hpp"

namespace parley {
namespace {

using namespace std::chrono_literals;

TEST(uuids, text_goes_there_and_back_in_lower_case) {
  const auto value = parse_uuid("0190A3B4-C5D6-7e8f-9a0b-1c2d3e4f5061");
  ASSERT_TRUE(value);
  EXPECT_EQ(to_string(*value), "0190a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061");
}

TEST(uuids, anything_but_the_36_character_form_is_refused) {
  for (const auto* text : {"", "0190a3b4c5d67e8f9a0b1c2d3e4f5061", "0190a3b4-c5d6-7e8f-9a0b-1c2d3e4f506",
                           "0190a3b4-c5d6-7e8f-9a0b-1c2d3e4f506g", "{190a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061",
                           "0190a3b4_c5d6-7e8f-9a0b-1c2d3e4f5061", "0190a3b4-c5d6-7e8f-9a0b-1c2d3e4f50611"})
    EXPECT_FALSE(parse_uuid(text)) << text;
}

TEST(uuids, new_ones_are_version_7_and_of_this_moment) {
  using namespace std::chrono;
  const auto now = [] { return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(); };
  const auto before = now();
  const auto value = system_ids().next();
  const auto after = now();
  EXPECT_EQ(value.bytes[6] >> 4, 7);
  EXPECT_EQ(value.bytes[8] >> 6, 2);
  milliseconds::rep stamp = 0;
  for (std::size_t i = 0; i < 6; ++i) stamp = stamp << 8 | value.bytes[i];
  EXPECT_LE(before, stamp);
  // One may stand before its time by what was made in a burst before it: 10,000 are 2.4 ms.
  EXPECT_LE(stamp, after + 10);
}

TEST(uuids, those_of_one_process_only_rise_within_a_millisecond_too) {
  auto last = system_ids().next();
  for (int i = 0; i < 10'000; ++i) {
    const auto next = system_ids().next();
    ASSERT_LT(last, next) << i;
    last = next;
  }
  std::thread([&] { EXPECT_LT(last, system_ids().next()) << "of another thread, at once"; }).join();
}

TEST(uuids, two_threads_in_turns_make_rising_ones) {
  constexpr int turns = 2'000;
  std::atomic<int> turn{0};
  uuid last;
  int wrong = 0;  // both guarded by the turn
  const auto take_turns = [&](int parity) {
    for (int i = parity; i < turns; i += 2) {
      while (turn.load(std::memory_order_acquire) != i) std::this_thread::yield();
      const auto next = system_ids().next();
      if (!(last < next)) ++wrong;
      last = next;
      turn.store(i + 1, std::memory_order_release);
    }
  };
  std::thread other([&] { take_turns(1); });
  take_turns(0);
  other.join();
  EXPECT_EQ(wrong, 0);
}

TEST(uuids, those_of_many_threads_at_once_are_distinct_in_their_first_halves) {
  std::vector<std::vector<std::uint64_t>> made(4);
  std::vector<std::thread> threads;
  threads.reserve(made.size());
  for (auto& each : made)
    threads.emplace_back([&each] {
      for (int i = 0; i < 5'000; ++i) {
        const auto value = system_ids().next();
        std::uint64_t first = 0;
        for (std::size_t byte = 0; byte < 8; ++byte) first = first << 8U | value.bytes[byte];
        each.push_back(first);
      }
    });
  for (auto& each : threads) each.join();
  std::set<std::uint64_t> seen;
  for (const auto& each : made) seen.insert(each.begin(), each.end());
  EXPECT_EQ(seen.size(), 20'000U);
}

TEST(uuids, a_clock_that_is_set_back_a_little_does_not_set_them_back) {
  constexpr std::uint64_t second = 1'000ULL << 12U;
  constexpr std::uint64_t now = 1'000'000 * second;
  EXPECT_EQ(step_behind(now - 1, now), now);
  EXPECT_EQ(step_behind(now, now), now + 1);
  EXPECT_EQ(step_behind(now + 9 * second, now), now + 9 * second + 1);
  EXPECT_EQ(step_behind(now + 11 * second, now), now);
}

/// Two nodes may make one at the same step: what tells them apart is random.
TEST(uuids, their_second_halves_are_all_different) {
  std::set<std::vector<std::uint8_t>> seen;
  for (int i = 0; i < 10'000; ++i) {
    const auto value = system_ids().next();
    EXPECT_TRUE(seen.emplace(value.bytes.begin() + 8, value.bytes.end()).second);
  }
}

TEST(times, rfc_3339_goes_there_and_back) {
  for (const auto* text : {"2026-11-22T09:30:00.123Z", "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"}) {
    const auto value = parse_timestamp(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(to_string(*value), text);
  }
  for (const auto* text : {"2026-02-29T09:30:00.123Z", "2026-11-22 09:30:00.123Z", "2026-11-22T24:30:00.123Z", "",
                           "2026-11-22T09:30:00Z", "2026-1a-22T09:30:00.123Z"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(rate_limits, a_burst_passes_then_the_rate_holds) {
  rate_limiter limit({20, 40});
  const steady_time start{100s};
  for (int i = 0; i < 40; ++i) EXPECT_EQ(limit.try_take(start), 0) << i;
  const auto wait_ms = limit.try_take(start);
  EXPECT_GT(wait_ms, 0);
  EXPECT_LE(wait_ms, 51);
  EXPECT_EQ(limit.try_take(start + std::chrono::milliseconds(wait_ms)), 0);
  EXPECT_GT(limit.try_take(start + std::chrono::milliseconds(wait_ms)), 0);
}

TEST(rate_limits, after_a_pause_the_whole_burst_is_there_again_and_no_more) {
  rate_limiter limit({10, 5});
  EXPECT_TRUE(limit.is_full(steady_time{1s}));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limit.try_take(steady_time{1s}), 0);
  EXPECT_FALSE(limit.is_full(steady_time{1s + 499ms}));
  EXPECT_TRUE(limit.is_full(steady_time{1s + 500ms}));
  int passed = 0;
  for (int i = 0; i < 20; ++i) passed += limit.try_take(steady_time{1000s}) == 0;
  EXPECT_EQ(passed, 5);
}

TEST(rate_limits, zero_means_no_limit) {
  for (const auto& either : {rate{0, 1}, rate{1, 0}}) {
    rate_limiter limit(either);
    EXPECT_TRUE(limit.unlimited());
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(limit.try_take(steady_time{}), 0);
  }
}

TEST(rate_limits, threads_together_get_no_more_than_the_burst) {
  rate_limiter limit({0.001, 100});
  std::atomic<int> passed{0};
  std::vector<std::thread> threads(4);
  for (auto& thread : threads)
    thread = std::thread([&] {
      for (int i = 0; i < 1'000; ++i) passed += limit.try_take(steady_time{5s}) == 0;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, 100);
}

TEST(credentials, a_password_fits_its_own_hash_only) {
  ASSERT_TRUE(initialise_crypto());
  const password_cost cheap{64 * 1024, 1};
  const auto hash = hash_password("correct horse", cheap);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash.value().starts_with("$argon2id$"));
  EXPECT_TRUE(verify_password(hash.value(), "correct horse"));
  EXPECT_FALSE(verify_password(hash.value(), "correct horsf"));
  EXPECT_FALSE(verify_password("", "correct horse"));
  EXPECT_FALSE(verify_password(unknown_user_hash(cheap), ""));
  EXPECT_FALSE(needs_rehash(hash.value(), cheap));
  EXPECT_TRUE(needs_rehash(hash.value(), {128 * 1024, 2}));
}

TEST(credentials, the_hash_of_no_user_is_made_when_there_is_memory_for_it) {
  ASSERT_TRUE(initialise_crypto());
  const password_cost too_dear{std::uint64_t{1} << 62, 1};
  // Others of this process may have made it before; it is made once and then kept.
  if (const auto made = prepare_unknown_user_hash(too_dear); !made) {
    EXPECT_EQ(made.error().code, error_code::busy);
    EXPECT_TRUE(unknown_user_hash(too_dear).empty());
  }
  ASSERT_TRUE(prepare_unknown_user_hash({64 * 1024, 1}));
  const auto made = unknown_user_hash(too_dear);
  EXPECT_TRUE(made.starts_with("$argon2id$"));
  EXPECT_EQ(made, unknown_user_hash({128 * 1024, 1}));
}

TEST(credentials, tokens_are_long_distinct_and_hashed) {
  ASSERT_TRUE(initialise_crypto());
  const auto token = new_token();
  EXPECT_EQ(token.size(), 43U);
  EXPECT_NE(token, new_token());
  const auto hash = hash_of_token(token);
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash.value(), hash_of_token(token).value());
  EXPECT_EQ(to_hex(hash.value()).size(), 64U);
  EXPECT_EQ(to_hex(hash.value()).find(token), std::string::npos);
  for (const auto& bad :
       {std::string(), std::string("a b"), std::string(513, 'a'), std::string("a\0b", 3), std::string("é")})
    EXPECT_FALSE(hash_of_token(bad));
}

TEST(answers, the_first_call_wins) {
  std::vector<int> seen;
  answer<int> reply([&](result<int> value) { seen.push_back(value.value()); });
  const auto copy = reply;  // NOLINT(performance-unnecessary-copy-initialization): it is about copies
  copy(1);
  reply(2);
  EXPECT_EQ(seen, std::vector<int>{1});
}

TEST(answers, dropped_unanswered_it_says_unavailable_once) {
  std::vector<error_code> seen;
  {
    answer<int> reply([&](result<int> value) { seen.push_back(value.error().code); });
    const auto copy = reply;  // NOLINT(performance-unnecessary-copy-initialization): it is about copies
  }
  EXPECT_EQ(seen, std::vector<error_code>{error_code::unavailable});
}

TEST(metrics_text, counts_and_histograms_appear_with_their_names) {
  metrics counts;
  counts.frames_sent_total.add(3);
  counts.commit_seconds.observe(0.00015);
  counts.commit_seconds.observe(1e9);
  const auto text = to_prometheus(counts);
  EXPECT_NE(text.find("parley_frames_sent_total 3"), std::string::npos);
  EXPECT_NE(text.find("parley_commit_seconds_bucket{le=\"0.0001\"} 0"), std::string::npos);
  EXPECT_NE(text.find("parley_commit_seconds_bucket{le=\"0.0002\"} 1"), std::string::npos);
  EXPECT_NE(text.find("parley_commit_seconds_bucket{le=\"+Inf\"} 2"), std::string::npos);
  EXPECT_NE(text.find("parley_commit_seconds_count 2"), std::string::npos);
}

}  // namespace
}  // namespace parley
