// One user's presence over sessions, grace, log-out, saving and watching.
#include "actors/presence_state.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr connection_ref phone{0, 1};
constexpr connection_ref laptop{1, 2};
constexpr connection_ref watcher{0, 9};

class PresenceState : public ::testing::Test {
 protected:
  presence_state::moment now() const { return {time.steady_now(), time.now()}; }
  [[nodiscard]] bool online() const { return state.record().is_online; }
  /// Everything that is to be saved is saved.
  void settle() {
    while (const auto save = state.take_save()) state.saved(save->version, true, now());
  }
  void wait(milliseconds by) {
    time.advance(by);
    state.tick(now());
  }

  fake_clock time;
  presence_state state{id_of<user_id>(1), seconds(5), seconds(2)};
};

TEST_F(PresenceState, BeginsOffAndUnneeded) {
  EXPECT_FALSE(online());
  EXPECT_TRUE(state.idle());
  EXPECT_FALSE(state.take_save());
  EXPECT_FALSE(state.next_tick());
}

TEST_F(PresenceState, TheFirstSessionTurnsItOnAndTheSecondChangesNothing) {
  state.came_on(phone, now());
  EXPECT_TRUE(online());
  const auto save = state.take_save();
  ASSERT_TRUE(save);
  EXPECT_TRUE(save->record.is_online);
  EXPECT_EQ(save->record.last_seen, time.now());
  EXPECT_TRUE(state.saved(save->version, true, now()));
  state.came_on(laptop, now());
  EXPECT_FALSE(state.take_save());
}

TEST_F(PresenceState, TheLastSessionTurnsItOffAfterTheGraceWithTheTimeItLeft) {
  state.came_on(phone, now());
  state.came_on(laptop, now());
  state.went_off(phone, false, now());
  EXPECT_FALSE(state.next_tick());
  state.went_off(laptop, false, now());
  const auto left = time.now();
  EXPECT_TRUE(online());
  wait(milliseconds(4999));
  EXPECT_TRUE(online());
  wait(milliseconds(1));
  EXPECT_FALSE(online());
  EXPECT_EQ(state.record().last_seen, left);
}

TEST_F(PresenceState, AReloadDoesNotFlicker) {
  state.came_on(phone, now());
  settle();
  state.went_off(phone, false, now());
  wait(seconds(3));
  state.came_on(laptop, now());
  EXPECT_FALSE(state.next_tick());
  wait(seconds(10));
  EXPECT_TRUE(online());
  EXPECT_FALSE(state.take_save());
}

TEST_F(PresenceState, ALogInWithoutASocketIsOnForTheGraceTime) {
  state.came_on(std::nullopt, now());
  EXPECT_TRUE(online());
  wait(seconds(3));
  state.came_on(std::nullopt, now());
  wait(seconds(3));
  EXPECT_TRUE(online()) << "the second log-in counts from its own time";
  wait(seconds(2));
  EXPECT_FALSE(online());
}

TEST_F(PresenceState, ALogInBesideASocketDoesNotEndIt) {
  state.came_on(phone, now());
  state.came_on(std::nullopt, now());
  wait(seconds(10));
  EXPECT_TRUE(online());
}

TEST_F(PresenceState, LogOutEndsItAtOnceUnlessAnotherSessionIsThere) {
  state.came_on(phone, now());
  state.came_on(laptop, now());
  state.went_off(phone, true, now());
  EXPECT_TRUE(online());
  state.went_off(laptop, true, now());
  EXPECT_FALSE(online());
}

TEST_F(PresenceState, LogOutEndsTheGraceOfALogIn) {
  state.came_on(std::nullopt, now());
  state.went_off({77, 0}, true, now());
  EXPECT_FALSE(online());
  EXPECT_FALSE(state.next_tick());
}

TEST_F(PresenceState, AStrangersEndChangesNothing) {
  state.went_off(phone, false, now());
  EXPECT_TRUE(state.idle());
  state.came_on(std::nullopt, now());
  const auto off_at = state.next_tick();
  time.advance(seconds(1));
  state.went_off(phone, false, now());
  EXPECT_EQ(state.next_tick(), off_at);
}

TEST_F(PresenceState, OneSaveIsOnItsWayAtATimeAndTheLastStateIsSaved) {
  state.came_on(phone, now());
  const auto on = state.take_save();
  ASSERT_TRUE(on);
  state.went_off(phone, true, now());
  state.came_on(phone, now());
  state.went_off(phone, true, now());
  EXPECT_FALSE(state.take_save());
  EXPECT_TRUE(state.saved(on->version, true, now()));
  const auto off = state.take_save();
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->record.is_online);
  EXPECT_TRUE(state.saved(off->version, true, now()));
  EXPECT_FALSE(state.take_save());
}

TEST_F(PresenceState, AFailedSaveIsToldAndTriedAgainAndToldOnceMore) {
  state.came_on(phone, now());
  const auto save = state.take_save();
  EXPECT_TRUE(state.saved(save->version, false, now()));
  EXPECT_FALSE(state.take_save()) << "not before the retry time";
  ASSERT_TRUE(state.next_tick());
  wait(seconds(2));
  const auto again = state.take_save();
  ASSERT_TRUE(again);
  EXPECT_TRUE(state.saved(again->version, true, now())) << "who began to watch meanwhile has read that he is off";
  EXPECT_FALSE(state.next_tick());
}

TEST_F(PresenceState, IsNeededWhileOnWatchedOrUnsaved) {
  state.watch(watcher);
  EXPECT_FALSE(state.idle());
  state.unwatch(watcher);
  EXPECT_TRUE(state.idle());
  state.came_on(phone, now());
  settle();
  EXPECT_FALSE(state.idle());
  state.went_off(phone, true, now());
  EXPECT_FALSE(state.idle());
  settle();
  EXPECT_TRUE(state.idle());
}

TEST_F(PresenceState, AWatcherIsKeptOnce) {
  state.watch(watcher);
  state.watch(watcher);
  EXPECT_EQ(state.watchers(), 1U);
}

TEST_F(PresenceState, WatchersAreToldOfEachVersionOnceAndOfNoneThatTheyHaveRead) {
  const auto change = [](bool is_online, std::int64_t version) {
    return presence_record{id_of<user_id>(1), is_online, std::nullopt, version};
  };
  state.watch(watcher);
  EXPECT_EQ(state.take_news(change(true, 3)).size(), 1U);
  EXPECT_TRUE(state.take_news(change(true, 3)).empty());
  EXPECT_TRUE(state.take_news(change(false, 2)).empty()) << "an older one";
  EXPECT_FALSE(state.knows(watcher, change(true, 6)));
  EXPECT_TRUE(state.take_news(change(true, 5)).empty());
  EXPECT_EQ(state.take_news(change(true, 7)), std::vector{watcher});
  EXPECT_FALSE(state.knows(phone, change(false, 2))) << "watches nobody";
}

TEST_F(PresenceState, OlderNewsThatMayHaveComeBehindTheAnswerAreSetRight) {
  const user_id user = id_of<user_id>(1);
  state.watch(watcher);
  EXPECT_EQ(state.take_news({user, false, std::nullopt, 6}).size(), 1U);
  const auto behind = state.knows(watcher, {user, true, std::nullopt, 7});
  ASSERT_TRUE(behind);
  EXPECT_TRUE(behind->is_online);
  EXPECT_TRUE(state.take_news({user, true, std::nullopt, 7}).empty()) << "told already";
}

TEST_F(PresenceState, AnAnswerOlderThanTheNewsIsSetRight) {
  for (const auto version : {std::int64_t{0}, std::int64_t{9}}) {
    presence_state one{id_of<user_id>(1), seconds(5), seconds(2)};
    one.watch(watcher);
    const presence_record on{id_of<user_id>(1), true, std::nullopt, version};
    EXPECT_EQ(one.take_news(on).size(), 1U);
    EXPECT_FALSE(one.knows(watcher, on));
    const auto behind = one.knows(watcher, {id_of<user_id>(1), false, std::nullopt, version == 0 ? 0 : version - 1});
    ASSERT_TRUE(behind) << version;
    EXPECT_TRUE(behind->is_online);
  }
}

TEST_F(PresenceState, AtTheStopItIsOffAndSavedBehindASaveUnderWay) {
  state.came_on(phone, now());
  ASSERT_TRUE(state.take_save());
  time.advance(seconds(1));
  state.stop(now(), false);
  const auto last = state.take_save();
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->record.is_online);
  EXPECT_EQ(last->record.last_seen, time.now());
}

TEST_F(PresenceState, AtTheStopInTheGraceLastSeenIsWhenTheLastSessionLeft) {
  state.came_on(phone, now());
  state.went_off(phone, false, now());
  const auto left = time.now();
  time.advance(seconds(1));
  state.stop(now(), false);
  EXPECT_EQ(state.take_save()->record.last_seen, left);
}

TEST_F(PresenceState, AtTheStopOtherNodesEndTheGrace) {
  state.came_on(phone, now());
  state.went_off(phone, false, now());
  state.take_save();
  state.saved(1, true, now());
  state.stop(now(), true);
  EXPECT_FALSE(state.take_save());
  EXPECT_FALSE(state.next_tick());
}

TEST_F(PresenceState, AtTheStopAnOfflineRecordHasNothingToSave) {
  state.watch(watcher);
  state.stop(now(), false);
  EXPECT_FALSE(state.take_save());
}

}  // namespace
}  // namespace parley::testing
