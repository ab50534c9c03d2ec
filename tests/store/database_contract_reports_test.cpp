// Reports, decisions and the reported file as every store keeps them.
#include <gmock/gmock.h>

#include "moderation_fixture.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class reports_contract : public moderation_fixture {
 protected:
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
  file_id add_bobs_file() {
    const auto file = make.make_id<file_id>();
    write([&](record_writer& records) -> result<void> {
      expect_value(records.begin_file({file, bob_, "a.png", 5, 0, make.next_time()}));
      return records.finish_file({file, bob_, "a.png", "image/png", 5, 0});
    });
    return file;
  }
  message_id send_bobs_file(file_id file) {
    auto command = make.send(room_, bob_, "look");
    std::get<send_message>(command.command).file_url = file_url_of(file, "a.png");
    append(command);
    return message_id(command.new_id);
  }
  std::vector<file_id> sweep() {
    std::vector<file_id> taken;
    const auto now = make.next_time();
    write([&](record_writer& records) -> result<void> {
      taken = expect_value(records.take_unused_files({now, now, now, 100}));
      return {};
    });
    return taken;
  }
};

// --- Reports ---

TEST_P(reports_contract, a_report_keeps_what_was_said_until_it_is_decided) {
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

TEST_P(reports_contract, who_may_report_what) {
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

TEST_P(reports_contract, a_second_report_is_the_first_one) {
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
TEST_P(reports_contract, what_was_edited_since_a_decided_report_can_be_reported_anew) {
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

TEST_P(reports_contract, what_was_edited_since_an_open_report_is_another_text_to_report) {
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
TEST_P(reports_contract, a_decision_is_for_the_text_that_was_seen) {
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

TEST_P(reports_contract, a_decision_is_for_all_reports_of_its_message) {
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

TEST_P(reports_contract, open_reports_of_one_person_are_bounded) {
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

TEST_P(reports_contract, open_reports_come_oldest_first_and_decided_ones_newest_first) {
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

TEST_P(reports_contract, nobody_sees_or_decides_reports_of_his_own_messages) {
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

TEST_P(reports_contract, a_reported_file_stays_and_is_seen_until_the_decision) {
  const auto file = add_bobs_file();
  const auto message = send_bobs_file(file);
  EXPECT_FALSE(expect_value(reader->reported_file(file)));
  const auto filed = expect_value(report(ann_, message));
  append(make.erase(room_, bob_, message));
  EXPECT_TRUE(expect_value(reader->reported_file(file)));
  EXPECT_EQ(reports(true).items.at(0).file_url, file_url_of(file, "a.png"));
  EXPECT_THAT(sweep(), IsEmpty());
  expect_value(decide(mod_, filed.id));
  EXPECT_FALSE(expect_value(reader->reported_file(file)));
  EXPECT_THAT(sweep(), ElementsAre(file));
}

TEST_P(reports_contract, a_reported_file_that_its_owner_deletes_is_moderators_until_the_decision) {
  const auto file = add_bobs_file();
  bool may_go = true;
  const auto filed = expect_value(report(ann_, send_bobs_file(file)));
  write([&](record_writer& records) -> result<void> {
    may_go = expect_value(records.withdraw_file(bob_, file, "a.png", make.next_time()));
    return {};
  });
  EXPECT_FALSE(may_go);
  EXPECT_FALSE(expect_value(reader->file_for(bob_, file)));
  EXPECT_FALSE(expect_value(reader->file_for(ann_, file)));
  EXPECT_TRUE(expect_value(reader->reported_file(file)));
  EXPECT_THAT(sweep(), IsEmpty());
  expect_value(decide(mod_, filed.id));
  EXPECT_FALSE(expect_value(reader->reported_file(file)));
  EXPECT_THAT(sweep(), ElementsAre(file));
}

INSTANTIATE_TEST_SUITE_P(stores, reports_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
