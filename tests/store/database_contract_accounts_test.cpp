// What every store keeps of people: accounts, tokens, presence, friends.
#include <gmock/gmock.h>

#include "database_fixture.hpp"

namespace parley::test {
namespace {

class accounts_contract : public database_fixture {
 protected:
  result<own_profile> try_create(const new_user& user) {
    std::optional<result<own_profile>> created;
    (void)try_write([&](record_writer& records) -> result<void> {
      created = records.create_user(user);
      if (created->has_error()) return created->error();
      return {};
    });
    return *created;
  }
  token_hash add_token(user_id user, std::uint8_t first_byte, timestamp created_at, timestamp expires_at) {
    new_token_record token{{}, user, created_at, expires_at, {}, {}};
    token.hash.bytes.fill(0xA5);
    token.hash.bytes[0] = first_byte;
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.create_token(token));
      return {};
    });
    return token.hash;
  }
};

TEST_P(accounts_contract, an_account_comes_back_as_it_was_made) {
  const new_user user{make.make_id<user_id>(), "ann",         "a hash", "Ann A.", "a@x.org", "+49 1",
                      "https://x.org/a.png",   time_at(5'678)};
  const auto created = expect_value(try_create(user));
  const auto account = expect_value(reader->account_by_name("ann"));
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->password_hash, "a hash");
  const auto by_id = expect_value(reader->user(user.id));
  ASSERT_TRUE(by_id.has_value());
  for (const auto& own : {created, account->user, *by_id}) {
    EXPECT_EQ(own.profile.id, user.id);
    EXPECT_EQ(own.profile.username, "ann");
    EXPECT_EQ(own.profile.display_name, "Ann A.");
    EXPECT_EQ(own.profile.img_url, "https://x.org/a.png");
    EXPECT_EQ(own.profile.user_role, role::user);
    EXPECT_EQ(own.email, "a@x.org");
    EXPECT_EQ(own.phone, "+49 1");
    EXPECT_EQ(own.flag, account_flag::active);
    EXPECT_EQ(own.created_at, time_at(5'678));
  }
  const std::vector ids{user.id};
  const auto presence = expect_value(reader->presence(ids));
  ASSERT_EQ(presence.size(), 1U);
  EXPECT_FALSE(presence[0].is_online);
  EXPECT_EQ(presence[0].last_seen, std::nullopt);
}

TEST_P(accounts_contract, the_parameters_of_stored_passwords_are_told_once_each) {
  EXPECT_THAT(expect_value(reader->password_parameters()), ::testing::IsEmpty());
  const std::string salt_and_hash = "$" + std::string(22, 's') + "$" + std::string(43, 'h');
  const std::string dear = "$argon2id$v=19$m=19456,t=2,p=1", cheap = "$argon2id$v=19$m=64,t=10,p=1";
  int names = 0;
  for (const auto& hash : {dear + salt_and_hash, cheap + salt_and_hash, dear + salt_and_hash, std::string("*")}) {
    const auto name = "user" + std::to_string(++names);
    expect_value(try_create({make.make_id<user_id>(), name, hash, name, {}, {}, {}, make.next_time()}));
  }
  EXPECT_THAT(expect_value(reader->password_parameters()), ::testing::UnorderedElementsAre(dear, cheap));
}

TEST_P(accounts_contract, a_taken_name_is_a_conflict_and_leaves_the_first) {
  const auto ann = add_user("ann");
  const auto again = try_create({make.make_id<user_id>(), "ann", "other", "Other", {}, {}, {}, make.next_time()});
  EXPECT_EQ(again.error().code, error_code::conflict);
  EXPECT_EQ(expect_value(reader->account_by_name("ann"))->user.profile.id, ann);
  EXPECT_EQ(expect_value(reader->account_by_name("nobody")), std::nullopt);
  EXPECT_EQ(expect_value(reader->user(make.make_id<user_id>())), std::nullopt);
}

TEST_P(accounts_contract, two_of_one_batch_cannot_take_the_same_name) {
  const auto create = [&](record_writer& records) -> result<void> {
    auto made = records.create_user({make.make_id<user_id>(), "ann", "h", "Ann", {}, {}, {}, make.next_time()});
    if (made.has_error()) return made.error();
    return {};
  };
  const std::vector<write_job> jobs{create, create};
  const auto batch = expect_value(writer->commit({}, jobs));
  EXPECT_FALSE(batch.jobs[0].has_error());
  EXPECT_EQ(batch.jobs[1].error().code, error_code::conflict);
}

TEST_P(accounts_contract, roles_and_flags_are_read_as_they_stand) {
  const auto ann = add_user("ann");
  set_role(ann, "admin");
  set_flag(ann, "not_active");
  EXPECT_EQ(expect_value(reader->user(ann))->profile.user_role, role::admin);
  EXPECT_EQ(expect_value(reader->user(ann))->flag, account_flag::suspended);
  set_flag(ann, "delete");
  EXPECT_EQ(expect_value(reader->account_by_name("ann"))->user.flag, account_flag::locked);
}

TEST_P(accounts_contract, a_hash_is_renewed_only_while_it_is_still_the_users) {
  const auto ann = add_user("ann");
  write([&](record_writer& records) { return records.set_password_hash(ann, "hash of ann", "new"); });
  EXPECT_EQ(expect_value(reader->account_by_name("ann"))->password_hash, "new");
  const auto late =
      try_write([&](record_writer& records) { return records.set_password_hash(ann, "hash of ann", "newer"); });
  EXPECT_EQ(late.error().code, error_code::unauthenticated);
}

TEST_P(accounts_contract, a_token_leads_to_its_user_until_it_is_deleted) {
  const auto ann = add_user("ann");
  const auto hash = add_token(ann, 1, time_at(0), time_at(1'000));
  const auto record = expect_value(reader->token(hash));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->user.profile.id, ann);
  EXPECT_EQ(record->user.flag, account_flag::active);
  EXPECT_EQ(record->expires_at, time_at(1'000));
  write([&](record_writer& records) { return records.delete_token(hash); });
  EXPECT_EQ(expect_value(reader->token(hash)), std::nullopt);
  write([&](record_writer& records) { return records.delete_token(hash); });
}

TEST_P(accounts_contract, several_tokens_are_read_in_one_look_in_the_order_of_the_question) {
  const auto ann = add_user("ann");
  const auto bob = add_user("bob");
  const auto anns = add_token(ann, 0xFE, time_at(0), time_at(1'000));
  const auto bobs = add_token(bob, 0x01, time_at(0), time_at(2'000));
  token_hash nobodys;
  nobodys.bytes.fill(7);
  const std::vector asked{anns, nobodys, bobs, anns};
  const auto found = expect_value(reader->tokens(asked));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0]->user.profile.id, ann);
  EXPECT_EQ(found[0]->expires_at, time_at(1'000));
  EXPECT_EQ(found[1], std::nullopt);
  EXPECT_EQ(found[2]->user.profile.id, bob);
  EXPECT_EQ(found[2]->expires_at, time_at(2'000));
  EXPECT_EQ(found[3]->user.profile.id, ann);
  EXPECT_TRUE(expect_value(reader->tokens({})).empty());
}

TEST_P(accounts_contract, all_tokens_of_a_user_end_together_and_are_named) {
  const auto ann = add_user("ann");
  const auto bob = add_user("bob");
  const auto first = add_token(ann, 0x01, time_at(0), time_at(1'000));
  const auto second = add_token(ann, 0xFE, time_at(0), time_at(1'000));
  const auto bobs = add_token(bob, 3, time_at(0), time_at(1'000));
  std::vector<token_hash> ended;
  write([&](record_writer& records) -> result<void> {
    ended = expect_value(records.delete_tokens_of(ann));
    return {};
  });
  EXPECT_EQ(ended, (std::vector{first, second}));
  EXPECT_EQ(expect_value(reader->token(first)), std::nullopt);
  EXPECT_TRUE(expect_value(reader->token(bobs)).has_value());
}

TEST_P(accounts_contract, logging_in_sweeps_ones_expired_tokens) {
  const auto ann = add_user("ann");
  const auto old = add_token(ann, 1, time_at(0), time_at(10));
  const auto living = add_token(ann, 2, time_at(0), time_at(1'000));
  add_token(ann, 3, time_at(10), time_at(1'000));
  EXPECT_EQ(expect_value(reader->token(old)), std::nullopt);
  EXPECT_TRUE(expect_value(reader->token(living)).has_value());
}

TEST_P(accounts_contract, a_token_of_nobody_is_refused) {
  const auto outcome = try_write([&](record_writer& records) {
    const auto made = records.create_token({{}, make.make_id<user_id>(), time_at(0), time_at(1), {}, {}});
    return made ? result<void>() : made.error();
  });
  EXPECT_EQ(outcome.error().code, error_code::unauthenticated);
}

TEST_P(accounts_contract, people_are_found_by_prefix_of_username_or_part_of_display_name) {
  for (const auto* name : {"annika", "bobby", "cecil", "joanna", "zed_1", "zedx1"}) add_user(name);
  const auto names = [&](const std::string& query) {
    std::string all;
    for (const auto& user : expect_value(reader->find_users(query, {std::nullopt, 50})).items) {
      all += user.username + " ";
    }
    return all;
  };
  EXPECT_EQ(names(""), "annika bobby cecil joanna zed_1 zedx1 ");
  EXPECT_EQ(names("bob"), "bobby ");
  EXPECT_EQ(names("BOB"), "bobby ");
  EXPECT_EQ(names("ann"), "annika joanna ") << "joanna by her display name";
  EXPECT_EQ(names("zed_"), "zed_1 ") << "no wildcard";
  EXPECT_EQ(names("%"), "");
  EXPECT_EQ(names("nobody"), "");
  store->run_sql("UPDATE tb_users SET display_name = 'Ärger Đặng' WHERE username = 'zed_1'");
  for (const auto* part : {"Ärger", "ärger", "ÄRGER", "đẶNG"}) {
    EXPECT_EQ(names(part), "zed_1 ") << part;
    EXPECT_EQ(expect_value(reader->accounts({part, {}, {}}, {})).items.size(), 1U) << part;
  }
  EXPECT_EQ(names("arger"), "") << "an accent counts";
  set_flag(expect_value(reader->account_by_name("bobby"))->user.profile.id, "not_active");
  EXPECT_EQ(names("bob"), "");
}

TEST_P(accounts_contract, people_come_in_pages) {
  for (const auto* name : {"ann", "bob", "cid"}) add_user(name);
  const auto first = expect_value(reader->find_users("", {std::nullopt, 2}));
  ASSERT_EQ(first.items.size(), 2U);
  ASSERT_TRUE(first.next_cursor.has_value());
  const auto second = expect_value(reader->find_users("", {first.next_cursor, 2}));
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_EQ(second.items[0].username, "cid");
  EXPECT_FALSE(second.next_cursor.has_value());
}

TEST_P(accounts_contract, a_search_that_fits_few_goes_on_where_it_stopped) {
  std::vector<write_job> jobs;
  for (int i = 10'000; i < 16'000; ++i) {
    const auto name = (i == 15'500 ? "wanted" : "user") + std::to_string(i);
    jobs.emplace_back(
        [user = new_user{make.make_id<user_id>(), "u" + std::to_string(i), "h", name, {}, {}, {}, make.next_time()}](
            record_writer& records) -> result<void> {
          (void)expect_value(records.create_user(user));
          return {};
        });
  }
  expect_value(writer->commit({}, jobs));
  const auto first = expect_value(reader->find_users("wanted", {std::nullopt, 10}));
  EXPECT_TRUE(first.items.empty());
  ASSERT_EQ(first.next_cursor, "u14999");
  const auto second = expect_value(reader->find_users("wanted", {first.next_cursor, 10}));
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_EQ(second.items[0].username, "u15500");
  EXPECT_FALSE(second.next_cursor.has_value());
}

TEST_P(accounts_contract, presence_keeps_the_last_seen_and_is_cleared_at_once) {
  const auto ann = add_user("ann");
  const auto bob = add_user("bob");
  const auto read = [&](user_id user) {
    const std::vector ids{make.make_id<user_id>(), user};
    const auto found = expect_value(reader->presence(ids));
    EXPECT_EQ(found.size(), 1U) << "the unknown are left out";
    return found.at(0);
  };
  const std::vector<presence_record> online{{ann, true, time_at(1)}, {bob, true, time_at(2)}};
  write([&](record_writer& records) { return records.save_presence(online); });
  EXPECT_TRUE(read(ann).is_online);
  EXPECT_EQ(read(ann).last_seen, time_at(1));
  const std::vector<presence_record> offline{{bob, false, std::nullopt}};
  write([&](record_writer& records) { return records.save_presence(offline); });
  EXPECT_FALSE(read(bob).is_online);
  EXPECT_EQ(read(bob).last_seen, time_at(2));
  // Everybody at once, in any order; of two about one user the last counts.
  const std::vector<presence_record> mixed{
      {bob, false, time_at(3)}, {ann, false, time_at(4)},  {make.make_id<user_id>(), true, time_at(5)},
      {bob, true, time_at(6)},  {ann, true, std::nullopt}, {ann, false, std::nullopt}};
  write([&](record_writer& records) { return records.save_presence(mixed); });
  EXPECT_TRUE(read(bob).is_online);
  EXPECT_EQ(read(bob).last_seen, time_at(6));
  EXPECT_FALSE(read(ann).is_online);
  write([&](record_writer& records) { return records.save_presence({}); });
  write([&](record_writer& records) { return records.save_presence(online); });
  write([&](record_writer& records) { return records.clear_presence(); });
  EXPECT_FALSE(read(ann).is_online);
  EXPECT_EQ(read(ann).last_seen, time_at(1));
}

TEST_P(accounts_contract, a_session_begins_with_its_own_token_and_the_users_flag) {
  const auto ann = add_user("ann");
  const auto bob = add_user("bob");
  const auto token = add_token(ann, 1, time_at(1), time_at(9'000));
  const auto found = basis_of(ann, token);
  EXPECT_EQ(found.flag, account_flag::active);
  EXPECT_EQ(found.token_expires_at, time_at(9'000));
  EXPECT_EQ(basis_of(bob, token).token_expires_at, std::nullopt) << "another's token";
  EXPECT_EQ(basis_of(ann).token_expires_at, std::nullopt) << "an unknown token";
  set_flag(ann, "not_active");
  EXPECT_EQ(basis_of(ann, token).flag, account_flag::suspended);
  const auto nobody = basis_of(make.make_id<user_id>(), token);
  EXPECT_EQ(nobody.flag, std::nullopt);
  EXPECT_EQ(nobody.token_expires_at, std::nullopt);
}

TEST_P(accounts_contract, friends_are_those_who_accepted_whoever_asked) {
  const auto ann = add_user("ann");
  const auto bob = add_user("bob");
  const auto cid = add_user("cid");
  const auto dan = add_user("dan");
  const auto eve = add_user("eve");
  befriend(ann, bob, "accepted");
  befriend(cid, ann, "accepted");
  befriend(ann, dan, "pending");
  befriend(eve, ann, "blocked");
  EXPECT_THAT(basis_of(ann).friends, testing::UnorderedElementsAre(bob, cid));
  EXPECT_EQ(basis_of(bob).friends, (std::vector{ann}));
  EXPECT_TRUE(basis_of(dan).friends.empty());
}

INSTANTIATE_TEST_SUITE_P(stores, accounts_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
