// Files as every store keeps them: who may send and see one, quotas, blocks, and the sweep.
#include <gmock/gmock.h>

#include "database_fixture.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class files_contract : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    ann_ = add_user("ann");
    bob_ = add_user("bob");
    eve_ = add_user("eve");
    room_ = add_group("room", ann_, {bob_});
  }
  result<void> begin(file_id file, user_id owner, std::uint64_t bytes, std::uint64_t quota = 0) {
    return try_write([&](record_writer& records) {
      return records.begin_file({file, owner, "a.txt", bytes, quota, make.next_time()});
    });
  }
  result<void> finish(file_id file, user_id owner, std::uint64_t bytes, std::uint64_t quota = 0) {
    return try_write([&](record_writer& records) {
      return records.finish_file({file, owner, "a.txt", "text/plain", bytes, quota});
    });
  }
  file_id add_file(user_id owner, std::uint64_t bytes = 5) {
    const auto file = make.make_id<file_id>();
    expect_value(begin(file, owner, bytes));
    expect_value(finish(file, owner, bytes));
    return file;
  }
  append_command with_file(room_id room, user_id user, file_id file, const std::string& name = "a.txt") {
    auto command = make.send(room, user, "see");
    std::get<send_message>(command.command).file_url = file_url_of(file, name);
    return command;
  }
  result<bool> withdraw(user_id owner, file_id file, const std::string& name = "a.txt") {
    bool may_go = false;
    const auto done = try_write([&](record_writer& records) -> result<void> {
      const auto withdrawn = records.withdraw_file(owner, file, name, make.next_time());
      if (!withdrawn) return withdrawn.error();
      may_go = *withdrawn;
      return {};
    });
    if (!done) return done.error();
    return may_go;
  }
  bool sees(user_id user, file_id file) { return expect_value(reader->file_for(user, file)).has_value(); }
  std::vector<file_id> sweep(std::uint32_t limit = 100) {
    std::vector<file_id> taken;
    const auto now = make.next_time();
    write([&](record_writer& records) -> result<void> {
      taken = expect_value(records.take_unused_files({now, now, now, limit}));
      return {};
    });
    return taken;
  }
  void forget(std::vector<file_id> files) {
    write([&](record_writer& records) { return records.delete_files(files); });
  }

  user_id ann_, bob_, eve_;
  room_id room_;
};

TEST_P(files_contract, a_file_is_its_owners_until_a_room_has_it) {
  const auto file = add_file(ann_);
  const auto found = expect_value(reader->file_for(ann_, file));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->owner, ann_);
  EXPECT_EQ(found->name, "a.txt");
  EXPECT_EQ(found->content_type, "text/plain");
  EXPECT_EQ(found->size, 5U);
  EXPECT_FALSE(sees(bob_, file));
  append(with_file(room_, ann_, file));
  EXPECT_TRUE(sees(bob_, file));
  EXPECT_FALSE(sees(eve_, file));
  append(make.remove(room_, ann_, bob_));
  EXPECT_FALSE(sees(bob_, file));
  append(make.invite(room_, ann_, {eve_}));
  EXPECT_TRUE(sees(eve_, file));
}

TEST_P(files_contract, nobody_sends_a_file_that_he_may_not_see) {
  const auto file = add_file(ann_);
  const auto eves = add_group("eve's", eve_, {bob_});
  expect_refusal(with_file(eves, eve_, file), error_code::not_found);
  EXPECT_FALSE(sees(eve_, file));
  append(with_file(room_, ann_, file));
  expect_refusal(with_file(eves, eve_, file), error_code::not_found);
  append(with_file(eves, bob_, file));
  EXPECT_TRUE(sees(eve_, file)) << "whoever has it in a room may pass it on";
  append(with_file(eves, eve_, file));
}

TEST_P(files_contract, only_a_whole_file_under_its_own_name_is_sent) {
  const auto file = add_file(ann_);
  expect_refusal(with_file(room_, ann_, file, "b.txt"), error_code::not_found);
  expect_refusal(with_file(room_, ann_, make.make_id<file_id>()), error_code::not_found);
  const auto unfinished = make.make_id<file_id>();
  expect_value(begin(unfinished, ann_, 5));
  expect_refusal(with_file(room_, ann_, unfinished), error_code::not_found);
  EXPECT_FALSE(sees(ann_, unfinished));
  auto elsewhere = make.send(room_, ann_, "x");
  std::get<send_message>(elsewhere.command).file_url = "https://example.org/a.png";
  append(elsewhere);
}

TEST_P(files_contract, what_was_sent_before_is_answered_again_though_the_file_is_gone) {
  const auto file = add_file(ann_);
  auto command = with_file(room_, ann_, file);
  std::get<send_message>(command.command).client_msg_id = "key";
  const auto first = append(command);
  append(make.erase(room_, ann_, message_id(command.new_id)));
  forget(sweep());
  auto again = with_file(room_, ann_, file);
  std::get<send_message>(again.command).client_msg_id = "key";
  const auto outcome = try_append(again);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->duplicate);
  EXPECT_EQ(outcome->events.at(0).seq, first.seq);
}

TEST_P(files_contract, a_deleted_messages_file_is_nobodys_but_the_owners) {
  const auto file = add_file(ann_);
  const auto one = append(with_file(room_, ann_, file));
  const auto two = append(with_file(room_, bob_, file));
  append(make.erase(room_, ann_, std::get<message_posted>(one.body).message));
  EXPECT_TRUE(sees(bob_, file));
  append(make.erase(room_, bob_, std::get<message_posted>(two.body).message));
  EXPECT_FALSE(sees(bob_, file));
  EXPECT_TRUE(sees(ann_, file));
}

TEST_P(files_contract, a_profile_picture_is_everybodys_while_it_is_one) {
  const auto file = add_file(ann_), bobs = add_file(bob_);
  const auto show = [&](std::optional<std::string> url) {
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.change_profile(ann_, {{}, {}, {}, url}));
      return {};
    });
  };
  show(file_url_of(file, "a.txt"));
  EXPECT_TRUE(sees(eve_, file));
  EXPECT_THAT(sweep(), ElementsAre(bobs));
  show(file_url_of(bobs, "a.txt"));
  EXPECT_FALSE(sees(eve_, file));
  EXPECT_FALSE(sees(eve_, bobs)) << "a picture of somebody else's shows nothing of his";
  EXPECT_THAT(sweep(), testing::UnorderedElementsAre(file, bobs));
}

TEST_P(files_contract, uploads_go_when_nobody_can_be_at_them_any_more_and_files_when_nobody_sent_them) {
  const auto upload = make.make_id<file_id>();
  expect_value(begin(upload, ann_, 60, 100));
  const auto between = make.next_time();
  const auto file = add_file(bob_);
  const auto take = [&](timestamp unsent_before, timestamp begun_before) {
    std::vector<file_id> taken;
    write([&](record_writer& records) -> result<void> {
      taken = expect_value(records.take_unused_files({unsent_before, begun_before, make.next_time(), 100}));
      return {};
    });
    return taken;
  };
  const auto later = make.next_time();
  EXPECT_THAT(take(timestamp{}, timestamp{}), IsEmpty());
  EXPECT_THAT(take(later, timestamp{}), ElementsAre(file)) << "the upload is under way";
  EXPECT_THAT(take(between, between), ElementsAre(upload));
  EXPECT_EQ(finish(upload, ann_, 60, 100).error().code, error_code::not_found);
  expect_value(begin(make.make_id<file_id>(), ann_, 100, 100)) /* the quota is free */;
  EXPECT_THAT(take(timestamp{}, make.next_time()).size(), 1U) << "whatever the time is for what nobody sent";
}

TEST_P(files_contract, the_quota_counts_what_is_under_way) {
  const auto one = make.make_id<file_id>(), two = make.make_id<file_id>(), three = make.make_id<file_id>();
  expect_value(begin(one, ann_, 60, 100));
  EXPECT_EQ(begin(two, ann_, 41, 100).error().code, error_code::too_large);
  expect_value(begin(two, ann_, 40, 100));
  expect_value(begin(three, bob_, 100, 100));
  EXPECT_EQ(finish(one, ann_, 61, 100).error().code, error_code::too_large);
  expect_value(finish(one, ann_, 10, 100));
  expect_value(finish(two, ann_, 90, 100));
  forget({two});
  expect_value(begin(two, ann_, 90, 100));
}

TEST_P(files_contract, only_who_is_active_uploads) {
  const auto file = make.make_id<file_id>();
  expect_value(begin(file, ann_, 5));
  set_flag(ann_, "not_active");
  EXPECT_EQ(finish(file, ann_, 5).error().code, error_code::unauthenticated);
  EXPECT_EQ(begin(make.make_id<file_id>(), ann_, 5).error().code, error_code::unauthenticated);
}

TEST_P(files_contract, blocks_come_back_as_they_were_written) {
  const auto file = make.make_id<file_id>();
  std::string bytes(file_block_bytes, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  const auto put = [&](std::uint32_t block, std::string_view what) {
    return try_write([&](record_writer& records) { return records.write_file_block(file, block, what); });
  };
  EXPECT_EQ(put(0, "x").error().code, error_code::not_found);
  expect_value(begin(file, ann_, 5));
  expect_value(put(0, bytes));
  expect_value(put(1, std::string_view("\0end", 4)));
  EXPECT_EQ(expect_value(reader->file_block(file, 0)), bytes);
  EXPECT_EQ(expect_value(reader->file_block(file, 1)), std::string_view("\0end", 4));
  EXPECT_EQ(expect_value(reader->file_block(file, 2)), "");
  expect_value(finish(file, ann_, bytes.size() + 4));
  EXPECT_EQ(put(2, "late").error().code, error_code::not_found);
  forget({file});
  EXPECT_EQ(expect_value(reader->file_block(file, 0)), "");
}

TEST_P(files_contract, the_sweep_takes_what_no_message_has) {
  const auto sent = add_file(ann_), unsent = add_file(ann_);
  const auto event = append(with_file(room_, ann_, sent));
  EXPECT_THAT(sweep(), ElementsAre(unsent));
  EXPECT_FALSE(sees(ann_, unsent));
  expect_refusal(with_file(room_, ann_, unsent), error_code::not_found);
  EXPECT_THAT(sweep(), ElementsAre(unsent)) << "until somebody has deleted it";
  forget({unsent});
  EXPECT_THAT(sweep(), IsEmpty());
  append(with_file(room_, bob_, sent));
  append(make.erase(room_, ann_, std::get<message_posted>(event.body).message));
  EXPECT_THAT(sweep(), IsEmpty()) << "another message has it";
  EXPECT_TRUE(sees(bob_, sent));
}

TEST_P(files_contract, what_cannot_be_deleted_stands_in_front_of_no_other_file) {
  const auto stuck = add_file(ann_), next = add_file(ann_);
  EXPECT_THAT(sweep(1), ElementsAre(stuck));
  EXPECT_THAT(sweep(1), ElementsAre(next));
  forget({next});
  EXPECT_THAT(sweep(1), ElementsAre(stuck)) << "in its turn";
}

TEST_P(files_contract, an_owner_lists_what_is_stored_the_newest_first) {
  const auto one = add_file(ann_, 5), two = add_file(ann_, 6), three = add_file(ann_, 7);
  add_file(bob_, 100);
  expect_value(begin(make.make_id<file_id>(), ann_, 10));
  const auto first = expect_value(reader->files_of(ann_, {std::nullopt, 2}));
  EXPECT_EQ(first.used_bytes, 28U) << "the upload counts, and is not listed";
  ASSERT_EQ(first.files.items.size(), 2U);
  EXPECT_EQ(first.files.items[0].file.id, three);
  EXPECT_EQ(first.files.items[0].file.name, "a.txt");
  EXPECT_EQ(first.files.items[0].file.size, 7U);
  EXPECT_EQ(first.files.items[1].file.id, two);
  ASSERT_TRUE(first.files.next_cursor);
  const auto rest = expect_value(reader->files_of(ann_, {first.files.next_cursor, 2}));
  ASSERT_EQ(rest.files.items.size(), 1U);
  EXPECT_EQ(rest.files.items[0].file.id, one);
  EXPECT_FALSE(rest.files.next_cursor);
  EXPECT_EQ(reader->files_of(ann_, {"x", 2}).error().code, error_code::bad_request);
  EXPECT_THAT(expect_value(reader->files_of(eve_, {})).files.items, IsEmpty());
}

TEST_P(files_contract, what_its_owner_deletes_is_nobodys_and_counts_no_more) {
  const auto file = make.make_id<file_id>();
  expect_value(begin(file, ann_, 60, 100));
  EXPECT_EQ(withdraw(ann_, file).error().code, error_code::not_found) << "under way";
  expect_value(finish(file, ann_, 60, 100));
  append(with_file(room_, ann_, file));
  EXPECT_EQ(withdraw(bob_, file).error().code, error_code::not_found);
  EXPECT_EQ(withdraw(ann_, file, "b.txt").error().code, error_code::not_found);
  EXPECT_TRUE(sees(bob_, file));
  EXPECT_TRUE(expect_value(withdraw(ann_, file)));
  EXPECT_FALSE(sees(ann_, file));
  EXPECT_FALSE(sees(bob_, file));
  expect_refusal(with_file(room_, bob_, file), error_code::not_found);
  EXPECT_EQ(withdraw(ann_, file).error().code, error_code::not_found);
  EXPECT_EQ(expect_value(reader->files_of(ann_, {})).used_bytes, 0U);
  expect_value(begin(make.make_id<file_id>(), ann_, 100, 100));
  EXPECT_THAT(sweep(), testing::Contains(file)) << "if nobody has deleted it until then";
  set_flag(ann_, "not_active");
  EXPECT_EQ(withdraw(ann_, file).error().code, error_code::unauthenticated);
}

TEST_P(files_contract, a_user_has_so_many_files_however_small) {
  limits_config limits;
  limits.files_per_user = 2;
  start(limits);
  ann_ = add_user("ann");
  bob_ = add_user("bob");
  const auto first = add_file(ann_, 1);
  expect_value(begin(make.make_id<file_id>(), ann_, 1));
  EXPECT_EQ(begin(make.make_id<file_id>(), ann_, 1).error().code, error_code::conflict) << "one under way counts";
  add_file(bob_, 1);
  forget({first});
  expect_value(begin(make.make_id<file_id>(), ann_, 1));
}

TEST_P(files_contract, the_sweep_takes_uploads_that_nobody_finished) {
  const auto file = make.make_id<file_id>();
  expect_value(begin(file, ann_, 5));
  EXPECT_THAT(sweep(), ElementsAre(file));
  EXPECT_EQ(finish(file, ann_, 5).error().code, error_code::not_found);
}

TEST_P(files_contract, a_secret_is_kept_as_it_first_was) {
  std::vector<std::string> kept;
  for (const auto* fresh : {"first", "second"}) {
    write([&](record_writer& records) -> result<void> {
      kept.push_back(expect_value(records.keep_secret("key", fresh)));
      return {};
    });
  }
  EXPECT_THAT(kept, ElementsAre("first", "first"));
}

INSTANTIATE_TEST_SUITE_P(stores, files_contract, testing::ValuesIn(store_kinds()), name_of_kind);

}  // namespace
}  // namespace parley::test
