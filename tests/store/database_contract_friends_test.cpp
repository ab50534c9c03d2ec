// Friendships as every store keeps them: the rule book's outcomes stand in the table, and each sees his side.
#include "database_fixture.hpp"

namespace parley::test {
namespace {

using enum friend_status;

class friends_contract : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    ann_ = add_user("ann");
    bob_ = add_user("bob");
  }
  result<friendship_change> change(user_id who, user_id other, friend_action what) {
    std::optional<result<friendship_change>> told;
    (void)try_write([&](record_writer& records) -> result<void> {
      told = records.change_friendship(who, other, what, make.next_time());
      if (told->has_error()) return told->error();
      return {};
    });
    return *told;
  }
  friend_status seen(user_id user, user_id other) {
    const auto found = friend_seen_by(*reader, user, other);
    return found ? found->status : none;
  }
  std::vector<user_id> listed(user_id user, std::optional<friend_status> status = {}) {
    std::vector<user_id> ids;
    for (const auto& item : expect_value(reader->friends(user, status, {})).items) ids.push_back(item.profile.id);
    return ids;
  }

  user_id ann_, bob_;
};

TEST_P(friends_contract, the_table_follows_the_rule_book) {
  const std::vector<friendship> states{{none, none},     {pending, none}, {none, pending}, {accepted, none},
                                       {none, accepted}, {blocked, none}, {none, blocked}, {blocked, blocked}};
  int number = 0;
  for (const auto& state : states) {
    for (const auto what : {friend_action::ask, friend_action::accept, friend_action::decline, friend_action::block,
                            friend_action::unblock, friend_action::remove}) {
      const auto who = add_user("one" + std::to_string(++number));
      const auto other = add_user("two" + std::to_string(number));
      if (state.mine != none) befriend(who, other, std::string(to_string(state.mine)));
      if (state.theirs != none) befriend(other, who, std::string(to_string(state.theirs)));
      const auto expected = act(state, what);
      const auto outcome = change(who, other, what);
      ASSERT_EQ(outcome.has_value(), expected.has_value());
      if (expected.has_error()) {
        EXPECT_EQ(outcome.error().code, expected.error().code);
      } else {
        EXPECT_EQ(outcome->before, state);
        EXPECT_EQ(outcome->after, *expected);
      }
      const auto stands = expected.has_error() ? state : *expected;
      EXPECT_EQ(seen(who, other), stands.seen_by_me());
      EXPECT_EQ(seen(other, who), stands.seen_by_them());
    }
  }
}

TEST_P(friends_contract, each_sees_the_other_with_who_acted_and_since_when) {
  expect_value(change(ann_, bob_, friend_action::ask));
  const auto asked = *friend_seen_by(*reader, bob_, ann_);
  EXPECT_EQ(asked.profile.username, "ann");
  EXPECT_EQ(asked.status, pending);
  EXPECT_EQ(asked.by, ann_);
  expect_value(change(bob_, ann_, friend_action::accept));
  for (const auto& [user, other] : {std::pair(ann_, bob_), std::pair(bob_, ann_)}) {
    const auto item = *friend_seen_by(*reader, user, other);
    EXPECT_EQ(item.profile.id, other);
    EXPECT_EQ(item.status, accepted);
    EXPECT_EQ(item.by, bob_);
    EXPECT_EQ(item.created_at, asked.created_at);
  }
  expect_value(change(ann_, bob_, friend_action::block));
  const auto blocking = *friend_seen_by(*reader, ann_, bob_);
  EXPECT_EQ(blocking.status, blocked);
  EXPECT_EQ(blocking.by, ann_);
  EXPECT_GT(blocking.created_at, asked.created_at);
  EXPECT_FALSE(friend_seen_by(*reader, bob_, ann_));
}

TEST_P(friends_contract, lists_come_by_status_and_in_pages) {
  std::vector<user_id> others;
  for (const auto* name : {"cid", "dan", "eve", "flo", "gus"}) others.push_back(add_user(name));
  befriend(ann_, others[0], "accepted");
  befriend(others[1], ann_, "pending");
  befriend(ann_, others[2], "blocked");
  befriend(others[3], ann_, "blocked");  // not for her to see
  befriend(others[4], ann_, "accepted");
  EXPECT_EQ(listed(ann_), (std::vector{others[0], others[1], others[2], others[4]}));
  EXPECT_EQ(listed(ann_, accepted), (std::vector{others[0], others[4]}));
  EXPECT_EQ(listed(ann_, pending), (std::vector{others[1]}));
  EXPECT_EQ(listed(ann_, blocked), (std::vector{others[2]}));

  const auto first = expect_value(reader->friends(ann_, {}, {{}, 3}));
  ASSERT_EQ(first.items.size(), 3U);
  ASSERT_TRUE(first.next_cursor);
  const auto rest = expect_value(reader->friends(ann_, {}, {first.next_cursor, 3}));
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_EQ(rest.items[0].profile.id, others[4]);
  EXPECT_FALSE(rest.next_cursor);
  EXPECT_EQ(reader->friends(ann_, {}, {"nonsense", 3}).error().code, error_code::bad_request);
}

TEST_P(friends_contract, nobody_can_be_asked_who_is_not_there_or_not_active) {
  EXPECT_EQ(change(ann_, make.make_id<user_id>(), friend_action::ask).error().code, error_code::not_found);
  EXPECT_EQ(change(ann_, make.make_id<user_id>(), friend_action::block).error().code, error_code::not_found);
  set_flag(bob_, "not_active");
  EXPECT_EQ(change(ann_, bob_, friend_action::ask).error().code, error_code::not_found);
  EXPECT_TRUE(change(ann_, bob_, friend_action::block)) << "one may block whom one meets again later";
}

TEST_P(friends_contract, to_ask_who_has_asked_is_to_accept_and_has_the_same_bound) {
  limits_config limits;
  limits.friends_per_user = 1;
  start(limits);
  const auto ann = add_user("ann"), bob = add_user("bob"), cid = add_user("cid");
  expect_value(change(bob, ann, friend_action::ask));
  expect_value(change(ann, bob, friend_action::ask));
  EXPECT_EQ(seen(ann, bob), accepted);
  befriend(cid, ann, "pending");
  EXPECT_EQ(change(ann, cid, friend_action::accept).error().code, error_code::conflict);
  EXPECT_EQ(change(ann, cid, friend_action::ask).error().code, error_code::conflict);
  EXPECT_EQ(seen(ann, cid), pending);
}

TEST_P(friends_contract, while_somebody_blocks_nobody_writes_in_the_private_room) {
  const auto room = add_pair(ann_, bob_);
  expect_value(change(ann_, bob_, friend_action::block));
  expect_refusal(make.send(room, bob_, "please"), error_code::forbidden);
  expect_refusal(make.send(room, ann_, "no"), error_code::forbidden);
  EXPECT_EQ(expect_value(try_create_room(false, bob_, {ann_})).id, room) << "what the two have is not taken away";
  expect_value(change(ann_, bob_, friend_action::unblock));
  append(make.send(room, bob_, "thank you"));
}

TEST_P(friends_contract, nobody_is_invited_by_somebody_whom_he_blocks) {
  const auto cid = add_user("cid"), dan = add_user("dan");
  const auto group = add_group("group", ann_, {bob_});
  for (const auto& [blocks, whom] : {std::pair{cid, ann_}, {ann_, dan}, {bob_, ann_}})
    expect_value(change(blocks, whom, friend_action::block));
  const auto refused = try_append(make.invite(group, ann_, {dan, cid})).error();
  EXPECT_EQ(refused.code, error_code::forbidden);
  EXPECT_EQ(refused.message.find("block"), std::string::npos) << refused.message;
  append(make.invite(group, ann_, {dan, bob_}));
  EXPECT_EQ(expect_value(reader->snapshot(group))->members.size(), 3U) << "bob was there before";
  append(make.invite(group, bob_, {cid}));
}

INSTANTIATE_TEST_SUITE_P(stores, friends_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
