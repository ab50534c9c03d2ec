// What is shown of a violation: little, and what led to it.
#include "verify/history.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace parley::bench::history_test {
namespace {

history_entry entry(double at, int client, int room, std::int64_t seq, const std::string& text) {
  return {at, {client, 1, 0}, room, seq, '<', std::make_shared<const std::string>(text)};
}

TEST(verify_history, shows_the_last_frames_of_that_client_and_room_the_fault_and_who_else_had_the_seq) {
  history log;
  log.add(entry(0.5, -1, -1, 0, "fault 1"));
  for (int i = 1; i <= 100; ++i) {
    log.add(entry(i, 1, 0, i, fmt::format("one {}", i)));
    log.add(entry(i, 1, 1, i, "another room"));
    log.add(entry(i, 2, 0, i, fmt::format("two {}", i)));
  }
  const auto shown = log.excerpt({broken::hole, {1, 1, 0}, 0, 50, 50, "a hole"});
  const auto has = [&](const std::string& text) {
    return std::any_of(shown.begin(), shown.end(), [&](const auto& e) { return *e.text == text; });
  };
  EXPECT_TRUE(has("fault 1"));
  EXPECT_TRUE(has("one 50"));
  EXPECT_TRUE(has("one 49"));
  EXPECT_TRUE(has("two 50"));
  EXPECT_FALSE(has("another room"));
  EXPECT_FALSE(has("two 49"));
  EXPECT_LT(shown.size(), 20U);
  EXPECT_TRUE(std::is_sorted(shown.begin(), shown.end(), [](const auto& a, const auto& b) { return a.at < b.at; }));
}

TEST(verify_history, shows_of_untrue_presence_what_names_that_user) {
  history log;
  log.add(entry(1, 1, -1, 0, "alice is on"));
  log.add(entry(2, 2, -1, 0, "alice is on, elsewhere"));
  for (int i = 3; i <= 100; ++i) log.add(entry(i, 1, i % 2 - 1, 0, "bob or a room"));
  const auto shown = log.excerpt({broken::untrue, {1, 1, 0}, -1, 0, 101, "alice was not on", "alice"});
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(*shown.front().text, "alice is on");
  EXPECT_EQ(log.excerpt({broken::untrue, {}, -1, 0, 101, "a node tells", "alice"}).size(), 2U);
}

TEST(verify_history, forgets_the_oldest) {
  history log(2);
  for (int i = 1; i <= 3; ++i) log.add(entry(i, 1, 0, i, fmt::format("{}", i)));
  const auto shown = log.excerpt({broken::hole, {1, 1, 0}, 0, 1, 3, "a hole"});
  EXPECT_EQ(shown.size(), 2U);
}

TEST(verify_history, keeps_equal_texts_once) {
  history log;
  EXPECT_EQ(log.intern("same").get(), log.intern(std::string("same")).get());
}

TEST(verify_findings, count_more_than_they_list) {
  findings found;
  for (int i = 0; i < 2'000; ++i) found.add({broken::lost, {}, 0, i, 0, "lost"});
  found.add({broken::hole, {}, 0, 1, 0, "hole"}, 5);
  EXPECT_EQ(found.count(broken::lost), 2'000U);
  EXPECT_EQ(found.total(), 2'005U);
  EXPECT_LT(found.list().size(), 2'000U);
}

}  // namespace
}  // namespace parley::bench::history_test
