// What people change about themselves and staff about them; each case on every store.
#include <gmock/gmock.h>

#include "store/database_fixture.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class people_contract : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    ann_ = add_user("ann");
    bob_ = add_user("bob");
    root_ = add_user("root");
    set_role(root_, "admin");
  }
  template <class T, class Work>
  result<T> run(Work work) {
    std::optional<result<T>> told;
    (void)try_write([&](record_writer& records) -> result<void> {
      told = work(records);
      if (told->has_error()) return told->error();
      return {};
    });
    return *told;
  }
  result<changed_account> change(std::optional<user_id> by, user_id user, account_wish wish) {
    const account_change what{by, user, wish, make.next_time(), make.make_id<uuid>(), make.make_id<uuid>()};
    return run<changed_account>([&](record_writer& records) { return records.change_account(what); });
  }
  error_code refusal(std::optional<user_id> by, user_id user, account_wish wish) {
    const auto done = change(by, user, wish);
    return done.has_error() ? done.error().code : error_code::internal;
  }
  result<own_profile> change_profile(user_id user, const profile_change& what) {
    return run<own_profile>([&](record_writer& records) { return records.change_profile(user, what); });
  }
  result<std::vector<token_hash>> try_token(user_id user, std::uint8_t number,
                                            std::optional<std::string> password_hash = {},
                                            std::optional<std::string> agent = {}) {
    new_token_record token{{}, user, time_at(number), time_at(1'000), std::move(agent), std::move(password_hash)};
    token.hash.bytes.fill(number);
    return run<std::vector<token_hash>>([&](record_writer& records) { return records.create_token(token); });
  }
  static token_hash hash_of(std::uint8_t number) {
    token_hash hash;
    hash.bytes.fill(number);
    return hash;
  }
  std::vector<std::string> names(const account_filter& which, page_request range = {}) {
    std::vector<std::string> found;
    for (const auto& account : expect_value(reader->accounts(which, range)).items) {
      found.push_back(account.profile.username);
    }
    return found;
  }
  std::vector<std::string> trail() {
    std::vector<std::string> lines;
    for (const auto& entry : expect_value(reader->audit_trail({})).items) {
      lines.push_back((entry.actor ? entry.actor->username : "operator") + " " +
                      std::string(to_string(entry.record.action)) + " " + (entry.user ? entry.user->username : "") +
                      (entry.record.detail ? " " + *entry.record.detail : ""));
    }
    return lines;
  }

  user_id ann_, bob_, root_;
};

TEST_P(people_contract, a_profile_changes_field_by_field) {
  auto changed = expect_value(change_profile(ann_, {{"Ann B."}, {"a@b.org"}, {"+49 1"}, {"https://x.org/a.png"}}));
  EXPECT_EQ(changed.profile.display_name, "Ann B.");
  changed = expect_value(change_profile(ann_, {{}, std::optional<std::string>(), {}, {}}));
  EXPECT_EQ(changed.profile.display_name, "Ann B.");
  EXPECT_EQ(changed.email, std::nullopt);
  EXPECT_EQ(changed.phone, "+49 1");
  changed = expect_value(change_profile(ann_, {std::optional<std::string>(), {}, {}, std::optional<std::string>()}));
  EXPECT_EQ(changed.profile.display_name, "ann") << "without a name of its own, the username";
  EXPECT_EQ(changed.profile.img_url, std::nullopt);
  EXPECT_EQ(expect_value(reader->user(ann_))->profile.display_name, "ann");
  EXPECT_EQ(change_profile(make.make_id<user_id>(), {}).error().code, error_code::not_found);
}

TEST_P(people_contract, a_new_password_ends_all_tokens_but_one) {
  for (int number = 1; number <= 3; ++number) (void)expect_value(try_token(ann_, static_cast<std::uint8_t>(number)));
  (void)expect_value(try_token(bob_, 4));
  const auto to = [&](const std::string& from) {
    const password_change what{
        ann_,
        from,
        "new",
        hash_of(2),
        {make.make_id<uuid>(), make.next_time(), ann_, audit_action::password_changed, ann_, {}, {}, {}}};
    using ended = std::optional<std::vector<token_hash>>;
    return expect_value(run<ended>([&](record_writer& records) { return records.change_password(what); }));
  };
  EXPECT_EQ(to("wrong"), std::nullopt);
  EXPECT_THAT(trail(), IsEmpty());
  const auto ended = to("hash of ann");
  ASSERT_TRUE(ended.has_value());
  EXPECT_THAT(*ended, UnorderedElementsAre(hash_of(1), hash_of(3)));
  EXPECT_EQ(expect_value(reader->account_by_name("ann"))->password_hash, "new");
  EXPECT_FALSE(expect_value(reader->token(hash_of(1))).has_value());
  EXPECT_TRUE(expect_value(reader->token(hash_of(2))).has_value());
  EXPECT_TRUE(expect_value(reader->token(hash_of(4))).has_value());
  EXPECT_THAT(trail(), ElementsAre("ann password_changed ann"));
}

TEST_P(people_contract, a_token_is_for_an_active_user_and_the_password_that_was_checked) {
  (void)expect_value(try_token(ann_, 1, "hash of ann"));
  EXPECT_EQ(try_token(ann_, 2, "an old one").error().code, error_code::unauthenticated);
  set_flag(ann_, "not_active");
  EXPECT_EQ(try_token(ann_, 3, "hash of ann").error().code, error_code::unauthenticated);
  EXPECT_EQ(try_token(ann_, 3).error().code, error_code::unauthenticated);
  EXPECT_EQ(expect_value(reader->tokens_of(ann_)).size(), 1U);
}

TEST_P(people_contract, tokens_are_listed_and_renewed) {
  (void)expect_value(try_token(ann_, 1, {}, "curl/8"));
  (void)expect_value(try_token(ann_, 2));
  const token_renewal later{hash_of(1), time_at(500), time_at(1'500)};
  write([&](record_writer& records) { return records.renew_token(later); });
  const token_renewal earlier{hash_of(1), time_at(400), time_at(1'400)};
  write([&](record_writer& records) { return records.renew_token(earlier); });
  const auto tokens = expect_value(reader->tokens_of(ann_));
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].hash, hash_of(2)) << "the newest first";
  EXPECT_EQ(tokens[0].last_used_at, time_at(2)) << "never used: since its log-in";
  EXPECT_EQ(tokens[1].user_agent, "curl/8");
  EXPECT_EQ(tokens[1].last_used_at, time_at(500));
  EXPECT_EQ(tokens[1].expires_at, time_at(1'500));
  const auto record = *expect_value(reader->token(hash_of(1)));
  EXPECT_EQ(record.created_at, time_at(1));
  EXPECT_EQ(record.last_used_at, time_at(500));
  EXPECT_EQ(record.expires_at, time_at(1'500));
}

TEST_P(people_contract, a_log_in_too_many_ends_the_one_that_expires_first) {
  limits_config limits;
  limits.tokens_per_user = 2;
  start(limits);
  ann_ = add_user("ann");
  for (int number = 1; number <= 3; ++number) {
    new_token_record token{{}, ann_, time_at(number), time_at(1'000 + number), {}, {}};
    token.hash.bytes.fill(static_cast<std::uint8_t>(number));
    const auto ended =
        expect_value(run<std::vector<token_hash>>([&](record_writer& records) { return records.create_token(token); }));
    EXPECT_EQ(ended, number < 3 ? std::vector<token_hash>() : std::vector{hash_of(1)});
  }
  const auto tokens = expect_value(reader->tokens_of(ann_));
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].hash, hash_of(3));
  EXPECT_EQ(tokens[1].hash, hash_of(2));
}

TEST_P(people_contract, suspending_ends_the_tokens_and_restoring_brings_none_back) {
  (void)expect_value(try_token(ann_, 1));
  const auto done = expect_value(change(root_, ann_, {account_flag::suspended, {}}));
  EXPECT_EQ(done.before.flag, account_flag::active);
  EXPECT_EQ(done.after.flag, account_flag::suspended);
  EXPECT_THAT(done.ended, ElementsAre(hash_of(1)));
  EXPECT_EQ(expect_value(reader->user(ann_))->flag, account_flag::suspended);
  expect_value(change(root_, ann_, {account_flag::locked, {}}));
  expect_value(change(root_, ann_, {account_flag::active, {}}));
  EXPECT_THAT(expect_value(reader->tokens_of(ann_)), IsEmpty());
  expect_value(change(root_, ann_, {account_flag::active, {}}));
  EXPECT_THAT(trail(),
              ElementsAre("root user_restored ann delete -> active", "root user_locked ann not_active -> delete",
                          "root user_suspended ann active -> not_active"))
      << "what changes nothing is no entry";
}

TEST_P(people_contract, staff_does_what_the_table_says) {
  EXPECT_EQ(refusal(ann_, bob_, {account_flag::suspended, {}}), error_code::forbidden);
  EXPECT_EQ(refusal(ann_, make.make_id<user_id>(), {account_flag::suspended, {}}), error_code::forbidden)
      << "who may do nothing does not learn who exists";
  EXPECT_EQ(refusal(root_, make.make_id<user_id>(), {account_flag::suspended, {}}), error_code::not_found);
  expect_value(change(root_, ann_, {{}, role::moderator}));
  EXPECT_FALSE(expect_value(change(ann_, bob_, {account_flag::suspended, {}})).shows_contacts);
  expect_value(change(ann_, bob_, {account_flag::active, {}}));
  EXPECT_EQ(refusal(ann_, bob_, {account_flag::locked, {}}), error_code::forbidden);
  EXPECT_EQ(refusal(ann_, bob_, {{}, role::moderator}), error_code::forbidden);
  EXPECT_EQ(refusal(ann_, root_, {account_flag::suspended, {}}), error_code::forbidden);
  EXPECT_EQ(refusal(ann_, ann_, {{}, role::admin}), error_code::forbidden);
  expect_value(change(root_, bob_, {account_flag::locked, {}}));
  EXPECT_EQ(refusal(ann_, bob_, {account_flag::active, {}}), error_code::forbidden) << "a lock is an admin's to open";
  expect_value(change(root_, ann_, {account_flag::suspended, {}}));
  EXPECT_EQ(refusal(ann_, bob_, {account_flag::active, {}}), error_code::unauthenticated);
}

TEST_P(people_contract, the_last_admin_stays) {
  for (const account_wish wish : {account_wish{account_flag::suspended, {}}, account_wish{account_flag::locked, {}},
                                  account_wish{{}, role::user}}) {
    EXPECT_EQ(refusal(root_, root_, wish), error_code::conflict);
    EXPECT_EQ(refusal(std::nullopt, root_, wish), error_code::conflict) << "not by the operator either";
  }
  expect_value(change(root_, root_, {account_flag::active, role::admin}));
  expect_value(change(std::nullopt, ann_, {{}, role::admin}));
  set_flag(ann_, "not_active");
  EXPECT_EQ(refusal(root_, root_, {{}, role::user}), error_code::conflict) << "one who is suspended is none";
  set_flag(ann_, "active");
  expect_value(change(root_, root_, {{}, role::user}));
  EXPECT_EQ(refusal(root_, root_, {{}, role::admin}), error_code::forbidden);
  EXPECT_THAT(trail(), ElementsAre("root role_changed root admin -> user", "operator role_changed ann user -> admin"));
}

TEST_P(people_contract, accounts_are_found_by_name_flag_and_role) {
  set_flag(bob_, "not_active");
  EXPECT_THAT(names({}), ElementsAre("ann", "bob", "root"));
  EXPECT_THAT(names({"B", {}, {}}), ElementsAre("bob"));
  EXPECT_THAT(names({"oot!", {}, {}}), ElementsAre("root")) << "a part of the display name";
  EXPECT_THAT(names({"", account_flag::suspended, {}}), ElementsAre("bob"));
  EXPECT_THAT(names({"", {}, role::admin}), ElementsAre("root"));
  EXPECT_THAT(names({"", account_flag::suspended, role::admin}), IsEmpty());
  const auto first = expect_value(reader->accounts({}, {std::nullopt, 2}));
  EXPECT_EQ(first.next_cursor, "bob");
  EXPECT_THAT(names({}, {first.next_cursor, 2}), ElementsAre("root"));
}

TEST_P(people_contract, what_is_done_to_others_things_is_kept) {
  const auto room = add_group("a group", ann_, {bob_});
  append(make.invite(room, ann_, {root_}));
  const auto message = append(make.send(room, bob_, "rude"));
  const auto id = std::get<message_posted>(message.body).message;
  append(make.erase(room, root_, id));
  append(make.rename(room, root_, "calmer"));
  append(make.rename(room, ann_, "mine"));
  const auto own = std::get<message_posted>(append(make.send(room, ann_, "oops")).body).message;
  append(make.erase(room, ann_, own));
  append(make.remove(room, ann_, bob_));
  append(make.remove(room, ann_, ann_));
  EXPECT_THAT(trail(), ElementsAre("ann member_removed bob", "root room_renamed ", "root message_deleted bob"));
  const auto page = expect_value(reader->audit_trail({std::nullopt, 2}));
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0].record.room, room);
  ASSERT_TRUE(page.next_cursor.has_value());
  const auto rest = expect_value(reader->audit_trail({page.next_cursor, 2}));
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_EQ(rest.items[0].record.message, id);
  EXPECT_FALSE(rest.next_cursor.has_value());
  EXPECT_EQ(reader->audit_trail({"nonsense", 2}).error().code, error_code::bad_request);
}

TEST_P(people_contract, the_audit_trail_is_only_ever_added_to) {
  expect_value(change(root_, ann_, {account_flag::suspended, {}}));
  for (const auto* sql : {"UPDATE tb_audit SET detail = 'nothing'", "DELETE FROM tb_audit"}) {
    EXPECT_ANY_THROW(store->run_sql(sql)) << sql;
  }
  EXPECT_EQ(trail().size(), 1U);
}

TEST_P(people_contract, the_last_ones_leaving_closes_the_room) {
  const auto room = add_group("a group", ann_, {bob_});
  append(make.remove(room, ann_, ann_));
  EXPECT_EQ(expect_value(reader->group_by_name("a group")), room);
  append(make.remove(room, bob_, bob_));
  EXPECT_EQ(expect_value(reader->group_by_name("a group")), std::nullopt);
  expect_refusal(make.send(room, bob_, "hello?"), error_code::not_found);
  expect_refusal(make.invite(room, ann_, {bob_}), error_code::not_found);
}

INSTANTIATE_TEST_SUITE_P(stores, people_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
