// What every store does with batches of commands: one transaction, no holes, refusals alone.
#include "database_fixture.hpp"

namespace parley::test {
namespace {

class append_contract : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    ann = add_user("ann");
    bob = add_user("bob");
    cid = add_user("cid");
    group = add_group("group", ann, {bob});
  }

  user_id ann, bob, cid;
  room_id group;
};

const message_posted& posted(const durable_event& event) { return std::get<message_posted>(event.body); }

TEST_P(append_contract, a_sent_message_comes_back_from_the_log_as_it_was_answered) {
  auto command = make.send(group, ann, "hello 👋", "key-1");
  std::get<send_message>(command.command).file_url = "https://example.org/a.png";
  const auto event = append(command);
  EXPECT_EQ(event.seq, 3) << "after the two member_joined of the new room";
  const auto log = events_of(group, 2);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].seq, 3);
  EXPECT_EQ(log[0].room, group);
  for (const auto& one : {event, log[0]}) {
    EXPECT_EQ(posted(one).message, message_id(command.new_id));
    EXPECT_EQ(posted(one).sender, ann);
    EXPECT_EQ(posted(one).display_name, "ann!");
    EXPECT_EQ(posted(one).content, "hello 👋");
    EXPECT_EQ(posted(one).file_url, "https://example.org/a.png");
    EXPECT_EQ(posted(one).reply_to, std::nullopt);
    EXPECT_EQ(posted(one).client_msg_id, "key-1");
    EXPECT_EQ(posted(one).created_at, command.at);
  }
  EXPECT_EQ(expect_value(reader->last_seq(group)), 3);
}

TEST_P(append_contract, quotes_and_control_characters_in_content_are_only_content) {
  const std::string text = "'); DROP TABLE tb_messages; -- \"\\\n\t";
  post(group, ann, text);
  EXPECT_EQ(posted(events_of(group, 2).at(0)).content, text);
}

TEST_P(append_contract, a_batch_over_several_rooms_numbers_each_room_without_holes) {
  const auto other = add_group("other", bob, {ann});
  const auto outcomes = commit({make.send(group, ann, "1"), make.send(other, ann, "1"), make.send(group, cid, "no"),
                                make.send(group, bob, "2"), make.send(other, cid, "no"), make.send(other, bob, "2")});
  EXPECT_EQ(outcomes[0]->events[0].seq, 3);
  EXPECT_EQ(outcomes[1]->events[0].seq, 3);
  EXPECT_EQ(outcomes[2].error().code, error_code::not_found);
  EXPECT_EQ(outcomes[3]->events[0].seq, 4);
  EXPECT_EQ(outcomes[4].error().code, error_code::not_found);
  EXPECT_EQ(outcomes[5]->events[0].seq, 4);
  for (const auto& room : {group, other}) {
    sequence expected = 0;
    for (const auto& event : events_of(room)) EXPECT_EQ(event.seq, ++expected);
    EXPECT_EQ(expected, 4);
    EXPECT_EQ(expect_value(reader->last_seq(room)), 4);
  }
}

TEST_P(append_contract, the_same_key_gives_the_first_message_again_in_a_later_batch_too) {
  const auto first = append(make.send(group, ann, "first", "k"));
  const auto again = expect_value(try_append(make.send(group, ann, "second", "k")));
  EXPECT_TRUE(again.duplicate);
  ASSERT_EQ(again.events.size(), 1U);
  EXPECT_EQ(again.events[0].seq, first.seq);
  EXPECT_EQ(posted(again.events[0]).message, posted(first).message);
  EXPECT_EQ(posted(again.events[0]).content, "first");
  EXPECT_EQ(posted(again.events[0]).created_at, posted(first).created_at);
  EXPECT_EQ(posted(again.events[0]).client_msg_id, "k");
  EXPECT_EQ(expect_value(reader->last_seq(group)), first.seq);
}

TEST_P(append_contract, the_same_key_twice_in_one_batch_is_one_message) {
  const auto outcomes = commit({make.send(group, ann, "first", "k"), make.send(group, ann, "second", "k")});
  EXPECT_FALSE(outcomes[0]->duplicate);
  EXPECT_TRUE(outcomes[1]->duplicate);
  EXPECT_EQ(outcomes[1]->events[0].seq, outcomes[0]->events[0].seq);
  EXPECT_EQ(events_of(group, 2).size(), 1U);
}

TEST_P(append_contract, keys_of_different_senders_and_rooms_do_not_meet) {
  const auto other = add_group("other", ann);
  for (const auto& outcome :
       commit({make.send(group, ann, "x", "k"), make.send(group, bob, "x", "k"), make.send(other, ann, "x", "k"),
               make.send(group, ann, "x"), make.send(group, ann, "x")})) {
    ASSERT_FALSE(outcome.has_error());
    EXPECT_FALSE(outcome->duplicate);
  }
}

TEST_P(append_contract, the_same_command_sent_again_after_doubt_is_a_duplicate) {
  const auto command = make.send(group, ann, "without a key");
  const auto first = append(command);
  const auto again = expect_value(try_append(command));
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.events.at(0).seq, first.seq);
}

TEST_P(append_contract, a_command_that_the_tables_refuse_fails_alone) {
  const auto stolen = append(make.send(group, ann, "first"));
  const auto other = add_group("other", ann);
  auto clash = make.send(other, ann, "same id, other room");
  clash.new_id = posted(stolen).message;
  const auto outcomes =
      commit({make.send(other, ann, "one"), clash, make.send(group, bob, "two"), make.send(other, ann, "three")});
  EXPECT_EQ(outcomes[0]->events[0].seq, 2);
  ASSERT_TRUE(outcomes[1].has_error());
  EXPECT_EQ(outcomes[1].error().code, error_code::conflict);
  EXPECT_EQ(outcomes[2]->events[0].seq, 4);
  EXPECT_EQ(outcomes[3]->events[0].seq, 3) << "no hole where the refused one stood";
  EXPECT_EQ(expect_value(reader->last_seq(other)), 3);
}

TEST_P(append_contract, strangers_and_the_suspended_are_refused) {
  expect_refusal(make.send(group, cid, "hi"), error_code::not_found);
  expect_refusal(make.send(make.make_id<room_id>(), ann, "hi"), error_code::not_found);
  set_flag(bob, "not_active");
  expect_refusal(make.send(group, bob, "hi"), error_code::unauthenticated);
  set_flag(bob, "delete");
  expect_refusal(make.send(group, bob, "hi"), error_code::unauthenticated);
  set_flag(bob, "active");
  append(make.send(group, bob, "hi"));
}

TEST_P(append_contract, an_edited_message_stands_changed_in_log_and_history) {
  const auto message = post(group, ann, "frist");
  const auto command = make.edit(group, ann, message, "first");
  EXPECT_EQ(append(command).seq, 4);
  const auto log = events_of(group, 2);
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(posted(log[0]).content, "first") << "new_message is replayed as it now stands";
  const auto& edited = std::get<message_edited>(log[1].body);
  EXPECT_EQ(edited.message, message);
  EXPECT_EQ(edited.by, ann);
  EXPECT_EQ(edited.content, "first");
  EXPECT_EQ(edited.edited_at, command.at);
  const auto history = expect_value(reader->history(group, {}, {}, 10));
  EXPECT_EQ(history.at(0).edited_at, command.at);
}

TEST_P(append_contract, every_edit_is_replayed_with_the_last_content) {
  const auto message = post(group, ann, "1");
  append(make.edit(group, ann, message, "2"));
  append(make.edit(group, ann, message, "3"));
  const auto log = events_of(group, 3);
  ASSERT_EQ(log.size(), 2U);
  for (const auto& event : log) EXPECT_EQ(std::get<message_edited>(event.body).content, "3");
}

TEST_P(append_contract, a_deleted_message_is_empty_everywhere) {
  auto command = make.send(group, ann, "secret");
  std::get<send_message>(command.command).file_url = "https://example.org/secret.png";
  const auto message = posted(append(command)).message;
  append(make.edit(group, ann, message, "still secret"));
  append(make.react(group, bob, message, "👍"));
  const auto deletion = make.erase(group, ann, message);
  EXPECT_EQ(append(deletion).seq, 6);
  const auto log = events_of(group, 2);
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(posted(log[0]).content, std::nullopt);
  EXPECT_EQ(posted(log[0]).file_url, std::nullopt);
  EXPECT_EQ(std::get<message_edited>(log[1].body).content, std::nullopt);
  const auto& deleted = std::get<message_deleted>(log[3].body);
  EXPECT_EQ(deleted.message, message);
  EXPECT_EQ(deleted.by, ann);
  EXPECT_EQ(deleted.deleted_at, deletion.at);
  const auto item = expect_value(reader->history(group, {}, {}, 10)).at(0);
  EXPECT_EQ(item.message.content, std::nullopt);
  EXPECT_EQ(item.message.file_url, std::nullopt);
  EXPECT_EQ(item.deleted_at, deletion.at);
  EXPECT_TRUE(item.reactions.empty());
}

TEST_P(append_contract, deleting_again_answers_the_first_deletion) {
  const auto message = post(group, bob, "x");
  set_role(ann, "moderator");
  const auto first = append(make.erase(group, ann, message));
  const auto again = expect_value(try_append(make.erase(group, bob, message)));
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.events.at(0).seq, first.seq);
  const auto& deleted = std::get<message_deleted>(again.events[0].body);
  EXPECT_EQ(deleted.by, ann);
  EXPECT_EQ(deleted.deleted_at, std::get<message_deleted>(first.body).deleted_at);
  EXPECT_EQ(expect_value(reader->last_seq(group)), first.seq);
}

TEST_P(append_contract, rights_follow_the_role_as_it_is_now) {
  const auto message = post(group, ann, "x");
  expect_refusal(make.erase(group, bob, message), error_code::forbidden);
  expect_refusal(make.rename(group, bob, "mine"), error_code::forbidden);
  expect_refusal(make.remove(group, bob, ann), error_code::forbidden);
  expect_refusal(make.edit(group, bob, message, "y"), error_code::forbidden);
  set_role(bob, "moderator");
  append(make.erase(group, bob, message));
  append(make.rename(group, bob, "mine"));
  append(make.remove(group, bob, ann));
}

TEST_P(append_contract, reactions_come_and_go) {
  const auto message = post(group, ann, "x");
  const auto command = make.react(group, bob, message, "👍");
  const auto added = append(command);
  const auto again = expect_value(try_append(make.react(group, bob, message, "👍")));
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.events.at(0).seq, added.seq);
  EXPECT_EQ(std::get<reaction_changed>(again.events[0].body).reaction, reaction_id(command.new_id));
  EXPECT_EQ(std::get<reaction_changed>(again.events[0].body).created_at, command.at);
  append(make.react(group, bob, message, "👍", reaction_action::remove));
  expect_refusal(make.react(group, bob, message, "👍", reaction_action::remove), error_code::not_found);
  append(make.react(group, bob, message, "👍"));
  const auto log = events_of(group, 3);
  ASSERT_EQ(log.size(), 3U);
  const auto& first = std::get<reaction_changed>(log[0].body);
  EXPECT_EQ(first.emoji, "👍");
  EXPECT_EQ(first.by, bob);
  EXPECT_EQ(first.action, reaction_action::add);
  EXPECT_EQ(first.reaction, reaction_id(command.new_id));
  EXPECT_EQ(std::get<reaction_changed>(log[1].body).action, reaction_action::remove);
  EXPECT_EQ(std::get<reaction_changed>(log[1].body).reaction, reaction_id(command.new_id));
  EXPECT_EQ(std::get<reaction_changed>(log[2].body).action, reaction_action::add);
}

TEST_P(append_contract, the_different_reactions_of_a_message_are_bounded) {
  limits_config limits;
  limits.reactions_per_message = 2;
  start(limits);
  const auto dan = add_user("dan");
  const auto eve = add_user("eve");
  const auto room = add_group("room", dan, {eve});
  const auto message = post(room, dan, "x");
  append(make.react(room, dan, message, "👍"));
  append(make.react(room, dan, message, "🎉"));
  expect_refusal(make.react(room, eve, message, "😀"), error_code::conflict);
  append(make.react(room, eve, message, "👍"));
  append(make.react(room, dan, message, "👍", reaction_action::remove));
  expect_refusal(make.react(room, eve, message, "😀"), error_code::conflict);
  append(make.react(room, dan, message, "🎉", reaction_action::remove));
  append(make.react(room, eve, message, "😀"));
}

TEST_P(append_contract, commands_of_one_batch_see_one_another) {
  const auto sent = make.send(group, ann, "one");
  const message_id message(sent.new_id);
  const auto outcomes = commit({
      sent,
      make.react(group, bob, message, "👍"),
      make.react(group, bob, message, "👍", reaction_action::remove),
      make.reply(group, bob, "two", message),
      make.edit(group, ann, message, "uno"),
      make.erase(group, ann, message),
      make.edit(group, ann, message, "too late"),
      make.invite(group, ann, {cid}),
      make.send(group, cid, "hello"),
      make.remove(group, ann, cid),
      make.send(group, cid, "gone"),
      make.invite(group, ann, {cid}),
  });
  sequence seq = 2;
  for (const auto index : {0U, 1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 11U}) {
    ASSERT_FALSE(outcomes[index].has_error()) << index << ": " << outcomes[index].error().message;
    EXPECT_EQ(outcomes[index]->events.at(0).seq, ++seq);
  }
  EXPECT_EQ(outcomes[6].error().code, error_code::not_found);
  EXPECT_EQ(outcomes[10].error().code, error_code::not_found);
  EXPECT_EQ(posted(events_of(group, 2).at(0)).content, std::nullopt);
  EXPECT_TRUE(expect_value(reader->history(group, {}, 2, 1)).at(0).reactions.empty());
  EXPECT_EQ(summary(cid, group).last_read_seq, seq) << "the marker of who came back stands at the own member_joined";
}

TEST_P(append_contract, invitations_leavings_and_renames_stand_in_the_log) {
  append(make.invite(group, bob, {cid}));
  append(make.rename(group, ann, "new name"));
  append(make.remove(group, cid, cid));
  append(make.remove(group, ann, bob));
  const auto log = events_of(group, 2);
  ASSERT_EQ(log.size(), 4U);
  const auto& joined = std::get<member_joined>(log[0].body);
  EXPECT_EQ(joined.user, cid);
  EXPECT_EQ(joined.by, bob);
  EXPECT_EQ(joined.reason, join_reason::invited);
  EXPECT_EQ(std::get<room_renamed>(log[1].body).name, "new name");
  EXPECT_EQ(std::get<room_renamed>(log[1].body).by, ann);
  EXPECT_EQ(std::get<member_left>(log[2].body).reason, leave_reason::left);
  EXPECT_EQ(std::get<member_left>(log[3].body).reason, leave_reason::removed);
  EXPECT_EQ(std::get<member_left>(log[3].body).user, bob);
  EXPECT_EQ(std::get<member_left>(log[3].body).by, ann);
  const auto room = expect_value(reader->snapshot(group));
  ASSERT_TRUE(room.has_value());
  EXPECT_EQ(room->members, (std::vector{ann}));
  EXPECT_EQ(room->name, "new name");
  EXPECT_EQ(room->last_seq, 6);
}

TEST_P(append_contract, an_invitation_of_a_member_does_nothing) {
  const auto outcome = expect_value(try_append(make.invite(group, ann, {bob})));
  EXPECT_TRUE(outcome.events.empty());
  EXPECT_EQ(expect_value(reader->last_seq(group)), 2);
}

TEST_P(append_contract, an_invitation_of_an_unknown_or_inactive_user_is_refused_whole) {
  set_flag(cid, "not_active");
  expect_refusal(make.invite(group, ann, {cid}), error_code::not_found);
  set_flag(cid, "active");
  expect_refusal(make.invite(group, ann, {cid, make.make_id<user_id>()}), error_code::not_found);
  EXPECT_EQ(expect_value(reader->snapshot(group))->members.size(), 2U);
}

TEST_P(append_contract, limits_of_members_and_rooms_hold) {
  limits_config limits;
  limits.room_members = 3;
  limits.rooms_per_user = 2;
  start(limits);
  const auto dan = add_user("dan");
  const auto eve = add_user("eve");
  const auto fay = add_user("fay");
  const auto gil = add_user("gil");
  const auto first = add_group("first", dan, {eve});
  add_group("second", dan, {eve});
  expect_refusal(make.invite(first, dan, {fay, gil}), error_code::conflict);
  append(make.invite(first, dan, {fay}));
  const auto third = add_group("third", fay);
  expect_refusal(make.invite(third, fay, {eve}), error_code::conflict);
  append(make.invite(third, fay, {gil}));
  EXPECT_EQ(try_create_room(true, fay, {}).error().code, error_code::conflict);
  EXPECT_EQ(try_create_room(true, gil, {eve}).error().code, error_code::conflict);
}

TEST_P(append_contract, a_block_closes_the_private_room_from_both_sides) {
  const auto pair = add_pair(ann, bob);
  append(make.send(pair, ann, "hi"));
  befriend(bob, ann, "blocked");
  expect_refusal(make.send(pair, ann, "hi"), error_code::forbidden);
  expect_refusal(make.send(pair, bob, "hi"), error_code::forbidden);
  befriend(ann, bob, "blocked");
  expect_refusal(make.send(pair, ann, "hi"), error_code::forbidden);
  append(make.send(group, ann, "groups stay open"));
  store->run_sql("DELETE FROM tb_friendships WHERE user_id = '" + to_string(ann) + "'");
  expect_refusal(make.send(pair, ann, "hi"), error_code::forbidden);
  store->run_sql("DELETE FROM tb_friendships");
  append(make.send(pair, ann, "hi again"));
}

TEST_P(append_contract, appends_and_jobs_share_one_commit_and_a_failing_job_fails_alone) {
  const auto dan = make.make_id<user_id>();
  const std::vector<append_command> commands{make.send(group, ann, "with jobs")};
  const std::vector<write_job> jobs{
      [&](record_writer& records) -> result<void> {
        auto created = records.create_user({dan, "dan", "h", "Dan", {}, {}, {}, make.next_time()});
        if (created.has_error()) return created.error();
        return {};
      },
      [&](record_writer& records) -> result<void> {
        (void)records.set_password_hash(ann, "hash of ann", "half done");
        return forbidden("changed my mind");
      },
      [&](record_writer&) -> result<void> { throw std::runtime_error("a bug in a job"); },
      [&](record_writer& records) { return records.set_password_hash(bob, "hash of bob", "done"); },
  };
  const auto batch = expect_value(writer->commit(commands, jobs));
  EXPECT_FALSE(batch.appends.at(0).has_error());
  ASSERT_EQ(batch.jobs.size(), 4U);
  EXPECT_FALSE(batch.jobs[0].has_error());
  EXPECT_EQ(batch.jobs[1].error().code, error_code::forbidden);
  EXPECT_EQ(batch.jobs[2].error().code, error_code::internal);
  EXPECT_FALSE(batch.jobs[3].has_error());
  EXPECT_TRUE(expect_value(reader->user(dan)).has_value());
  EXPECT_EQ(expect_value(reader->account_by_name("ann"))->password_hash, "hash of ann");
  EXPECT_EQ(expect_value(reader->account_by_name("bob"))->password_hash, "done");
}

TEST_P(append_contract, an_empty_commit_a_probe_and_tidying_are_harmless) {
  EXPECT_TRUE(commit({}).empty());
  EXPECT_FALSE(writer->probe().has_error());
  writer->tidy();
  const auto message = post(group, ann, "still here");
  EXPECT_EQ(posted(events_of(group, 2).at(0)).message, message);
}

TEST_P(append_contract, a_reader_sees_what_was_committed_before_it_asks) {
  for (sequence seq = 3; seq < 50; ++seq) {
    post(group, ann, "x");
    ASSERT_EQ(expect_value(reader->last_seq(group)), seq);
  }
}

INSTANTIATE_TEST_SUITE_P(stores, append_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
