// Bans, mutes, slow mode and removals as every store keeps them.
#include <gmock/gmock.h>

#include "moderation_fixture.hpp"

namespace parley::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class moderation_contract : public moderation_fixture {
 protected:
  append_command change(durable_command what) { return make.command(room_, ann_, std::move(what)); }
  void quietly(append_command command) {
    const auto outcome = try_append(std::move(command));
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_TRUE(outcome->events.empty());
  }
  std::vector<std::string> banned(std::optional<user_id> user = {}) {
    std::vector<std::string> names;
    for (const auto& ban : expect_value(reader->bans(room_, user, {})).items) names.push_back(ban.user.username);
    return names;
  }
  std::vector<std::string> muted(timestamp now) {
    std::vector<std::string> names;
    for (const auto& mute : expect_value(reader->mutes(room_, {}, now, {})).items) {
      names.push_back(mute.user.username);
    }
    return names;
  }
  [[nodiscard]] message_removal removal_of(const append_command& ban, sequence done = 0) const {
    return {removal_id(ban.new_id), ban.room, std::get<ban_member>(ban.command).user, ban.actor, done};
  }
  bool note(const message_removal& what, timestamp at, bool is_over = false) {
    bool goes_on = false;
    write([&](record_writer& records) -> result<void> {
      goes_on = expect_value(records.note_removal(what, is_over, at));
      return {};
    });
    return goes_on;
  }
};

// --- Bans ---

TEST_P(moderation_contract, a_ban_outlives_its_batch_and_keeps_people_out) {
  append(change(ban_member{bob_, "adverts", false}));
  quietly(change(ban_member{eve_, {}, false}));
  EXPECT_FALSE(expect_value(reader->is_member(bob_, room_)));
  expect_refusal(make.invite(room_, ann_, {bob_}), error_code::forbidden);
  expect_refusal(make.invite(room_, ann_, {mod_, eve_}), error_code::forbidden);
  EXPECT_FALSE(expect_value(reader->is_member(mod_, room_)));
  EXPECT_THAT(banned(), ElementsAre("bob", "eve"));
  EXPECT_THAT(banned(eve_), ElementsAre("eve"));
  const auto ban = expect_value(reader->bans(room_, bob_, {})).items.at(0);
  EXPECT_EQ(ban.by, ann_);
  EXPECT_EQ(ban.reason, "adverts");
  EXPECT_FALSE(ban.removing_messages);
  set_role(mod_, "admin");
  quietly(make.command(room_, mod_, ban_member{bob_, "another reason", true}));
  const auto again = expect_value(reader->bans(room_, bob_, {})).items.at(0);
  EXPECT_EQ(again.by, ann_);
  EXPECT_EQ(again.reason, "adverts");
  EXPECT_TRUE(again.removing_messages);
  quietly(change(lift_ban{bob_}));
  EXPECT_THAT(banned(), ElementsAre("eve"));
  append(make.invite(room_, ann_, {bob_}));
  EXPECT_THAT(audited(), ElementsAre("ban_lifted bob -", "member_banned bob with all messages; reason: another reason",
                                     "member_banned eve -", "member_banned bob reason: adverts"));
}

TEST_P(moderation_contract, bans_come_in_pages) {
  for (const auto& user : {bob_, eve_, mod_}) set_role(user, "user");
  for (const auto& user : {bob_, eve_, mod_}) (void)try_append(change(ban_member{user, {}, false}));
  const auto first = expect_value(reader->bans(room_, {}, {{}, 2}));
  ASSERT_EQ(first.items.size(), 2U);
  const auto rest = expect_value(reader->bans(room_, {}, {first.next_cursor, 2}));
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_EQ(rest.items[0].user.id, mod_);
  EXPECT_FALSE(rest.next_cursor);
  EXPECT_EQ(reader->bans(room_, {}, {"nonsense", 2}).error().code, error_code::bad_request);
}

TEST_P(moderation_contract, a_removal_is_found_when_it_lies_idle_and_ends_with_the_ban) {
  const auto command = change(ban_member{bob_, {}, true});
  append(command);
  const auto idle = [&](timestamp before) { return expect_value(reader->idle_removals(before, 10)); };
  EXPECT_THAT(idle(command.at), IsEmpty()) << "it has only begun";
  EXPECT_THAT(idle(command.at + seconds(1)), ElementsAre(removal_of(command)));
  EXPECT_TRUE(expect_value(reader->bans(room_, bob_, {})).items.at(0).removing_messages);
  EXPECT_TRUE(note(removal_of(command, 7), command.at + seconds(60)));
  EXPECT_THAT(idle(command.at + seconds(60)), IsEmpty());
  EXPECT_THAT(idle(command.at + seconds(61)), ElementsAre(removal_of(command, 7)));
  EXPECT_TRUE(note(removal_of(command, 9), command.at + seconds(61), true));
  EXPECT_THAT(idle(command.at + seconds(90)), IsEmpty());
  EXPECT_FALSE(expect_value(reader->bans(room_, bob_, {})).items.at(0).removing_messages);
  EXPECT_FALSE(note(removal_of(command, 8), command.at)) << "over";
  const auto again = try_append(change(ban_member{bob_, {}, true}));
  EXPECT_TRUE(again->duplicate);
  EXPECT_THAT(idle(command.at + seconds(90)), IsEmpty()) << "nothing can have come since";
  quietly(change(lift_ban{bob_}));
  const auto anew = change(ban_member{bob_, {}, true});
  quietly(anew);
  EXPECT_THAT(idle(command.at + seconds(90)), ElementsAre(removal_of(anew)));
  EXPECT_FALSE(note(removal_of(command, 8), command.at)) << "of the ban before";
  EXPECT_FALSE(note(removal_of(command, 8), command.at, true)) << "of the ban before";
  EXPECT_THAT(idle(command.at + seconds(90)), ElementsAre(removal_of(anew)));
  quietly(change(lift_ban{bob_}));
  EXPECT_FALSE(note(removal_of(anew, 8), command.at)) << "lifted";
}

TEST_P(moderation_contract, a_removal_belongs_to_who_asked_for_it_and_a_ban_put_anew_has_another) {
  const auto his = post(room_, bob_, "his"), other = post(room_, bob_, "the other");
  const auto at = [&](message_id message, const append_command& ban) {
    return make.command(room_, ban.actor,
                        delete_message{message, delete_message::removal{bob_, removal_id(ban.new_id)}});
  };
  append(change(ban_member{bob_, {}, false}));
  set_role(mod_, "admin");
  const auto removal = make.command(room_, mod_, ban_member{bob_, {}, true});
  quietly(removal);
  EXPECT_THAT(expect_value(reader->idle_removals(removal.at + seconds(1), 10)), ElementsAre(removal_of(removal)));
  append(at(his, removal));
  quietly(change(lift_ban{bob_}));
  quietly(change(ban_member{bob_, {}, false}));
  expect_refusal(at(other, removal), error_code::not_found);
  const auto again = change(ban_member{bob_, {}, true});
  quietly(again);
  expect_refusal(at(other, removal), error_code::not_found);
  append(at(other, again));
}

TEST_P(moderation_contract, somebodys_messages_are_found_a_stretch_of_the_log_at_a_time) {
  const auto one = post(room_, bob_, "one");  // seq 3
  post(room_, ann_, "hers");
  const auto two = post(room_, bob_, "two");
  append(make.erase(room_, bob_, two));
  const auto three = post(room_, bob_, "three");  // seq 7
  auto page = expect_value(reader->messages_of(room_, bob_, 0, 2));
  EXPECT_THAT(page.messages, ElementsAre(one));
  EXPECT_EQ(page.up_to, 4);
  EXPECT_FALSE(page.at_end);
  page = expect_value(reader->messages_of(room_, bob_, page.up_to, 10));
  EXPECT_THAT(page.messages, ElementsAre(three)) << "without the one that is deleted";
  EXPECT_EQ(page.up_to, 7);
  EXPECT_TRUE(page.at_end);
  EXPECT_TRUE(expect_value(reader->messages_of(room_, bob_, 7, 10)).at_end);
}

TEST_P(moderation_contract, deletions_of_a_ban_are_in_the_bans_audit_alone) {
  const auto message = post(room_, bob_, "one");
  const auto ban = change(ban_member{bob_, {}, true});
  append(ban);
  set_flag(ann_, "not_active");
  append(change(delete_message{message, delete_message::removal{bob_, removal_id(ban.new_id)}}));
  EXPECT_THAT(audited(), ElementsAre("member_banned bob with all messages"));
  EXPECT_FALSE(expect_value(reader->history(room_, {}, {}, 10)).at(0).message.content);
}

// --- Mutes and slow mode ---

TEST_P(moderation_contract, a_mute_holds_in_later_batches_and_outlives_leaving) {
  const auto far = seconds(longest_mute_seconds);
  const auto command = change(mute_member{bob_, far.count(), "loud"});
  const auto event = append(command);
  EXPECT_EQ(std::get<member_muted>(events_of(room_).back().body).until, command.at + far) << "as it is read again";
  EXPECT_EQ(std::get<member_muted>(event.body).until, command.at + far);
  expect_refusal(make.send(room_, bob_, "hi"), error_code::forbidden);
  append(make.remove(room_, bob_, bob_));
  append(make.invite(room_, ann_, {bob_}));
  expect_refusal(make.send(room_, bob_, "hi"), error_code::forbidden);
  EXPECT_EQ(summary(bob_, room_).muted_until, command.at + far);
  EXPECT_EQ(basis_of(bob_).rooms.at(0).muted_until, command.at + far);
  EXPECT_FALSE(summary(ann_, room_).muted_until);
  EXPECT_THAT(muted(command.at), ElementsAre("bob"));
  EXPECT_THAT(muted(command.at + far), IsEmpty());
  const auto mute = expect_value(reader->mutes(room_, bob_, command.at, {})).items.at(0);
  EXPECT_EQ(mute.by, ann_);
  EXPECT_EQ(mute.reason, "loud");
  EXPECT_THAT(audited(), ElementsAre("member_muted bob until " + to_string(command.at + far) + "; reason: loud"));
  EXPECT_EQ(mute.until, command.at + far);
  append(change(mute_member{bob_, 0, {}}));
  EXPECT_FALSE(std::get<member_muted>(events_of(room_).back().body).until);
  append(make.send(room_, bob_, "free"));
  EXPECT_FALSE(summary(bob_, room_).muted_until);
  EXPECT_THAT(muted(command.at), IsEmpty());
}

TEST_P(moderation_contract, a_mute_of_the_past_is_not_shown) {
  append(change(mute_member{bob_, 1, {}}));  // the test's clock stands in September of 2026
  EXPECT_FALSE(summary(bob_, room_).muted_until);
}

TEST_P(moderation_contract, slow_mode_remembers_from_batch_to_batch_who_wrote_when) {
  append(change(set_slow_mode{30}));
  EXPECT_EQ(std::get<slow_mode_changed>(events_of(room_).back().body).seconds, 30);
  EXPECT_EQ(summary(bob_, room_).slow_mode_seconds, 30);
  EXPECT_EQ(basis_of(bob_).rooms.at(0).slow_mode_seconds, 30);
  const auto first = make.send(room_, bob_, "one");
  append(first);
  expect_refusal(make.send(room_, bob_, "two"), error_code::rate_limited);
  append(make.send(room_, ann_, "hers"));
  append(make.send(room_, ann_, "hers too"));
  auto later = make.send(room_, bob_, "three");
  later.at = first.at + seconds(30);
  append(later);
  append(change(set_slow_mode{0}));
  append(make.send(room_, bob_, "four"));
  append(make.send(room_, bob_, "five"));
  append(change(set_slow_mode{30}));
  append(make.send(room_, bob_, "six")) /* what was sent before is forgotten */;
}

TEST_P(moderation_contract, how_somebody_stands_to_a_room) {
  const auto in = [&](room_id room, user_id user) { return expect_value(reader->standing_in(room, user)); };
  EXPECT_EQ(in(room_, ann_), (room_standing{standing::owner, true}));
  EXPECT_EQ(in(room_, bob_), (room_standing{standing::member, true}));
  EXPECT_EQ(in(room_, eve_), (room_standing{standing::outsider, true}));
  const auto pair = add_pair(ann_, bob_);
  EXPECT_EQ(in(pair, ann_), (room_standing{standing::owner, false}));
  EXPECT_EQ(in(pair, bob_), (room_standing{standing::member, false}));
  EXPECT_EQ(in(pair, mod_), (room_standing{standing::outsider, false}));
  EXPECT_EQ(reader->standing_in(make.make_id<room_id>(), ann_).error().code, error_code::not_found);
  append(make.remove(room_, ann_, ann_));
  EXPECT_EQ(in(room_, ann_), (room_standing{standing::outsider, true})) << "who made it, and left";
}

TEST_P(moderation_contract, in_a_closed_room_nothing_is_done_but_deletions) {
  const auto event = append(make.send(room_, bob_, "spam"));
  append(make.remove(room_, ann_, ann_));
  append(make.remove(room_, bob_, bob_));
  for (const auto& what :
       std::vector<durable_command>{ban_member{bob_, {}, true}, lift_ban{bob_}, mute_member{bob_, 60, {}},
                                    set_slow_mode{5}, rename_room{"mine"}}) {
    expect_refusal(make.command(room_, mod_, what), error_code::not_found);
  }
  expect_value(
      reader->standing_in(room_, mod_)) /* staff still sees who was banned: so do they who just closed it so */;
  append(make.erase(room_, mod_, std::get<message_posted>(event.body).message));
}

INSTANTIATE_TEST_SUITE_P(stores, moderation_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
