// Bans, mutes, slow mode, removals and reports as every store keeps them.
#include <gmock/gmock.h>

#include "database_fixture.hpp"

namespace parley::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class moderation_contract : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    fill();
  }
  void fill() {
    ann_ = add_user("ann");
    bob_ = add_user("bob");
    eve_ = add_user("eve");
    mod_ = add_user("mod");
    set_role(mod_, "moderator");
    room_ = add_group("room", ann_, {bob_});
  }
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
  result<filed_report> report(user_id reporter, message_id message, report_reason reason = report_reason::spam) {
    result<filed_report> filed = not_found("not run");
    const auto done = try_write([&, id = make.make_id<report_id>()](record_writer& records) -> result<void> {
      filed = records.file_report({id, reporter, message, reason, "a comment", make.next_time()});
      return filed ? result<void>() : filed.error();
    });
    if (!done) return done.error();
    return filed;
  }
  result<void> decide(user_id by, report_id report, report_status status = report_status::dismissed) {
    const report_decision decision{report, by, status, "a note", make.next_time(), make.make_id<uuid>()};
    return try_write([&](record_writer& records) { return records.decide_report(decision); });
  }
  page<report_item> reports(bool open, page_request range = {}) {
    return expect_value(reader->reports(open, mod_, range));
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
  std::vector<std::string> audited() {
    std::vector<std::string> lines;
    for (const auto& entry : expect_value(reader->audit_trail({})).items) {
      lines.push_back(std::string(to_string(entry.record.action)) + " " + (entry.user ? entry.user->username : "-") +
                      " " + entry.record.detail.value_or("-"));
    }
    return lines;
  }

  user_id ann_, bob_, eve_, mod_;
  room_id room_;
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

// --- Reports ---

TEST_P(moderation_contract, a_report_keeps_what_was_said_until_it_is_decided) {
  const auto message = post(room_, bob_, "an insult");
  const auto filed = expect_value(report(ann_, message, report_reason::abuse));
  EXPECT_FALSE(filed.duplicate);
  append(make.edit(room_, bob_, message, "a compliment"));
  append(make.erase(room_, bob_, message));
  const auto item = reports(true).items.at(0);
  EXPECT_EQ(item.report.id, filed.id);
  EXPECT_EQ(item.report.reason, report_reason::abuse);
  EXPECT_EQ(item.comment, "a comment");
  EXPECT_EQ(item.content, "an insult");
  EXPECT_TRUE(item.is_deleted);
  EXPECT_EQ(item.reporter.id, ann_);
  EXPECT_EQ(item.sender.id, bob_);
  EXPECT_EQ(item.room, room_);
  EXPECT_EQ(item.room_name, "room");
  EXPECT_EQ(item.seq, 3);
  expect_value(decide(mod_, filed.id, report_status::acted));
  EXPECT_THAT(reports(true).items, IsEmpty());
  const auto decided = reports(false).items.at(0);
  EXPECT_FALSE(decided.content);
  EXPECT_EQ(decided.status, report_status::acted);
  EXPECT_EQ(decided.decided_by->id, mod_);
  EXPECT_TRUE(decided.decided_at);
  EXPECT_EQ(decided.note, "a note");
  EXPECT_EQ(expect_value(reader->report(filed.id))->status, report_status::acted);
  EXPECT_THAT(audited(), ElementsAre("report_decided bob acted"));
}

TEST_P(moderation_contract, who_may_report_what) {
  const auto message = post(room_, bob_, "one");
  EXPECT_EQ(report(eve_, message).error().code, error_code::not_found) << "of a room that she is not in";
  EXPECT_EQ(report(ann_, make.make_id<message_id>()).error().code, error_code::not_found);
  EXPECT_EQ(report(bob_, message).error().code, error_code::bad_request);
  set_flag(ann_, "not_active");
  EXPECT_EQ(report(ann_, message).error().code, error_code::unauthenticated);
  set_flag(ann_, "active");
  append(make.erase(room_, bob_, message));
  EXPECT_EQ(report(ann_, message).error().code, error_code::not_found);
}

TEST_P(moderation_contract, a_second_report_is_the_first_one) {
  const auto message = post(room_, bob_, "one");
  const auto first = expect_value(report(ann_, message, report_reason::illegal));
  const auto second = expect_value(report(ann_, message, report_reason::spam));
  EXPECT_TRUE(second.duplicate);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.reason, report_reason::illegal);
  EXPECT_EQ(second.created_at, first.created_at);
  EXPECT_EQ(reports(true).items.size(), 1U);
}

/// Or whoever writes something harmless first, and lets it be reported, could write what he likes there afterwards.
TEST_P(moderation_contract, what_was_edited_since_a_decided_report_can_be_reported_anew) {
  const auto message = post(room_, bob_, "harmless");
  const auto first = expect_value(report(ann_, message));
  append(make.edit(room_, bob_, message, "an insult"));
  expect_value(decide(mod_, first.id));
  const auto second = expect_value(report(ann_, message, report_reason::abuse));
  EXPECT_FALSE(second.duplicate);
  EXPECT_NE(second.id, first.id);
  const auto item = reports(true).items.at(0);
  EXPECT_EQ(item.report.id, second.id);
  EXPECT_EQ(item.report.reason, report_reason::abuse);
  EXPECT_EQ(item.content, "an insult");
  EXPECT_FALSE(item.decided_by || item.decided_at || item.note);
  EXPECT_EQ(reports(false).items.at(0).report.id, first.id) << "its decision stays";
  expect_value(decide(mod_, second.id));
  EXPECT_EQ(expect_value(report(ann_, message)).id, second.id) << "nothing was edited since";
  EXPECT_EQ(reports(false).items.size(), 2U);
}

TEST_P(moderation_contract, what_was_edited_since_an_open_report_is_another_text_to_report) {
  const auto message = post(room_, bob_, "harmless");
  const auto first = expect_value(report(ann_, message, report_reason::other));
  append(make.edit(room_, bob_, message, "an insult"));
  const auto second = expect_value(report(ann_, message, report_reason::abuse));
  EXPECT_FALSE(second.duplicate);
  EXPECT_EQ(expect_value(report(ann_, message)).id, second.id);
  append(make.edit(room_, bob_, message, "harmless"));
  EXPECT_EQ(expect_value(report(ann_, message)).id, first.id) << "that text waits for a decision already";
  const auto open = reports(true).items;
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].content, "harmless");
  EXPECT_EQ(open[1].content, "an insult");
  EXPECT_EQ(open[1].report.reason, report_reason::abuse);
}

/// Or an accomplice could report what is harmless, and what the others report afterwards would go unseen.
TEST_P(moderation_contract, a_decision_is_for_the_text_that_was_seen) {
  append(make.invite(room_, ann_, {eve_}));
  const auto message = post(room_, bob_, "good morning");
  const auto harmless = expect_value(report(eve_, message));
  append(make.edit(room_, bob_, message, "a threat"));
  const auto threat = expect_value(report(ann_, message, report_reason::abuse));
  expect_value(decide(mod_, harmless.id));
  EXPECT_EQ(expect_value(reader->report(harmless.id))->status, report_status::dismissed);
  const auto left = reports(true).items;
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].report.id, threat.id);
  EXPECT_EQ(left[0].content, "a threat");
  expect_value(decide(mod_, threat.id, report_status::acted));
  EXPECT_THAT(reports(true).items, IsEmpty());
  EXPECT_EQ(expect_value(reader->report(harmless.id))->status, report_status::dismissed) << "as it was decided";
}

TEST_P(moderation_contract, a_decision_is_for_all_reports_of_its_message) {
  append(make.invite(room_, ann_, {eve_}));
  const auto message = post(room_, bob_, "one");
  const auto other = post(room_, bob_, "another");
  const auto first = expect_value(report(ann_, message));
  const auto second = expect_value(report(eve_, message));
  const auto apart = expect_value(report(ann_, other));
  expect_value(decide(mod_, second.id));
  EXPECT_EQ(expect_value(reader->report(first.id))->status, report_status::dismissed);
  EXPECT_EQ(expect_value(reader->report(apart.id))->status, report_status::open);
  EXPECT_EQ(decide(mod_, first.id).error().code, error_code::conflict);
  EXPECT_EQ(decide(ann_, apart.id).error().code, error_code::forbidden);
  EXPECT_EQ(decide(mod_, make.make_id<report_id>()).error().code, error_code::not_found);
  set_flag(mod_, "not_active");
  EXPECT_EQ(decide(mod_, apart.id).error().code, error_code::unauthenticated);
}

TEST_P(moderation_contract, open_reports_of_one_person_are_bounded) {
  limits_config limits;
  limits.open_reports_per_user = 2;
  start(limits);
  fill();
  const auto message = post(room_, bob_, "one");
  const auto first = expect_value(report(ann_, message));
  expect_value(report(ann_, post(room_, bob_, "two")));
  EXPECT_EQ(report(ann_, post(room_, bob_, "three")).error().code, error_code::conflict);
  EXPECT_TRUE(expect_value(report(ann_, message)).duplicate) << "known ones are answered all the same";
  expect_value(decide(mod_, first.id));
  expect_value(report(ann_, post(room_, bob_, "four")));
}

TEST_P(moderation_contract, open_reports_come_oldest_first_and_decided_ones_newest_first) {
  std::vector<report_id> filed;
  for (const auto* content : {"one", "two", "three"}) {
    filed.push_back(expect_value(report(ann_, post(room_, bob_, content))).id);
  }
  auto page = reports(true, {{}, 2});
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0].report.id, filed[0]);
  page = reports(true, {page.next_cursor, 2});
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].report.id, filed[2]);
  for (const auto& id : filed) expect_value(decide(mod_, id));
  page = reports(false, {{}, 2});
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0].report.id, filed[2]);
  page = reports(false, {page.next_cursor, 2});
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].report.id, filed[0]);
  EXPECT_EQ(reader->reports(true, mod_, {"nonsense", 2}).error().code, error_code::bad_request);
}

TEST_P(moderation_contract, nobody_sees_or_decides_reports_of_his_own_messages) {
  set_role(eve_, "admin");
  append(make.invite(room_, ann_, {mod_, eve_}));
  std::vector<report_id> filed;  // of messages by mod, bob, eve, mod, bob
  for (const auto& sender : {mod_, bob_, eve_, mod_, bob_}) {
    filed.push_back(expect_value(report(ann_, post(room_, sender, "rude"))).id);
  }
  const auto seen_by = [&](user_id who, bool open, std::uint32_t page_of) {
    std::vector<report_id> ids;
    page_request range{{}, page_of};
    do {
      const auto found = expect_value(reader->reports(open, who, range));
      EXPECT_FALSE(found.items.empty()) << "a page of what is left out";
      for (const auto& item : found.items) ids.push_back(item.report.id);
      range.cursor = found.next_cursor;
    } while (range.cursor);
    return ids;
  };
  for (const auto page_of : {1U, 2U, 50U}) {
    EXPECT_THAT(seen_by(mod_, true, page_of), ElementsAre(filed[1], filed[2], filed[4]));
    EXPECT_THAT(seen_by(eve_, true, page_of), ElementsAre(filed[0], filed[1], filed[3], filed[4]));
  }
  const auto unknown = decide(mod_, make.make_id<report_id>()).error();
  for (const auto& own : {filed[0], filed[3]}) {
    const auto refusal = decide(mod_, own).error();
    EXPECT_EQ(refusal.code, error_code::not_found);
    EXPECT_EQ(refusal.message, unknown.message);
    EXPECT_EQ(expect_value(reader->report(own))->status, report_status::open);
  }
  EXPECT_EQ(decide(eve_, filed[2]).error().code, error_code::not_found) << "admins neither";
  for (const auto& id : {filed[0], filed[1], filed[3], filed[4]}) expect_value(decide(eve_, id));
  expect_value(decide(mod_, filed[2]));
  EXPECT_EQ(decide(mod_, filed[0]).error().code, error_code::not_found) << "decided";
  for (const auto page_of : {1U, 2U, 50U}) {
    EXPECT_THAT(seen_by(mod_, false, page_of), ElementsAre(filed[4], filed[2], filed[1]));
    EXPECT_THAT(seen_by(eve_, false, page_of), ElementsAre(filed[4], filed[3], filed[1], filed[0]));
  }
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
  expect_value(reader->standing_in(room_, mod_)) /* staff still sees who was banned: so do they who just closed it so */;
  append(make.erase(room_, mod_, std::get<message_posted>(event.body).message));
}

TEST_P(moderation_contract, a_reported_file_stays_and_is_seen_until_the_decision) {
  const auto file = make.make_id<file_id>();
  write([&](record_writer& records) -> result<void> {
    expect_value(records.begin_file({file, bob_, "a.png", 5, 0, make.next_time()}));
    return records.finish_file({file, bob_, "a.png", "image/png", 5, 0});
  });
  auto command = make.send(room_, bob_, "look");
  std::get<send_message>(command.command).file_url = file_url_of(file, "a.png");
  append(command);
  const message_id message(command.new_id);
  EXPECT_FALSE(expect_value(reader->reported_file(file)));
  const auto filed = expect_value(report(ann_, message));
  append(make.erase(room_, bob_, message));
  EXPECT_TRUE(expect_value(reader->reported_file(file)));
  EXPECT_EQ(reports(true).items.at(0).file_url, file_url_of(file, "a.png"));
  const auto sweep = [&] {
    std::vector<file_id> taken;
    const auto now = make.next_time();
    write([&](record_writer& records) -> result<void> {
      taken = expect_value(records.take_unused_files({now, now, now, 100}));
      return {};
    });
    return taken;
  };
  EXPECT_THAT(sweep(), IsEmpty());
  expect_value(decide(mod_, filed.id));
  EXPECT_FALSE(expect_value(reader->reported_file(file)));
  EXPECT_THAT(sweep(), ElementsAre(file));
}

TEST_P(moderation_contract, a_reported_file_that_its_owner_deletes_is_moderators_until_the_decision) {
  const auto file = make.make_id<file_id>();
  bool may_go = true;
  write([&](record_writer& records) -> result<void> {
    expect_value(records.begin_file({file, bob_, "a.png", 5, 0, make.next_time()}));
    return records.finish_file({file, bob_, "a.png", "image/png", 5, 0});
  });
  auto command = make.send(room_, bob_, "look");
  std::get<send_message>(command.command).file_url = file_url_of(file, "a.png");
  append(command);
  const auto filed = expect_value(report(ann_, message_id(command.new_id)));
  write([&](record_writer& records) -> result<void> {
    may_go = expect_value(records.withdraw_file(bob_, file, "a.png", make.next_time()));
    return {};
  });
  EXPECT_FALSE(may_go);
  EXPECT_FALSE(expect_value(reader->file_for(bob_, file)));
  EXPECT_FALSE(expect_value(reader->file_for(ann_, file)));
  EXPECT_TRUE(expect_value(reader->reported_file(file)));
  const auto sweep = [&] {
    std::vector<file_id> taken;
    const auto now = make.next_time();
    write([&](record_writer& records) -> result<void> {
      taken = expect_value(records.take_unused_files({now, now, now, 100}));
      return {};
    });
    return taken;
  };
  EXPECT_THAT(sweep(), IsEmpty());
  expect_value(decide(mod_, filed.id));
  EXPECT_FALSE(expect_value(reader->reported_file(file)));
  EXPECT_THAT(sweep(), ElementsAre(file));
}

INSTANTIATE_TEST_SUITE_P(stores, moderation_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
