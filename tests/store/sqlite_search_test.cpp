// The index's own file: made anew when it is broken, level again when the store is an older one.
#include "store/sqlite_search.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "database_fixture.hpp"
#include "store/sqlite_database.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class sqlite_search_test : public testing::Test {
 protected:
  void SetUp() override {
    options_.path = folder_.file("parley.db");
    database_ = expect_value(open_sqlite_database(options_, limits_));
    expect_value(database_->migrate());
    writer_ = expect_value(database_->open_writer());
    const auto ann = add_user("ann");
    room_ = make_.make_id<room_id>();
    const new_room room{room_, "room", true, ann, {}, {make_.make_id<uuid>()}, time_at(1)};
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.create_room(room));
      return {};
    });
    ann_ = ann;
    say("hello");
  }
  void write(const write_job& job) { expect_value(expect_value(writer_->commit({}, {&job, 1})).jobs.at(0)); }
  user_id add_user(const std::string& name) {
    const new_user user{make_.make_id<user_id>(), name, "h", name, {}, {}, {}, time_at(1)};
    write([&](record_writer& records) -> result<void> {
      (void)expect_value(records.create_user(user));
      return {};
    });
    return user.id;
  }
  void say(const std::string& text) {
    const auto message = make_.send(room_, ann_, text);
    (void)expect_value(expect_value(writer_->commit({&message, 1}, {})).appends.at(0));
  }
  void follow(search_index& index) {
    const std::vector rooms{room_};
    EXPECT_THAT(expect_value(index.advance(rooms)), IsEmpty());
  }
  std::size_t hits(database_reader& reader) { return expect_value(reader.search(ann_, {}, "hello", {})).items.size(); }

  temporary_folder folder_;
  sqlite_options options_;
  limits_config limits_;
  std::unique_ptr<database> database_;
  std::unique_ptr<database_writer> writer_;
  command_builder make_;
  user_id ann_;
  room_id room_;
};

TEST_F(sqlite_search_test, there_is_nothing_to_find_before_there_is_an_index) {
  const auto reader = expect_value(database_->open_reader());
  EXPECT_EQ(hits(*reader), 0U);
  const auto index = expect_value(database_->open_search_index());
  follow(*index);
  EXPECT_EQ(hits(*reader), 1U);
}

TEST_F(sqlite_search_test, its_file_is_its_owners_alone) {
  const auto index = expect_value(database_->open_search_index());
  const auto rights = std::filesystem::status(search_path_of(options_.path)).permissions();
  EXPECT_EQ(rights, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(sqlite_search_test, a_file_that_is_no_index_is_made_anew) {
  const captured_log log;
  std::ofstream(search_path_of(options_.path)) << std::string(8'192, 'x');
  const auto index = expect_value(database_->open_search_index());
  follow(*index);
  const auto reader = expect_value(database_->open_reader());
  EXPECT_EQ(hits(*reader), 1U);
}

TEST_F(sqlite_search_test, an_index_that_breaks_while_it_is_used_is_made_anew) {
  const captured_log log;
  auto index = expect_value(database_->open_search_index());
  follow(*index);
  index.reset();
  const auto path = search_path_of(options_.path);
  {
    // Past the first page, which says that it is a database of ours.
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'096);
    const auto rest = static_cast<std::size_t>(std::filesystem::file_size(path)) - 4'096;
    file << std::string(rest, 'x');
  }
  index = expect_value(database_->open_search_index());
  say("hello again");
  follow(*index);
  const auto reader = expect_value(database_->open_reader());
  EXPECT_EQ(hits(*reader), 2U);
}

/// It holds the file that is gone, in which nothing new would ever be found.
TEST_F(sqlite_search_test, who_reads_goes_over_to_an_index_that_was_made_anew) {
  const auto reader = expect_value(database_->open_reader());
  auto index = expect_value(database_->open_search_index());
  follow(*index);
  EXPECT_EQ(hits(*reader), 1U);
  index.reset();
  for (const auto* ending : {"", "-wal", "-shm"}) std::filesystem::remove(search_path_of(options_.path) + ending);
  EXPECT_EQ(hits(*reader), 0U) << "there is none at the moment";
  index = expect_value(database_->open_search_index());
  say("hello again");
  follow(*index);
  EXPECT_EQ(hits(*reader), 2U);
}

TEST_F(sqlite_search_test, an_index_ahead_of_its_store_begins_again) {
  {
    const auto index = expect_value(database_->open_search_index());
    for (int i = 0; i < 3; ++i) say("later");
    follow(*index);
  }
  writer_.reset();
  {
    sqlite_connection direct(options_, sqlite_access::write);
    direct.execute("DELETE FROM tb_messages WHERE content = 'later'");
    direct.execute("UPDATE tb_room_position SET last_seq = 2");
  }
  const auto index = expect_value(database_->open_search_index());
  EXPECT_THAT(expect_value(index->find_behind({})).rooms, ElementsAre(room_));
  follow(*index);
  EXPECT_THAT(expect_value(index->find_behind({})).rooms, IsEmpty());
  const auto reader = expect_value(database_->open_reader());
  EXPECT_EQ(hits(*reader), 1U);
  EXPECT_THAT(expect_value(reader->search(ann_, {}, "later", {})).items, IsEmpty());
}

}  // namespace
}  // namespace parley::test
