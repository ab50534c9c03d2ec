// Reads against a store that changes while it is read: nobody gets what was written after he had to go.
#include "actors/queries.hpp"

#include <gtest/gtest.h>

#include "empty_database.hpp"
#include "fakes.hpp"

namespace parley::testing {
namespace {

/// Ann's room, from which she is removed at the moment when it is read.
class shifting_reader final : public empty_reader {
 public:
  result<bool> is_member(user_id, room_id) override { return member; }
  result<std::vector<history_item>> history(room_id, std::optional<sequence>, std::optional<sequence>,
                                            std::uint32_t) override {
    return read(history_item{});
  }
  result<std::vector<durable_event>> events_after(room_id, sequence, std::uint32_t) override {
    return read(durable_event{});
  }
  result<page<room_member>> members(room_id, const page_request&) override {
    return page<room_member>{*read(room_member{}), {}};
  }
  result<std::vector<token_item>> tokens_of(user_id) override { return tokens; }
  std::vector<token_item> tokens;
  bool member = true, goes_meanwhile = false;
  int reads = 0;

 private:
  template <class T>
  result<std::vector<T>> read(T item) {
    ++reads;
    if (goes_meanwhile) member = false;
    return std::vector<T>{std::move(item)};
  }
};

class Queries : public ::testing::Test {
 protected:
  std::string code_of(const auto& outcome) { return outcome ? "none" : std::string(to_string(outcome.error().code)); }
  std::vector<std::string> all() {
    return {code_of(answer_query(store_, get_history{who_, room_, {}, {}, 50})),
            code_of(answer_query(store_, get_events{who_, room_, 0, 50})),
            code_of(answer_query(store_, list_members{who_, room_, {}})),
            code_of(events_for(store_, who_.user.id, room_, 0, 50))};
  }
  static std::vector<std::string> four_times(const std::string& code) { return {code, code, code, code}; }

  shifting_reader store_;
  principal who_{{id_of<user_id>(1), "ann", "Ann", {}, role::user}, {}, {}, nullptr, nullptr};
  room_id room_ = id_of<room_id>(2);
};

TEST_F(Queries, ALogInThatHasEndedIsNotListed) {
  const timestamp now{std::chrono::hours(1)};
  store_.tokens.resize(3);
  store_.tokens[0].expires_at = now + std::chrono::milliseconds(1);
  store_.tokens[1].expires_at = now;
  store_.tokens[2].expires_at = now - std::chrono::hours(1);
  const auto listed = answer_query(store_, list_own_tokens{who_}, now);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().expires_at, store_.tokens[0].expires_at);
}

TEST_F(Queries, MembersReadAndStrangersCostNoReading) {
  EXPECT_EQ(all(), four_times("none"));
  EXPECT_EQ(store_.reads, 4);
  store_.member = false;
  EXPECT_EQ(all(), four_times("not_found"));
  EXPECT_EQ(store_.reads, 4);
}

TEST_F(Queries, WhoIsRemovedWhileItIsReadGetsNothing) {
  store_.goes_meanwhile = true;
  EXPECT_EQ(code_of(answer_query(store_, get_history{who_, room_, {}, {}, 50})), "not_found");
  store_.member = true;
  EXPECT_EQ(code_of(answer_query(store_, get_events{who_, room_, 0, 50})), "not_found");
  store_.member = true;
  EXPECT_EQ(code_of(answer_query(store_, list_members{who_, room_, {}})), "not_found");
  store_.member = true;
  EXPECT_EQ(code_of(events_for(store_, who_.user.id, room_, 0, 50)), "not_found");
}

}  // namespace
}  // namespace parley::testing
