// The checker must see each way of breaking a promise; one that sees nothing proves nothing.
#include "support/checker.hpp"

#include <gtest/gtest.h>

namespace parley::support {
namespace {

/// A sound run of three messages: one sender, one receiver with everything.
checker sound_run() {
  checker c;
  c.connected("r", 0);
  for (int i = 1; i <= 3; ++i) {
    const auto key = "k" + std::to_string(i);
    const auto message = "m" + std::to_string(i);
    c.attempted(key);
    c.acknowledged(key, message, i);
    c.seen("r", i, message);
    c.stored(i, message, key);
  }
  c.complete("r");
  return c;
}

TEST(checker, passes_a_sound_run) {
  const auto v = sound_run().check();
  EXPECT_TRUE(v.kept()) << to_string(v);
  EXPECT_EQ(v.attempted, 3U);
  EXPECT_EQ(v.acknowledged, 3U);
}

TEST(checker, sees_an_acknowledged_message_that_is_not_stored) {
  auto c = sound_run();
  c.acknowledged("k4", "m4", 4);
  EXPECT_EQ(c.check().lost, 1U);
}

TEST(checker, sees_an_acknowledgement_that_names_another_seq) {
  auto c = sound_run();
  c.acknowledged("k1", "m1", 2);
  EXPECT_EQ(c.check().lost, 1U);
}

TEST(checker, sees_a_key_that_is_stored_twice) {
  auto c = sound_run();
  c.stored(4, "m4", "k1");
  EXPECT_EQ(c.check().duplicated, 1U);
}

TEST(checker, sees_a_repeat_on_one_connection_but_allows_it_after_a_resume) {
  auto c = sound_run();
  c.connected("r", 1);
  c.seen("r", 2, "m2");
  c.seen("r", 3, "m3");
  EXPECT_TRUE(c.check().kept());
  c.seen("r", 3, "m3");
  EXPECT_EQ(c.check().duplicated, 1U);
}

TEST(checker, sees_a_seq_going_backwards) {
  auto c = sound_run();
  c.seen("r", 1, "m1");
  EXPECT_EQ(c.check().reordered, 1U);
}

TEST(checker, sees_a_skip_and_a_hole_in_the_log) {
  auto c = sound_run();
  c.stored(5, "m5", "k5");
  EXPECT_EQ(c.check().holes, 1U);
  c.seen("r", 5, "m5");
  EXPECT_EQ(c.check().holes, 2U);
}

TEST(checker, sees_an_event_that_is_not_stored_and_one_with_another_message) {
  auto c = sound_run();
  c.seen("r", 4, "m4");
  EXPECT_EQ(c.check().seen_not_stored, 1U);
  c.connected("s", 0);
  c.seen("s", 1, "other");
  EXPECT_EQ(c.check().reordered, 1U);
}

TEST(checker, sees_what_a_complete_receiver_missed) {
  auto c = sound_run();
  c.connected("late", 1);
  c.seen("late", 2, "m2");
  c.complete("late");
  EXPECT_EQ(c.check().missed, 1U);
}

}  // namespace
}  // namespace parley::support
