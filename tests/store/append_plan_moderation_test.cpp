// The append plan's rules for bans, mutes and slow mode.
#include "append_plan_fixture.hpp"

namespace parley::test {
namespace {

using std::chrono::seconds;

/// As append_plan_test; `root` is an admin, `boss` another moderator.
class append_plan_moderation_test : public append_plan_test {
 protected:
  append_plan_moderation_test() {
    facts.accounts[root] = {"Root", role::admin, account_flag::active, 0};
    facts.accounts[boss] = {"Boss", role::moderator, account_flag::active, 0};
  }
  append_command ban(user_id actor, user_id user, bool with_messages = false) {
    return make.command(group, actor, ban_member{user, "a reason", with_messages});
  }
  /// Of another message of bob's, with that ban of him.
  append_command with(user_id actor, const append_command& ban) {
    return make.command(
        group, actor, delete_message{stored_message(group, bob), delete_message::removal{bob, removal_id(ban.new_id)}});
  }
  append_command lift(user_id actor, user_id user) { return make.command(group, actor, lift_ban{user}); }
  append_command mute(user_id actor, user_id user, std::int64_t length) {
    return make.command(group, actor, mute_member{user, length, std::nullopt});
  }
  append_command slow(user_id actor, std::int64_t pause) { return make.command(group, actor, set_slow_mode{pause}); }
  /// Accepted without an event.
  void accept_quietly(append_command command) {
    const auto outcome = take(std::move(command));
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_TRUE(outcome->events.empty());
    EXPECT_FALSE(outcome->duplicate);
  }
  void expect_unchanged(append_command command) {
    const auto writes = plan.writes().size();
    const auto outcome = take(std::move(command));
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_TRUE(outcome->duplicate);
    EXPECT_TRUE(outcome->events.empty());
    EXPECT_EQ(plan.writes().size(), writes);
  }
  std::vector<audit_action> audited() const {
    std::vector<audit_action> actions;
    for (const auto& record : writes_of<audit_record>()) actions.push_back(record.action);
    return actions;
  }

  user_id root = make.make_id<user_id>(), boss = make.make_id<user_id>();
};

// --- Bans ---

TEST_F(append_plan_moderation_test, a_ban_takes_a_member_out_and_keeps_him_out) {
  const auto event = accept(ban(ann, bob));
  EXPECT_EQ(std::get<member_left>(event.body).user, bob);
  EXPECT_EQ(std::get<member_left>(event.body).reason, leave_reason::removed);
  EXPECT_EQ(writes_of<put_ban>().size(), 1U);
  EXPECT_EQ(writes_of<delete_membership>().size(), 1U);
  EXPECT_EQ(audited(), std::vector{audit_action::member_banned}) << "once, not as a removal too";
  expect_refusal(make.send(group, bob, "hi"), error_code::not_found);
  expect_refusal(make.invite(group, ann, {bob}), error_code::forbidden);
  expect_refusal(make.invite(group, ann, {cid, bob}), error_code::forbidden);
  EXPECT_FALSE(facts.members.contains({group, cid})) << "nobody comes in beside him";
  accept_quietly(lift(ann, bob));
  accept(make.invite(group, ann, {bob}));
}

TEST_F(append_plan_moderation_test, a_stranger_is_banned_without_an_event) {
  accept_quietly(ban(ann, cid));
  EXPECT_EQ(facts.rooms[group].last_seq, 10);
  expect_refusal(make.invite(group, bob, {cid}), error_code::forbidden);
}

TEST_F(append_plan_moderation_test, banning_again_changes_nothing_but_may_begin_the_removal) {
  accept(ban(ann, bob));
  expect_unchanged(ban(ann, bob));
  accept_quietly(ban(ann, bob, true));
  const auto written = writes_of<put_ban>();
  ASSERT_EQ(written.size(), 2U);
  EXPECT_TRUE(std::get<ban_member>(written[1].command->command).remove_messages);
  expect_unchanged(ban(ann, bob, true));
}

TEST_F(append_plan_moderation_test, a_ban_that_is_not_there_cannot_be_lifted) {
  expect_refusal(lift(ann, bob), error_code::not_found);
}

TEST_F(append_plan_moderation_test, the_last_member_who_is_banned_closes_the_room) {
  accept(make.remove(group, ann, ann));
  accept(ban(mod, bob));
  EXPECT_EQ(writes_of<close_empty_room>().size(), 1U);
  expect_refusal(ban(mod, ann), error_code::not_found);  // nobody has anything to do in a closed room
}

TEST_F(append_plan_moderation_test, who_may_ban_and_mute_whom) {
  for (const auto& make_one : {std::function([&](user_id by, user_id whom) { return ban(by, whom); }),
                               std::function([&](user_id by, user_id whom) { return mute(by, whom, 60); })}) {
    expect_refusal(make_one(bob, ann), error_code::forbidden);
    expect_refusal(make_one(bob, cid), error_code::forbidden);
    expect_refusal(make_one(cid, bob), error_code::not_found);
    expect_refusal(make_one(ann, mod), error_code::forbidden);
    expect_refusal(make_one(ann, root), error_code::forbidden);
    expect_refusal(make_one(mod, boss), error_code::forbidden);
    expect_refusal(make_one(mod, root), error_code::forbidden);
    expect_refusal(make_one(ann, ann), error_code::bad_request);
    expect_refusal(make_one(ann, make.make_id<user_id>()), error_code::not_found);
    EXPECT_TRUE(take(make_one(root, boss)).has_value());
    EXPECT_TRUE(take(make_one(mod, ann)).has_value()) << "its creator too, by a moderator from outside";
    facts.members.insert({group, ann});
  }
}

TEST_F(append_plan_moderation_test, private_rooms_know_no_moderation) {
  for (const durable_command& what : {durable_command(ban_member{bob, {}, false}), durable_command(lift_ban{bob}),
                                      durable_command(mute_member{bob, 60, {}}), durable_command(set_slow_mode{5})}) {
    expect_refusal(make.command(pair, ann, what), error_code::conflict);
    expect_refusal(make.command(pair, mod, what), error_code::conflict);
    expect_refusal(make.command(pair, cid, what), error_code::not_found);
  }
}

TEST_F(append_plan_moderation_test, a_bans_deletions_are_allowed_whatever_became_of_the_moderator) {
  const auto command = ban(mod, bob, true);
  accept(command);
  facts.accounts[mod].flag = account_flag::suspended;
  facts.accounts[mod].user_role = role::user;
  accept(with(mod, command));
  EXPECT_EQ(audited(), std::vector{audit_action::member_banned}) << "the ban stands for them all";
  accept_quietly(lift(ann, bob));
  expect_refusal(with(mod, command), error_code::not_found);
  const auto other = stored_message(group, bob);
  expect_refusal(make.erase(group, mod, other), error_code::unauthenticated);
}

TEST_F(append_plan_moderation_test, a_ban_put_anew_is_not_the_one_that_was_lifted) {
  const auto first = ban(mod, bob, true);
  accept(first);
  accept_quietly(lift(ann, bob));
  accept_quietly(ban(mod, bob));
  expect_refusal(with(mod, first), error_code::not_found);
  const auto second = ban(mod, bob, true);
  accept_quietly(second);
  expect_refusal(with(mod, first), error_code::not_found);
  accept(with(mod, second));
  expect_unchanged(ban(ann, bob, true));
  accept(with(mod, second));
}

// --- Mutes ---

TEST_F(append_plan_moderation_test, who_is_muted_neither_sends_nor_edits_nor_reacts) {
  const auto own = stored_message(group, bob);
  accept(make.react(group, bob, own, "x"));
  const auto command = mute(ann, bob, 60);
  const auto event = accept(command);
  EXPECT_EQ(std::get<member_muted>(event.body).user, bob);
  EXPECT_EQ(std::get<member_muted>(event.body).until, command.at + seconds(60));
  expect_refusal(make.send(group, bob, "hi"), error_code::forbidden);
  expect_refusal(make.edit(group, bob, own, "hi"), error_code::forbidden);
  expect_refusal(make.react(group, bob, own, "y"), error_code::forbidden);
  accept(make.react(group, bob, own, "x", reaction_action::remove));
  accept(make.erase(group, bob, own));
  accept(make.send(group, ann, "others may"));
  EXPECT_EQ(audited(), std::vector{audit_action::member_muted});
}

TEST_F(append_plan_moderation_test, a_mute_ends_to_the_millisecond) {
  const auto until = accept(mute(ann, bob, 60)).body;
  auto early = make.send(group, bob, "early");
  early.at = *std::get<member_muted>(until).until - std::chrono::milliseconds(1);
  expect_refusal(early, error_code::forbidden);
  auto late = make.send(group, bob, "late");
  late.at = *std::get<member_muted>(until).until;
  accept(late);
  auto lift_late = mute(ann, bob, 0);
  lift_late.at = late.at;
  expect_refusal(lift_late, error_code::not_found);
}

TEST_F(append_plan_moderation_test, a_new_mute_replaces_the_former_one_and_lifting_ends_it) {
  accept(mute(ann, bob, 600));
  accept(mute(ann, bob, 60));
  const auto written = writes_of<put_mute>();
  EXPECT_LT(written.at(1).until, written.at(0).until);
  const auto event = accept(mute(ann, bob, 0));
  EXPECT_FALSE(std::get<member_muted>(event.body).until);
  accept(make.send(group, bob, "free"));
  expect_refusal(mute(ann, bob, 0), error_code::not_found);
}

TEST_F(append_plan_moderation_test, leaving_and_coming_back_does_not_end_a_mute) {
  accept(mute(ann, bob, 60));
  accept(make.remove(group, bob, bob));
  accept(make.invite(group, ann, {bob}));
  expect_refusal(make.send(group, bob, "hi"), error_code::forbidden);
}

TEST_F(append_plan_moderation_test, of_a_strangers_mute_nobody_is_told_but_it_holds) {
  accept_quietly(mute(ann, cid, 60));
  accept(make.invite(group, ann, {cid}));
  expect_refusal(make.send(group, cid, "hi"), error_code::forbidden);
}

TEST_F(append_plan_moderation_test, what_was_stored_before_a_mute_is_answered_again) {
  const auto first = accept(make.send(group, bob, "hi", "key"));
  accept(mute(ann, bob, 60));
  EXPECT_EQ(expect_duplicate(make.send(group, bob, "hi", "key")).seq, first.seq);
}

// --- Slow mode ---

TEST_F(append_plan_moderation_test, in_slow_mode_a_member_sends_one_message_in_a_while) {
  EXPECT_EQ(std::get<slow_mode_changed>(accept(slow(ann, 30)).body).seconds, 30);
  const auto first = make.send(group, bob, "one", "key");
  const auto stored_first = accept(first);
  const auto outcome = take(make.send(group, bob, "two"));
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().code, error_code::rate_limited);
  EXPECT_GT(outcome.error().retry_after_ms, 29'900);
  EXPECT_LE(outcome.error().retry_after_ms, 30'000);
  EXPECT_EQ(expect_duplicate(make.send(group, bob, "one", "key")).seq, stored_first.seq);
  accept(make.edit(group, bob, id_of(stored_first), "edited"));
  auto later = make.send(group, bob, "three");
  later.at = first.at + seconds(30);
  accept(later);
  EXPECT_EQ(writes_of<note_last_sent>().size(), 2U);
}

TEST_F(append_plan_moderation_test, what_is_refused_takes_no_turn_in_slow_mode) {
  accept(slow(ann, 30));
  expect_refusal(make.send(group, bob, ""), error_code::bad_request);
  accept(make.send(group, bob, "one"));
}

TEST_F(append_plan_moderation_test, slow_mode_does_not_hold_for_those_who_may_set_it) {
  facts.members.insert({group, mod});
  accept(slow(ann, 30));
  for (const auto& user : {ann, mod}) {
    accept(make.send(group, user, "one"));
    accept(make.send(group, user, "two"));
  }
  expect_refusal(slow(bob, 0), error_code::forbidden);
  expect_refusal(slow(cid, 0), error_code::not_found);
}

TEST_F(append_plan_moderation_test, a_clock_ahead_makes_nobody_wait_longer_than_the_interval) {
  facts.rooms[group].slow_mode_seconds = 30;
  facts.restraints[{group, bob}].last_sent = time_at(3'600'000);
  const auto outcome = take(make.send(group, bob, "one"));
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().retry_after_ms, 30'000);
}

TEST_F(append_plan_moderation_test, slow_mode_as_it_was_is_no_change) {
  expect_unchanged(slow(ann, 0));
  accept(slow(ann, 30));
  expect_unchanged(slow(ann, 30));
  accept(slow(ann, 0));
  accept(make.send(group, bob, "one"));
  accept(make.send(group, bob, "two"));
}

}  // namespace
}  // namespace parley::test
