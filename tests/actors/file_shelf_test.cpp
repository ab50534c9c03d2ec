// The shelf over a file store: every call arrives there, and its outcome comes back.
#include "actors/file_shelf.hpp"

#include <gmock/gmock.h>

#include <set>

#include "actors/job_actor.hpp"
#include "node_fixture.hpp"

namespace parley::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class memory_files final : public file_store {
 public:
  result<void> put(file_id file, std::uint32_t block, std::string_view bytes) override {
    if (!works) return unavailable("the disk fails");
    auto& all = files[file];
    all.resize(block);
    all.emplace_back(bytes);
    return {};
  }
  result<void> seal(file_id file) override {
    sealed.push_back(file);
    return {};
  }
  result<std::string> get(file_id file, std::uint32_t block) override {
    const auto found = files.find(file);
    if (found == files.end() || block >= found->second.size()) return std::string();
    return found->second[block];
  }
  result<void> remove(file_id file) override {
    if (!works || stuck.contains(file)) return unavailable("the disk fails");
    files.erase(file);
    return {};
  }
  std::map<file_id, std::vector<std::string>> files;
  std::vector<file_id> sealed;
  std::set<file_id> stuck;  ///< Cannot be removed.
  bool works = true;
};

class FileShelf : public node_fixture {
 protected:
  FileShelf() {
    for (int i = 0; i < 2; ++i) threads_.push_back(spawn_job_actor(*system, false));
    shelf_ = make_store_shelf(files_, threads_);
  }
  ~FileShelf() override {
    for (const auto& thread : threads_) caf::anon_send_exit(thread, caf::exit_reason::user_shutdown);
    run();
    shelf_.reset();
    threads_.clear();
  }
  std::vector<file_id> remove(std::vector<file_id> which) {
    awaited<std::vector<file_id>> done;
    shelf_->remove(std::move(which), done.reply());
    run();
    return done.value();
  }
  void put(file_id file, std::uint32_t block, const std::string& bytes) {
    awaited<std::monostate> done;
    shelf_->put(file, block, bytes, done.reply());
    run();
    EXPECT_EQ(done.code(), files_.works ? "none" : "unavailable");
  }

  memory_files files_;
  std::vector<job_handle> threads_;
  std::unique_ptr<file_shelf> shelf_;
  file_id one_ = id_of<file_id>(1), two_ = id_of<file_id>(2);
};

TEST_F(FileShelf, BytesGoInAndComeOut) {
  put(one_, 0, "first");
  put(one_, 1, "second");
  awaited<std::monostate> sealed;
  shelf_->seal(one_, sealed.reply());
  awaited<std::string> block;
  shelf_->get(one_, 1, block.reply());
  run();
  EXPECT_TRUE(sealed.ok());
  EXPECT_THAT(files_.sealed, ElementsAre(one_));
  EXPECT_EQ(block.value(), "second");
}

TEST_F(FileShelf, RemovesAllThatItIsTold) {
  put(one_, 0, "x");
  put(two_, 0, "y");
  EXPECT_THAT(remove({one_, two_}), ElementsAre(one_, two_));
  EXPECT_THAT(files_.files, IsEmpty());
  EXPECT_THAT(remove({}), IsEmpty());
}

TEST_F(FileShelf, RemovesWhatItCanAndSaysWhat) {
  put(one_, 0, "x");
  put(two_, 0, "y");
  files_.stuck = {one_};
  EXPECT_THAT(remove({one_, two_}), ElementsAre(two_));
  EXPECT_FALSE(files_.files.contains(two_));
}

TEST_F(FileShelf, SaysThatItFailed) {
  put(one_, 0, "x");
  files_.works = false;
  EXPECT_THAT(remove({one_}), IsEmpty());
  put(one_, 1, "y");
}

}  // namespace
}  // namespace parley::testing
