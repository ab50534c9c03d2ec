// What a connection is told of who is on: each change once, except where the server cannot know or may drop.
#include "verify/presence_view.hpp"

#include <gtest/gtest.h>

namespace parley::bench::presence_view_test {
namespace {

constexpr int alice = 1, bob = 2;
constexpr double late = 1 + presence_view::answer_settles_seconds + 0.1;  ///< Behind an answer at 1.

TEST(verify_presence_view, takes_changes_that_follow_each_other) {
  presence_view view;
  view.answered(alice, false, 1);
  EXPECT_FALSE(view.told(alice, true, "a", 2));
  EXPECT_FALSE(view.told(alice, false, "b", late));
  EXPECT_FALSE(view.told(alice, true, "c", late + 1));
}

TEST(verify_presence_view, sees_what_is_told_twice) {
  for (const bool is_on : {true, false}) {
    presence_view view;
    view.answered(alice, !is_on, 1);
    EXPECT_FALSE(view.told(alice, is_on, "a", late));
    EXPECT_TRUE(view.told(alice, is_on, "a", late + 1)) << "the same change";
    EXPECT_TRUE(view.told(alice, is_on, "b", late + 2)) << "two deaths of one user";
  }
}

TEST(verify_presence_view, sees_a_repeat_of_an_answer_long_after_it) {
  presence_view view;
  view.answered(alice, true, 1);
  const auto wrong = view.told(alice, true, "a", late);
  ASSERT_TRUE(wrong);
  EXPECT_NE(wrong->find("the answer to watch_presence"), std::string::npos) << *wrong;
}

TEST(verify_presence_view, takes_one_repeat_of_each_user_that_crossed_the_answer) {
  presence_view view;
  view.answered(alice, true, 1);
  view.answered(bob, false, 1);
  EXPECT_FALSE(view.told(alice, true, "a", 1.1));
  EXPECT_TRUE(view.told(alice, true, "a", 1.2)) << "the second one";
  EXPECT_FALSE(view.told(bob, true, "b", 1.2)) << "younger than the answer";
  EXPECT_FALSE(view.told(bob, true, "b", 1.3)) << "and told again, since it may have come before it";
  EXPECT_TRUE(view.told(bob, true, "b", 1.4));
}

TEST(verify_presence_view, takes_what_comes_before_the_answer) {
  presence_view view;
  EXPECT_FALSE(view.told(alice, false, "a", 0.9));
  view.answered(alice, false, 1);
  EXPECT_FALSE(view.told(alice, true, "b", 2));
}

TEST(verify_presence_view, a_change_between_two_alike_may_have_been_dropped_under_load) {
  presence_view view;
  view.answered(alice, false, 1);
  EXPECT_FALSE(view.told(alice, true, "a", late));
  view.may_have_missed();
  EXPECT_FALSE(view.told(alice, true, "b", late + 1));
  EXPECT_TRUE(view.told(alice, true, "c", late + 2)) << "nothing was dropped since";
}

TEST(verify_presence_view, the_same_change_twice_is_no_matter_of_load) {
  presence_view view;
  EXPECT_FALSE(view.told(alice, true, "a", late));
  view.may_have_missed();
  EXPECT_TRUE(view.told(alice, true, "a", late + 1));
}

TEST(verify_presence_view, agrees_with_what_it_was_told_last) {
  presence_view view;
  EXPECT_FALSE(view.agrees(alice, true));
  EXPECT_FALSE(view.agrees(alice, false)) << "it was told nothing";
  view.answered(alice, true, 1);
  EXPECT_TRUE(view.agrees(alice, true));
  EXPECT_FALSE(view.agrees(alice, false));
  (void)view.told(alice, false, "a", 2);
  EXPECT_TRUE(view.agrees(alice, false));
  EXPECT_FALSE(view.agrees(alice, true));
}

TEST(verify_presence_view, may_have_missed_who_came_on_but_must_know_who_went_off) {
  presence_view view;
  view.answered(alice, false, 1);
  view.answered(bob, true, 1);
  view.may_have_missed();
  EXPECT_TRUE(view.agrees(alice, true));
  EXPECT_FALSE(view.agrees(bob, false));
}

}  // namespace
}  // namespace parley::bench::presence_view_test
