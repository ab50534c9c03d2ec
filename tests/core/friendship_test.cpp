// The rule book of friendships: every state and every action, from both sides.
#include "parley/friendship.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace parley {
namespace {

using enum friend_status;
using enum friend_action;

/// Every pair of rows that may stand, from the acting person's side.
const std::vector<friendship> all_states{{none, none},     {pending, none}, {none, pending}, {accepted, none},
                                         {none, accepted}, {blocked, none}, {none, blocked}, {blocked, blocked}};
const std::vector<friend_action> all_actions{ask, accept, decline, block, unblock, remove};

std::string told(const result<friendship>& outcome) {
  if (!outcome) return std::string(to_string(outcome.error().code));
  return std::string(to_string(outcome->mine)) + "/" + std::string(to_string(outcome->theirs));
}

TEST(Friendship, EveryActionInEveryState) {
  const std::map<friend_action, std::vector<std::string>> expected{
      {ask,
       {"pending/none", "pending/none", "none/accepted", "accepted/none", "none/accepted", "conflict", "forbidden",
        "conflict"}},
      {accept,
       {"not_found", "not_found", "none/accepted", "accepted/none", "none/accepted", "not_found", "not_found",
        "not_found"}},
      {decline,
       {"not_found", "not_found", "none/none", "not_found", "not_found", "not_found", "not_found", "not_found"}},
      {block,
       {"blocked/none", "blocked/none", "blocked/none", "blocked/none", "blocked/none", "blocked/none",
        "blocked/blocked", "blocked/blocked"}},
      {unblock,
       {"not_found", "not_found", "not_found", "not_found", "not_found", "none/none", "not_found", "none/blocked"}},
      {remove,
       {"not_found", "none/none", "none/none", "none/none", "none/none", "not_found", "not_found", "not_found"}}};
  for (const auto what : all_actions) {
    for (std::size_t i = 0; i < all_states.size(); ++i) {
      EXPECT_EQ(told(act(all_states[i], what)), expected.at(what)[i])
          << static_cast<int>(what) << " on " << told(all_states[i]);
    }
  }
}

TEST(Friendship, BothSeeTheSameExceptABlock) {
  for (const auto& state : all_states) {
    const friendship from_there{state.theirs, state.mine};
    EXPECT_EQ(state.seen_by_them(), from_there.seen_by_me());
    if (state.mine == blocked) {
      EXPECT_EQ(state.seen_by_me(), blocked);
      EXPECT_EQ(state.seen_by_them(), state.theirs == blocked ? blocked : none);
    } else if (state.theirs != blocked) {
      EXPECT_EQ(state.seen_by_me(), state.seen_by_them());
    }
  }
}

/// Whoever is blocked learns it from no answer but that of asking.
TEST(Friendship, ABlockLooksLikeNothingToTheOneBlocked) {
  for (const auto what : {accept, decline, unblock, remove}) {
    EXPECT_EQ(told(act({none, blocked}, what)), told(act({none, none}, what)));
    EXPECT_EQ(act({none, blocked}, what).error().message, act({none, none}, what).error().message);
  }
}

TEST(Friendship, NoActionLeadsToAStateThatMayNotStand) {
  for (const auto& state : all_states) {
    for (const auto what : all_actions) {
      const auto next = act(state, what);
      if (next) {
        EXPECT_NE(std::find(all_states.begin(), all_states.end(), *next), all_states.end()) << told(next);
      }
    }
  }
}

TEST(Friendship, StatusesHaveTheTablesWords) {
  for (const auto status : {none, pending, accepted, blocked})
    EXPECT_EQ(parse_friend_status(to_string(status)), status);
  EXPECT_FALSE(parse_friend_status("friends"));
}

}  // namespace
}  // namespace parley
