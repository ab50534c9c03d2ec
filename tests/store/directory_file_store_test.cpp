// Files in a folder.
#include "store/directory_file_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "database_fixture.hpp"

namespace parley::test {
namespace {

namespace fs = std::filesystem;

class directory_file_store : public testing::Test {
 protected:
  static std::size_t files_in(const std::string& folder) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) count += entry.is_regular_file() ? 1U : 0U;
    return count;
  }

  temporary_folder folder_;
  std::string path_ = folder_.file("files");
  std::unique_ptr<file_store> store_ = expect_value(open_directory_file_store(path_));
  file_id file_ = *file_id::parse("01939b74-1c2d-7e3f-8a4b-5c6d7e8f9a01");
};

TEST_F(directory_file_store, gives_back_blocks_once_the_file_is_whole) {
  const std::string first(file_block_bytes, 'a');
  expect_value(store_->put(file_, 0, first));
  expect_value(store_->put(file_, 1, "end"));
  EXPECT_TRUE(store_->get(file_, 0).has_error()) << "not yet";
  expect_value(store_->seal(file_));
  EXPECT_EQ(expect_value(store_->get(file_, 0)), first);
  EXPECT_EQ(expect_value(store_->get(file_, 1)), "end");
  EXPECT_EQ(expect_value(store_->get(file_, 2)), "");
  const auto again = expect_value(open_directory_file_store(path_));
  EXPECT_EQ(expect_value(again->get(file_, 1)), "end");
}

TEST_F(directory_file_store, makes_a_folder_that_is_its_owners_alone_and_leaves_one_as_it_is) {
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  const auto shared = fs::perms::owner_all | fs::perms::group_read;
  fs::permissions(path_, shared);
  expect_value(open_directory_file_store(path_));
  EXPECT_EQ(fs::status(path_).permissions(), shared);
}

TEST_F(directory_file_store, removes_whole_files_and_begun_ones) {
  expect_value(store_->put(file_, 0, "x"));
  EXPECT_EQ(files_in(path_), 1U);
  expect_value(store_->remove(file_));
  EXPECT_EQ(files_in(path_), 0U);
  expect_value(store_->put(file_, 0, "x"));
  expect_value(store_->seal(file_));
  expect_value(store_->remove(file_));
  expect_value(store_->remove(file_));
  EXPECT_EQ(files_in(path_), 0U);
}

TEST_F(directory_file_store, says_that_it_failed) {
  const captured_log log;
  EXPECT_EQ(store_->get(file_, 0).error().code, error_code::unavailable);
  EXPECT_EQ(store_->seal(file_).error().code, error_code::unavailable);
  EXPECT_EQ(store_->put(file_, 1, "x").error().code, error_code::unavailable) << "nothing was begun";
}

TEST_F(directory_file_store, refuses_a_folder_that_cannot_be_one) {
  const auto outcome = open_directory_file_store("/proc/parley-files");
  ASSERT_TRUE(outcome.has_error());
  EXPECT_TRUE(outcome.error().message.starts_with("files.url: ")) << outcome.error().message;
}

TEST(files_url, follows_the_store_and_refuses_what_nodes_could_not_share) {
  config settings;
  settings.store.url = "sqlite:/var/lib/parley/chat.db";
  EXPECT_EQ(expect_value(resolved_files_url(settings)), "dir:/var/lib/parley/chat.db.files");
  settings.files.url = "store:";
  EXPECT_EQ(expect_value(resolved_files_url(settings)), "store:");
  settings.files.url = "dir:/srv/files";
  EXPECT_EQ(expect_value(resolved_files_url(settings)), "dir:/srv/files");
  settings.store.url = "postgresql://host/db";
  EXPECT_TRUE(resolved_files_url(settings).has_error());
  settings.files.shared = true;
  EXPECT_EQ(expect_value(resolved_files_url(settings)), "dir:/srv/files");
  settings.files.url = "auto";
  EXPECT_EQ(expect_value(resolved_files_url(settings)), "store:");
  for (const auto* wrong : {"", "dir:", "s3://bucket", "store"}) {
    settings.files.url = wrong;
    EXPECT_TRUE(resolved_files_url(settings).has_error()) << wrong;
  }
}

}  // namespace
}  // namespace parley::test
