// The append plan's rules for who may act, and for messages and reactions: no store, only facts.
#include "append_plan_fixture.hpp"

namespace parley::test {
namespace {

// --- Who may act at all ---

TEST_F(append_plan_test, an_unknown_room_is_not_found) {
  expect_refusal(make.send(make.make_id<room_id>(), ann, "hi"), error_code::not_found);
}

TEST_F(append_plan_test, a_non_member_does_not_see_the_room) {
  const auto message = stored_message(group, ann);
  expect_refusal(make.send(group, cid, "hi"), error_code::not_found);
  expect_refusal(make.edit(group, cid, message, "hi"), error_code::not_found);
  expect_refusal(make.erase(group, cid, message), error_code::not_found);
  expect_refusal(make.react(group, cid, message, "👍"), error_code::not_found);
  expect_refusal(make.invite(group, cid, {cid}), error_code::not_found);
  expect_refusal(make.remove(group, cid, bob), error_code::not_found);
  expect_refusal(make.remove(group, cid, cid), error_code::not_found);
  expect_refusal(make.rename(group, cid, "mine"), error_code::not_found);
}

TEST_F(append_plan_test, a_suspended_or_locked_or_unknown_user_is_unauthenticated_in_everything) {
  const auto message = stored_message(group, ann);
  for (const auto flag : {account_flag::suspended, account_flag::locked}) {
    facts.accounts[ann].flag = flag;
    expect_refusal(make.send(group, ann, "hi"), error_code::unauthenticated);
    expect_refusal(make.erase(group, ann, message), error_code::unauthenticated);
    expect_refusal(make.remove(group, ann, ann), error_code::unauthenticated);
  }
  expect_refusal(make.send(group, make.make_id<user_id>(), "hi"), error_code::unauthenticated);
}

// --- Sending ---

TEST_F(append_plan_test, sends_take_the_next_seq_of_their_room) {
  EXPECT_EQ(accept(make.send(group, ann, "one")).seq, 11);
  EXPECT_EQ(accept(make.send(pair, ann, "other room")).seq, 3);
  EXPECT_EQ(accept(make.send(group, bob, "two")).seq, 12);
  EXPECT_EQ(facts.rooms[group].last_seq, 12);
  EXPECT_EQ(plan.advanced_rooms(), (std::vector{group, pair}));
  ASSERT_EQ(plan.writes().size(), 3U);
  EXPECT_EQ(std::get<insert_message>(plan.writes()[2]).seq, 12);
}

TEST_F(append_plan_test, a_sent_message_becomes_an_event_with_all_it_has) {
  const auto first = accept(make.send(group, ann, "one"));
  auto command = make.reply(group, bob, "two", id_of(first));
  std::get<send_message>(command.command).file_url = "https://example.org/a.png";
  std::get<send_message>(command.command).client_msg_id = "k1";
  const auto event = accept(command);
  const auto& message = std::get<message_posted>(event.body);
  EXPECT_EQ(event.room, group);
  EXPECT_EQ(message.message, message_id(command.new_id));
  EXPECT_EQ(message.sender, bob);
  EXPECT_EQ(message.display_name, "Bob");
  EXPECT_EQ(message.content, "two");
  EXPECT_EQ(message.file_url, "https://example.org/a.png");
  EXPECT_EQ(message.reply_to, id_of(first));
  EXPECT_EQ(message.client_msg_id, "k1");
  EXPECT_EQ(message.created_at, command.at);
}

TEST_F(append_plan_test, a_refusal_leaves_no_hole) {
  EXPECT_EQ(accept(make.send(group, ann, "one")).seq, 11);
  expect_refusal(make.send(group, cid, "not mine"), error_code::not_found);
  expect_refusal(make.command(group, ann, send_message{}), error_code::bad_request);
  EXPECT_EQ(accept(make.send(group, ann, "two")).seq, 12);
}

TEST_F(append_plan_test, a_message_needs_content_or_a_file) {
  expect_refusal(make.command(group, ann, send_message{}), error_code::bad_request);
  expect_refusal(make.send(group, ann, ""), error_code::bad_request);
  expect_refusal(make.command(group, ann, send_message{"", "", {}, {}}), error_code::bad_request);
  accept(make.command(group, ann, send_message{std::nullopt, "https://example.org/a.png", {}, {}}));
}

TEST_F(append_plan_test, content_may_be_as_long_as_the_limit_and_no_longer) {
  limits.content_bytes = 5;
  accept(make.send(group, ann, "12345"));
  expect_refusal(make.send(group, ann, "123456"), error_code::too_large);
}

TEST_F(append_plan_test, a_reply_needs_a_message_of_the_same_room) {
  const auto elsewhere = stored_message(pair, ann);
  accept(make.reply(group, ann, "to a stored one", stored_message(group, bob)));
  accept(make.reply(group, ann, "to one of this batch", id_of(accept(make.send(group, bob, "one")))));
  expect_refusal(make.reply(group, ann, "unknown", make.make_id<message_id>()), error_code::not_found);
  expect_refusal(make.reply(group, ann, "elsewhere", elsewhere), error_code::not_found);
}

TEST_F(append_plan_test, the_same_key_twice_in_one_batch_is_stored_once) {
  const auto first = accept(make.send(group, ann, "one", "k1"));
  const auto again = expect_duplicate(make.send(group, ann, "another text", "k1"));
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(id_of(again), id_of(first));
  EXPECT_EQ(std::get<message_posted>(again.body).content, "one");
  EXPECT_EQ(accept(make.send(group, ann, "two", "k2")).seq, first.seq + 1);
}

TEST_F(append_plan_test, a_key_is_its_senders_and_its_rooms_own) {
  accept(make.send(group, ann, "one", "k1"));
  accept(make.send(group, bob, "one", "k1"));
  accept(make.send(pair, ann, "one", "k1"));
  EXPECT_EQ(writes_of<insert_message>().size(), 3U);
}

TEST_F(append_plan_test, what_was_stored_before_is_answered_again_even_when_it_could_not_be_sent_now) {
  auto command = make.send(pair, ann, "", "k1");
  facts.rooms[pair].blocked = true;
  facts.stored_sends[command.new_id] = {
      pair, 1, message_posted{make.make_id<message_id>(), ann, "Ann", "first", {}, {}, "k1", time_at(1)}};
  const auto event = expect_duplicate(command);
  EXPECT_EQ(event.seq, 1);
  EXPECT_EQ(std::get<message_posted>(event.body).content, "first");
}

TEST_F(append_plan_test, a_stored_key_does_not_help_who_is_no_member_any_more) {
  const auto command = make.send(group, cid, "x", "k1");
  facts.stored_sends[command.new_id] = {
      group, 1, message_posted{make.make_id<message_id>(), cid, "Cid", "first", {}, {}, "k1", time_at(1)}};
  expect_refusal(command, error_code::not_found);
}

TEST_F(append_plan_test, the_same_command_twice_is_stored_once_without_a_key_too) {
  const auto command = make.send(group, ann, "one");
  const auto first = accept(command);
  EXPECT_EQ(expect_duplicate(command).seq, first.seq);
}

TEST_F(append_plan_test, a_refused_send_does_not_use_up_its_key) {
  expect_refusal(make.send(group, ann, "", "k1"), error_code::bad_request);
  accept(make.send(group, ann, "one", "k1"));
}

TEST_F(append_plan_test, a_block_closes_the_private_room_to_new_words_of_both) {
  const auto message = stored_message(pair, ann);
  facts.rooms[pair].blocked = true;
  expect_refusal(make.send(pair, ann, "hi"), error_code::forbidden);
  expect_refusal(make.send(pair, bob, "hi"), error_code::forbidden);
  expect_refusal(make.edit(pair, ann, message, "hi"), error_code::forbidden);
  expect_refusal(make.react(pair, bob, message, "👍"), error_code::forbidden);
  accept(make.erase(pair, ann, message));
}

// --- Editing and deleting ---

TEST_F(append_plan_test, a_sender_edits_their_message) {
  const auto message = stored_message(group, ann);
  const auto command = make.edit(group, ann, message, "better");
  const auto event = accept(command);
  EXPECT_EQ(event.seq, 11);
  const auto& edited = std::get<message_edited>(event.body);
  EXPECT_EQ(edited.message, message);
  EXPECT_EQ(edited.by, ann);
  EXPECT_EQ(edited.content, "better");
  EXPECT_EQ(edited.edited_at, command.at);
  ASSERT_EQ(plan.writes().size(), 2U);
  EXPECT_TRUE(std::holds_alternative<update_content>(plan.writes()[0]));
  const auto& row = std::get<log_row>(plan.writes()[1]);
  EXPECT_EQ(row.type, log_row::kind::message_edited);
  EXPECT_EQ(row.message, message);
  EXPECT_EQ(row.event_id, command.new_id);
  EXPECT_EQ(row.seq, 11);
}

TEST_F(append_plan_test, nobody_edits_anothers_message_not_even_a_moderator) {
  const auto message = stored_message(group, ann);
  facts.accounts[bob].user_role = role::admin;
  expect_refusal(make.edit(group, bob, message, "mine"), error_code::forbidden);
}

TEST_F(append_plan_test, an_edit_needs_a_living_message_of_the_room_and_content_within_the_limit) {
  limits.content_bytes = 5;
  const auto message = stored_message(group, ann);
  expect_refusal(make.edit(group, ann, make.make_id<message_id>(), "x"), error_code::not_found);
  expect_refusal(make.edit(group, ann, stored_message(pair, ann), "x"), error_code::not_found);
  expect_refusal(make.edit(group, ann, message, ""), error_code::bad_request);
  expect_refusal(make.edit(group, ann, message, "123456"), error_code::too_large);
  accept(make.edit(group, ann, message, "12345"));
  accept(make.erase(group, ann, message));
  expect_refusal(make.edit(group, ann, message, "x"), error_code::not_found);
}

TEST_F(append_plan_test, a_message_of_this_batch_can_be_edited_and_deleted) {
  const auto message = id_of(accept(make.send(group, ann, "one")));
  EXPECT_EQ(accept(make.edit(group, ann, message, "two")).seq, 12);
  EXPECT_EQ(accept(make.erase(group, ann, message)).seq, 13);
}

TEST_F(append_plan_test, deleting_is_for_the_sender_and_moderators) {
  const auto anns = stored_message(group, ann);
  const auto bobs = stored_message(group, bob);
  expect_refusal(make.erase(group, ann, bobs), error_code::forbidden);
  const auto command = make.erase(group, ann, anns);
  const auto event = accept(command);
  const auto& deleted = std::get<message_deleted>(event.body);
  EXPECT_EQ(deleted.message, anns);
  EXPECT_EQ(deleted.by, ann);
  EXPECT_EQ(deleted.deleted_at, command.at);
  ASSERT_EQ(writes_of<empty_message>().size(), 1U);
  EXPECT_EQ(writes_of<empty_message>()[0].seq, event.seq);
  EXPECT_EQ(writes_of<log_row>()[0].type, log_row::kind::message_deleted);
}

TEST_F(append_plan_test, a_moderator_deletes_in_any_room_without_being_a_member) {
  accept(make.erase(group, mod, stored_message(group, ann)));
  facts.accounts[mod].user_role = role::admin;
  accept(make.erase(pair, mod, stored_message(pair, bob)));
  expect_refusal(make.send(group, mod, "hi"), error_code::not_found);
}

TEST_F(append_plan_test, deleting_twice_answers_the_first_deletion) {
  const auto message = stored_message(group, bob);
  const auto first = accept(make.erase(group, mod, message));
  const auto again = expect_duplicate(make.erase(group, bob, message));
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(std::get<message_deleted>(again.body).by, mod);
  EXPECT_EQ(std::get<message_deleted>(again.body).deleted_at, std::get<message_deleted>(first.body).deleted_at);
  expect_refusal(make.erase(group, ann, message), error_code::forbidden);
}

TEST_F(append_plan_test, a_deletion_of_an_earlier_batch_is_answered_too) {
  const auto message = stored_message(group, ann);
  facts.messages[message].deleted = append_facts::deletion{7, mod, time_at(99)};
  const auto again = expect_duplicate(make.erase(group, ann, message));
  EXPECT_EQ(again.seq, 7);
  EXPECT_EQ(std::get<message_deleted>(again.body).by, mod);
  EXPECT_EQ(std::get<message_deleted>(again.body).deleted_at, time_at(99));
}

TEST_F(append_plan_test, an_unknown_message_or_one_of_another_room_cannot_be_deleted) {
  expect_refusal(make.erase(group, ann, make.make_id<message_id>()), error_code::not_found);
  expect_refusal(make.erase(group, ann, stored_message(pair, ann)), error_code::not_found);
}

// --- Reactions ---

TEST_F(append_plan_test, a_reaction_is_added_once) {
  const auto message = stored_message(group, ann);
  const auto command = make.react(group, bob, message, "👍");
  const auto first = accept(command);
  const auto& reaction = std::get<reaction_changed>(first.body);
  EXPECT_EQ(reaction.reaction, reaction_id(command.new_id));
  EXPECT_EQ(reaction.by, bob);
  EXPECT_EQ(reaction.emoji, "👍");
  EXPECT_EQ(reaction.action, reaction_action::add);
  EXPECT_EQ(reaction.created_at, command.at);
  const auto again = expect_duplicate(make.react(group, bob, message, "👍"));
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(std::get<reaction_changed>(again.body).reaction, reaction.reaction);
  accept(make.react(group, bob, message, "🎉"));
  accept(make.react(group, ann, message, "👍"));
  EXPECT_EQ(writes_of<insert_reaction>().size(), 3U);
}

TEST_F(append_plan_test, a_message_has_only_so_many_different_reactions) {
  limits.reactions_per_message = 3;
  const auto message = stored_message(group, ann);
  facts.emojis[message] = {"a"};
  accept(make.react(group, ann, message, "b"));
  accept(make.react(group, ann, message, "c"));
  expect_refusal(make.react(group, ann, message, "d"), error_code::conflict);
  accept(make.react(group, bob, message, "a"));
  expect_duplicate(make.react(group, bob, message, "a"));
  accept(make.react(group, ann, stored_message(group, ann), "d"));
}

TEST_F(append_plan_test, a_stored_reaction_is_answered_with_its_own_values) {
  const auto message = stored_message(group, ann);
  const auto command = make.react(group, bob, message, "👍");
  const auto id = make.make_id<reaction_id>();
  facts.reactions[{message, bob, "👍"}] = {id, 4, time_at(50)};
  const auto again = expect_duplicate(command);
  EXPECT_EQ(again.seq, 4);
  EXPECT_EQ(std::get<reaction_changed>(again.body).reaction, id);
  EXPECT_EQ(std::get<reaction_changed>(again.body).created_at, time_at(50));
}

TEST_F(append_plan_test, a_reaction_added_and_removed_in_one_batch_can_be_added_again) {
  const auto message = stored_message(group, ann);
  const auto added = accept(make.react(group, bob, message, "👍"));
  const auto removed = accept(make.react(group, bob, message, "👍", reaction_action::remove));
  EXPECT_EQ(std::get<reaction_changed>(removed.body).action, reaction_action::remove);
  EXPECT_EQ(std::get<reaction_changed>(removed.body).reaction, std::get<reaction_changed>(added.body).reaction);
  expect_refusal(make.react(group, bob, message, "👍", reaction_action::remove), error_code::not_found);
  EXPECT_EQ(accept(make.react(group, bob, message, "👍")).seq, removed.seq + 1);
  EXPECT_EQ(writes_of<delete_reaction>().size(), 1U);
}

TEST_F(append_plan_test, one_takes_back_ones_own_reaction_only) {
  const auto message = stored_message(group, ann);
  accept(make.react(group, bob, message, "👍"));
  expect_refusal(make.react(group, ann, message, "👍", reaction_action::remove), error_code::not_found);
  expect_refusal(make.react(group, bob, message, "🎉", reaction_action::remove), error_code::not_found);
}

TEST_F(append_plan_test, only_living_messages_of_the_room_get_reactions) {
  const auto message = stored_message(group, ann);
  accept(make.react(group, bob, message, "👍"));
  accept(make.erase(group, ann, message));
  expect_refusal(make.react(group, bob, message, "🎉"), error_code::not_found);
  expect_refusal(make.react(group, bob, message, "👍", reaction_action::remove), error_code::not_found);
  expect_refusal(make.react(group, bob, make.make_id<message_id>(), "👍"), error_code::not_found);
  expect_refusal(make.react(group, bob, stored_message(pair, bob), "👍"), error_code::not_found);
}

}  // namespace
}  // namespace parley::test
