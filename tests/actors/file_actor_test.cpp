// Uploads under way, their end in every way, and the sweep, over a shelf that notes what it is asked.
#include "actors/file_actor.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "actors/file_shelf.hpp"
#include "node_fixture.hpp"

namespace parley::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class noting_shelf final : public file_shelf {
 public:
  void put(file_id, std::uint32_t, std::string, answer<std::monostate> reply) const override {
    reply(std::monostate{});
  }
  void seal(file_id file, answer<std::monostate> reply) const override {
    sealed.push_back(file);
    if (works) return reply(std::monostate{});
    reply(unavailable("the disk fails"));
  }
  void get(file_id, std::uint32_t, answer<std::string> reply) const override { reply(std::string()); }
  void remove(std::vector<file_id> files, answer<std::vector<file_id>> reply) const override {
    removed.insert(removed.end(), files.begin(), files.end());
    std::erase_if(files, [&](const file_id& file) { return !works || stuck.contains(file); });
    reply(std::move(files));
  }
  mutable std::vector<file_id> sealed, removed;  ///< Or tried to.
  std::set<file_id> stuck;                       ///< Cannot be removed.
  bool works = true;
};

class FileActor : public node_fixture {
 protected:
  FileActor() {
    settings.limits.uploads_per_user = 2;
    settings.files.sweep_seconds = 60;
    services->shelf = &shelf_;
    store.tokens[{}] = {ann_, time.now() + std::chrono::hours(1)};  // everybody's, see who()
    store.accounts[ann_].user.flag = account_flag::active;
    files_ = spawn_file_actor(*system, *services);
    run();
  }
  ~FileActor() override {
    caf::anon_send_exit(files_, caf::exit_reason::user_shutdown);
    run();
    files_ = nullptr;
  }
  awaited<begin_upload::reply> begin(user_id user) {
    awaited<begin_upload::reply> waiting;
    caf::anon_send(files_, call<begin_upload>{{who(user), "a.txt", 5}, waiting.reply()});
    run();
    return waiting;
  }
  awaited<std::monostate> finish(user_id user, const begin_upload::reply& upload) {
    awaited<std::monostate> waiting;
    caf::anon_send(
        files_, call<finish_upload>{{who(user), upload.file, "a.txt", "text/plain", 5, upload.place}, waiting.reply()});
    run();
    return waiting;
  }
  awaited<std::monostate> remove_own(user_id user, file_id file) {
    awaited<std::monostate> waiting;
    caf::anon_send(files_, call<delete_own_file>{{who(user), file, "a.txt"}, waiting.reply()});
    run();
    return waiting;
  }
  static principal who(user_id user) { return {{user, "name", "Name", {}, role::user}, {}, {}, nullptr, nullptr}; }
  static void give_up(awaited<begin_upload::reply>& upload) { upload.slot->reset(); }

  noting_shelf shelf_;
  file_handle files_;
  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
};

TEST_F(FileActor, AFinishedUploadIsSealedFirstAndStaysWhenItsPlaceGoes) {
  auto upload = begin(ann_);
  ASSERT_TRUE(upload.ok());
  const auto file = upload.value().file;
  EXPECT_EQ(store.files.at(file), "uploading");
  EXPECT_EQ(counts.uploads.value(), 1);
  EXPECT_TRUE(finish(ann_, upload.value()).ok());
  EXPECT_THAT(shelf_.sealed, ElementsAre(file));
  give_up(upload);
  run();
  EXPECT_EQ(store.files.at(file), "stored");
  EXPECT_THAT(shelf_.removed, IsEmpty());
  EXPECT_EQ(counts.uploads.value(), 0);
}

TEST_F(FileActor, AnUploadIsNotStoredWhoseTokenHasEndedMeanwhile) {
  auto upload = begin(ann_);
  store.tokens.clear();
  const auto finished = finish(ann_, upload.value());
  EXPECT_EQ(finished.code(), "unauthenticated");
  EXPECT_EQ(store.files.at(upload.value().file), "uploading");
}

TEST_F(FileActor, AnUploadThatIsGivenUpLeavesNothing) {
  auto upload = begin(ann_);
  const auto file = upload.value().file;
  give_up(upload);
  run();
  EXPECT_THAT(shelf_.removed, ElementsAre(file));
  EXPECT_THAT(store.files, IsEmpty());
}

TEST_F(FileActor, AFileThatItsOwnerDeletesGoesAtOnceWithItsBytes) {
  auto upload = begin(ann_);
  finish(ann_, upload.value());
  const auto file = upload.value().file;
  EXPECT_TRUE(remove_own(ann_, file).ok());
  EXPECT_THAT(shelf_.removed, ElementsAre(file));
  EXPECT_THAT(store.files, IsEmpty());
  EXPECT_EQ(remove_own(ann_, file).code(), "not_found");
}

TEST_F(FileActor, AFileThatIsReportedKeepsItsBytesWhenItsOwnerDeletesIt) {
  auto upload = begin(ann_);
  finish(ann_, upload.value());
  const auto file = upload.value().file;
  store.reported_files.insert(file);
  EXPECT_TRUE(remove_own(ann_, file).ok());
  EXPECT_THAT(shelf_.removed, IsEmpty());
  EXPECT_EQ(store.files.at(file), "going");
}

TEST_F(FileActor, ARowStaysUntilTheBytesAreGone) {
  auto upload = begin(ann_);
  const auto file = upload.value().file;
  shelf_.works = false;
  give_up(upload);
  run();
  EXPECT_EQ(store.files.at(file), "uploading") << "so that a sweep finds it";
}

TEST_F(FileActor, AFileThatCannotBeSealedIsNotStored) {
  auto upload = begin(ann_);
  const auto file = upload.value().file;
  shelf_.works = false;
  EXPECT_EQ(finish(ann_, upload.value()).code(), "unavailable");
  EXPECT_EQ(store.files.at(file), "uploading");
}

TEST_F(FileActor, AUserHasSoManyUploadsAtOnce) {
  auto first = begin(ann_);
  auto second = begin(ann_);
  EXPECT_EQ(begin(ann_).code(), "busy");
  EXPECT_TRUE(begin(bob_).ok());
  give_up(first);
  run();
  EXPECT_TRUE(begin(ann_).ok());
}

TEST_F(FileActor, AnUploadThatTheStoreRefusesTakesNoPlace) {
  store.commits_work = false;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(begin(ann_).code(), "unavailable");
  store.commits_work = true;
  advance(std::chrono::seconds(5));
  EXPECT_TRUE(begin(ann_).ok());
}

TEST_F(FileActor, TheSweepDeletesBytesAndRowsButNoUploadThatIsUnderWay) {
  auto upload = begin(ann_);
  const auto forgotten = id_of<file_id>(9);
  store.files[forgotten] = "going";
  store.unused_files = {forgotten, upload.value().file};
  advance(std::chrono::seconds(59));
  EXPECT_THAT(shelf_.removed, IsEmpty());
  advance(std::chrono::seconds(1));
  EXPECT_THAT(shelf_.removed, ElementsAre(forgotten));
  EXPECT_FALSE(store.files.contains(forgotten));
  EXPECT_TRUE(store.files.contains(upload.value().file));
  store.files[forgotten] = "going";
  store.unused_files = {forgotten};
  advance(std::chrono::seconds(60));
  EXPECT_FALSE(store.files.contains(forgotten)) << "again and again";
}

/// A full sweep is followed by the next one at once, but not when it left something: that would come round and round.
TEST_F(FileActor, AFileThatCannotBeRemovedKeepsNeitherTheOthersNorTheNextSweep) {
  constexpr std::uint8_t a_sweep = 100;
  for (std::uint8_t number = 1; number <= a_sweep; ++number) {
    store.unused_files.push_back(id_of<file_id>(number));
    store.files[id_of<file_id>(number)] = "going";
  }
  const auto stuck = id_of<file_id>(1);
  shelf_.stuck = {stuck};
  advance(std::chrono::seconds(60));
  EXPECT_EQ(shelf_.removed.size(), a_sweep);
  EXPECT_THAT(store.files, ElementsAre(::testing::Key(stuck))) << "its row stays, so that a sweep finds it again";
  EXPECT_EQ(counts.files_swept_total.value(), a_sweep - 1U);
  for (int second = 1; second < 60; ++second) advance(std::chrono::seconds(1));
  EXPECT_EQ(shelf_.removed.size(), a_sweep);
  shelf_.stuck.clear();
  advance(std::chrono::seconds(1));
  EXPECT_THAT(store.files, IsEmpty());
}

TEST_F(FileActor, AFullSweepIsFollowedByTheNextAtOnce) {
  for (std::uint8_t number = 1; number <= 100; ++number) store.unused_files.push_back(id_of<file_id>(number));
  advance(std::chrono::seconds(60));
  store.unused_files = {id_of<file_id>(101)};
  advance(std::chrono::milliseconds(1));
  EXPECT_THAT(store.unused_files, IsEmpty());
}

}  // namespace
}  // namespace parley::testing
