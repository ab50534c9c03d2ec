// The append plan's rules for membership and names, and which facts a batch asks for.
#include "append_plan_fixture.hpp"

namespace parley::test {
namespace {

// --- Membership ---

TEST_F(append_plan_test, any_member_invites_and_each_newcomer_gets_an_event) {
  const auto command = make.invite(group, bob, {cid, mod});
  const auto outcome = take(command);
  ASSERT_FALSE(outcome.has_error());
  ASSERT_EQ(outcome->events.size(), 2U);
  EXPECT_EQ(outcome->events[0].seq, 11);
  EXPECT_EQ(outcome->events[1].seq, 12);
  const auto& joined = std::get<member_joined>(outcome->events[1].body);
  EXPECT_EQ(joined.user, mod);
  EXPECT_EQ(joined.by, bob);
  EXPECT_EQ(joined.reason, join_reason::invited);
  const auto memberships = writes_of<insert_membership>();
  ASSERT_EQ(memberships.size(), 2U);
  EXPECT_EQ(memberships[1].id, command.membership_ids[1]);
  EXPECT_EQ(memberships[1].who, (membership_key{group, mod}));
  EXPECT_EQ(memberships[1].seq, 12);
  EXPECT_EQ(memberships[1].joined_at, command.at);
}

TEST_F(append_plan_test, members_and_repetitions_are_skipped_without_an_event) {
  const auto command = make.invite(group, ann, {bob, cid, ann, cid});
  const auto outcome = take(command);
  ASSERT_FALSE(outcome.has_error());
  ASSERT_EQ(outcome->events.size(), 1U);
  EXPECT_EQ(writes_of<insert_membership>()[0].id, command.membership_ids[1]) << "each user keeps their own id";
  const auto nobody = take(make.invite(group, ann, {bob, cid}));
  ASSERT_FALSE(nobody.has_error());
  EXPECT_TRUE(nobody->events.empty());
}

TEST_F(append_plan_test, who_was_invited_in_this_batch_may_write_and_who_was_removed_may_not) {
  expect_refusal(make.send(group, cid, "hi"), error_code::not_found);
  take(make.invite(group, ann, {cid}));
  EXPECT_EQ(accept(make.send(group, cid, "hi")).seq, 12);
  EXPECT_EQ(accept(make.remove(group, ann, cid)).seq, 13);
  expect_refusal(make.send(group, cid, "hi"), error_code::not_found);
  take(make.invite(group, ann, {cid}));
  EXPECT_EQ(accept(make.send(group, cid, "again")).seq, 15);
}

TEST_F(append_plan_test, an_invitation_with_one_unknown_or_inactive_user_invites_nobody) {
  facts.accounts[mod].flag = account_flag::suspended;
  expect_refusal(make.invite(group, ann, {cid, make.make_id<user_id>()}), error_code::not_found);
  expect_refusal(make.invite(group, ann, {cid, mod}), error_code::not_found);
  EXPECT_FALSE(facts.members.contains({group, cid}));
}

TEST_F(append_plan_test, nobody_is_invited_into_a_private_room) {
  expect_refusal(make.invite(pair, ann, {cid}), error_code::conflict);
}

TEST_F(append_plan_test, a_full_room_takes_nobody_until_somebody_leaves) {
  limits.room_members = 3;
  expect_refusal(make.invite(group, ann, {cid, mod}), error_code::conflict);
  accept(make.invite(group, ann, {cid}));
  expect_refusal(make.invite(group, ann, {mod}), error_code::conflict);
  accept(make.remove(group, cid, cid));
  accept(make.invite(group, ann, {mod}));
}

TEST_F(append_plan_test, a_user_with_too_many_rooms_is_not_invited) {
  limits.rooms_per_user = 5;
  facts.accounts[cid].rooms = 5;
  facts.accounts[mod].rooms = 4;
  expect_refusal(make.invite(group, ann, {cid}), error_code::conflict);
  accept(make.invite(group, ann, {mod}));
}

TEST_F(append_plan_test, an_invitation_without_ids_is_our_own_fault) {
  auto command = make.invite(group, ann, {cid, mod});
  command.membership_ids.pop_back();
  expect_refusal(command, error_code::internal);
}

TEST_F(append_plan_test, leaving_is_for_everybody) {
  const auto event = accept(make.remove(group, bob, bob));
  const auto& left = std::get<member_left>(event.body);
  EXPECT_EQ(left.user, bob);
  EXPECT_EQ(left.by, bob);
  EXPECT_EQ(left.reason, leave_reason::left);
  ASSERT_EQ(writes_of<delete_membership>().size(), 1U);
  EXPECT_EQ(writes_of<log_row>()[0].type, log_row::kind::member_left);
  expect_refusal(make.remove(group, bob, bob), error_code::not_found);
}

TEST_F(append_plan_test, removing_is_for_the_creator_and_moderators) {
  take(make.invite(group, ann, {cid}));
  expect_refusal(make.remove(group, bob, cid), error_code::forbidden);
  expect_refusal(make.remove(group, bob, ann), error_code::forbidden);
  const auto event = accept(make.remove(group, ann, bob));
  const auto& left = std::get<member_left>(event.body);
  EXPECT_EQ(left.by, ann);
  EXPECT_EQ(left.reason, leave_reason::removed);
  EXPECT_EQ(writes_of<log_row>().back().type, log_row::kind::member_removed);
  accept(make.remove(group, mod, cid));
  accept(make.remove(group, mod, ann));
}

TEST_F(append_plan_test, a_creator_who_has_left_removes_nobody) {
  accept(make.remove(group, ann, ann));
  expect_refusal(make.remove(group, ann, bob), error_code::not_found);
}

TEST_F(append_plan_test, removing_who_is_no_member_is_not_found) {
  expect_refusal(make.remove(group, ann, cid), error_code::not_found);
  expect_refusal(make.remove(group, mod, mod), error_code::not_found);
}

TEST_F(append_plan_test, private_rooms_are_neither_left_nor_renamed) {
  expect_refusal(make.remove(pair, ann, ann), error_code::conflict);
  expect_refusal(make.remove(pair, ann, bob), error_code::conflict);
  expect_refusal(make.rename(pair, ann, "us"), error_code::conflict);
}

// --- Renaming ---

TEST_F(append_plan_test, renaming_is_for_the_creator_and_moderators_who_are_members) {
  expect_refusal(make.rename(group, bob, "bobs"), error_code::forbidden);
  expect_refusal(make.rename(group, mod, "mods"), error_code::not_found);
  expect_refusal(make.rename(group, ann, ""), error_code::bad_request);
  const auto event = accept(make.rename(group, ann, "ours"));
  EXPECT_EQ(std::get<room_renamed>(event.body).name, "ours");
  EXPECT_EQ(std::get<room_renamed>(event.body).by, ann);
  EXPECT_EQ(writes_of<log_row>()[0].text, "ours");
  facts.accounts[bob].user_role = role::moderator;
  EXPECT_EQ(accept(make.rename(group, bob, "bobs")).seq, 12);
}

// --- What is needed ---

TEST(append_needs_test, everything_is_asked_for_once_and_in_order) {
  command_builder make;
  const auto ann = make.make_id<user_id>();
  const auto bob = make.make_id<user_id>();
  const auto first = make.make_id<room_id>();
  const auto second = make.make_id<room_id>();
  const auto message = make.make_id<message_id>();
  const std::vector<append_command> commands{
      make.send(second, ann, "x", "k"),     make.send(first, ann, "x"),           make.send(second, bob, "x"),
      make.react(first, ann, message, "👍"), make.react(first, ann, message, "👍"), make.invite(first, ann, {bob}),
      make.remove(second, ann, bob),
  };
  append_needs needs;
  needs.collect(commands);
  EXPECT_EQ(needs.rooms, (std::vector{first, second})) << "rooms are locked in the order of their ids";
  EXPECT_EQ(needs.accounts, (std::vector{ann, bob}));
  EXPECT_EQ(needs.memberships, (std::vector<membership_key>{{first, ann}, {first, bob}, {second, ann}, {second, bob}}));
  EXPECT_EQ(needs.messages, (std::vector{message}));
  EXPECT_EQ(needs.reactions.size(), 1U);
  EXPECT_EQ(needs.counted_rooms, (std::vector{first, second})) << "for who comes, and for the last who leaves";
  EXPECT_EQ(needs.counted_accounts, (std::vector{bob}));
  EXPECT_EQ(needs.sends, (std::vector<const append_command*>{&commands[0], &commands[1], &commands[2]}));
  needs.clear();
  needs.collect({});
  EXPECT_TRUE(needs.rooms.empty() && needs.sends.empty() && needs.memberships.empty());
}

TEST_F(append_plan_test, what_is_done_to_others_things_is_kept_and_what_one_does_to_ones_own_is_not) {
  accept(make.erase(group, mod, stored_message(group, bob)));
  accept(make.remove(group, mod, bob));
  facts.members.insert({group, mod});
  accept(make.rename(group, mod, "new"));
  const auto kept = writes_of<audit_record>();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].action, audit_action::message_deleted);
  EXPECT_EQ(kept[0].user, bob);
  EXPECT_EQ(kept[1].action, audit_action::member_removed);
  EXPECT_EQ(kept[2].action, audit_action::room_renamed);
  for (const auto& record : kept) {
    EXPECT_EQ(record.actor, mod);
    EXPECT_EQ(record.room, group);
  }
  accept(make.erase(group, ann, stored_message(group, ann)));
  accept(make.rename(group, ann, "newer"));
  accept(make.remove(group, ann, ann));
  EXPECT_EQ(writes_of<audit_record>().size(), 3U);
}

}  // namespace
}  // namespace parley::test
