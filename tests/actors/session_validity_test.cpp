// When a session that another node has read may be believed.
#include "actors/session_validity.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

class session_validity_test : public ::testing::Test {
 protected:
  static control_positions at(sequence seq) {
    control_positions all;
    all.fill(seq);
    return all;
  }
  [[nodiscard]] bool believes(sequence as_of) const {
    cached_session session;
    session.user.id = ann_;
    session.as_of = as_of;
    return validity_.believes(session);
  }

  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
  session_validity validity_{3};
};

TEST_F(session_validity_test, nothing_is_believed_before_the_log_was_read) {
  EXPECT_FALSE(believes(0));
  EXPECT_FALSE(validity_.reached());
}

TEST_F(session_validity_test, what_was_read_while_this_node_follows_the_log_is_believed) {
  validity_.reach(at(10));
  EXPECT_FALSE(believes(9)) << "what was said between the two, nobody here has heard";
  EXPECT_TRUE(believes(10));
  validity_.reach(at(20));
  EXPECT_TRUE(believes(10));
  EXPECT_TRUE(believes(20));
  EXPECT_FALSE(believes(21)) << "of a node that is ahead, or of a store that was set back";
}

TEST_F(session_validity_test, a_change_of_the_user_ends_what_was_read_before_it) {
  validity_.reach(at(10));
  validity_.changed(ann_, at(12));
  validity_.reach(at(12));
  EXPECT_FALSE(believes(11));
  EXPECT_TRUE(believes(12));
  validity_.changed(bob_, at(15));
  validity_.reach(at(15));
  EXPECT_TRUE(believes(12)) << "of another user";
}

TEST_F(session_validity_test, a_change_made_here_counts_before_it_is_read_in_the_log) {
  validity_.reach(at(10));
  validity_.changed_here(ann_);
  EXPECT_FALSE(believes(10));
  validity_.reach(at(12));
  EXPECT_FALSE(believes(12)) << "that reading may have begun before";
  validity_.reach(at(13));
  validity_.changed(ann_, at(13));
  validity_.reach(at(13));
  EXPECT_FALSE(believes(12));
  EXPECT_TRUE(believes(13));
}

TEST_F(session_validity_test, when_more_have_changed_than_it_keeps_it_begins_anew) {
  validity_.reach(at(10));
  for (std::uint8_t i = 2; i < 6; ++i) validity_.changed(id_of<user_id>(i), at(11));
  validity_.reach(at(11));
  EXPECT_FALSE(believes(10)) << "who has changed is not known any more";
}

TEST_F(session_validity_test, when_part_of_the_log_was_missed_nothing_from_before_is_believed) {
  validity_.reach(at(10));
  validity_.start_anew();
  EXPECT_FALSE(believes(10));
  validity_.reach(at(11));
  EXPECT_TRUE(believes(11));
}

}  // namespace
}  // namespace parley::testing
