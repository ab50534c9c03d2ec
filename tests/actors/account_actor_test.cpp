// The account actor over a store in memory: who waits for whom, when staff hears that somebody is out, and how tokens
// in use go on.
#include "actors/account_actor.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <deque>
#include <functional>

#include "parley/credentials.hpp"
#include "session_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

class AccountActor : public session_fixture {
 protected:
  AccountActor() {
    settings.auth.password_memory_kib = 64;
    settings.auth.password_passes = 1;
    settings.limits.register_rate_per_minute = 0;
    hasher_ = system->spawn(
        [this] { return job_handle::behavior_type{[this](const run_job& what) { hashes_.push_back(what.job); }}; });
    accounts_ = spawn_account_actor(*system, *services, {hasher_});
    store.accounts[other].user.flag = account_flag::active;
    run();
  }
  ~AccountActor() override {
    caf::anon_send_exit(accounts_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(hasher_, caf::exit_reason::user_shutdown);
    accounts_ = nullptr;
    hasher_ = nullptr;
    run();
  }

  template <class Request>
  awaited<typename Request::reply> ask(Request request) {
    awaited<typename Request::reply> waiting;
    caf::anon_send(accounts_, call<Request>{std::move(request), waiting.reply()});
    run();
    return waiting;
  }
  awaited<own_profile> suspend_other() { return ask(change_user{{}, other, {account_flag::suspended, {}}}); }
  /// The one password thread does its next.
  void hash_once() {
    ASSERT_FALSE(hashes_.empty());
    hashes_.front()();
    hashes_.pop_front();  // and what it held: the turn of a registration
    run();
  }
  void pass(milliseconds by) {
    for (milliseconds passed{0}; passed < by; passed += milliseconds(1)) advance(milliseconds(1));
  }
  /// A token of the other one, in use for as long as the answer is held.
  principal log_in_with(const std::string& secret) {
    store.tokens[*hash_of_token(secret)] = {other, time.now() + std::chrono::hours(2)};
    return ask(authenticate{secret}).value();
  }

  std::deque<std::function<void()>> hashes_;  ///< Waiting.
  job_handle hasher_;
  account_handle accounts_;
};

// --- Tokens are looked up together ---

TEST_F(AccountActor, TokensThatComeTogetherAreFewQuestionsToTheStore) {
  const auto secret = [](std::size_t i) { return "secret-" + std::to_string(i); };
  const auto owner = [&](std::size_t i) { return i % 3 == 1 ? other : me; };
  store.accounts[me].user.flag = account_flag::active;
  std::vector<awaited<principal>> waiting(300);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (i % 3 != 0) store.tokens[*hash_of_token(secret(i))] = {owner(i), time.now() + std::chrono::hours(2)};
    caf::anon_send(accounts_, call<authenticate>{{secret(i)}, waiting[i].reply()});
  }
  run();
  EXPECT_LE(store.token_reads, 2);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (i % 3 == 0) {
      EXPECT_EQ(waiting[i].code(), "unauthenticated") << i;
    } else {
      EXPECT_EQ(waiting[i].value().token, *hash_of_token(secret(i))) << i;
      EXPECT_EQ(waiting[i].value().user.id, owner(i)) << i;
    }
  }
}

TEST_F(AccountActor, MoreTokensThanMayWaitAreBusy) {
  settings.store.read_queue = 4;
  std::vector<awaited<principal>> waiting(6);
  for (std::size_t i = 0; i < waiting.size(); ++i)
    caf::anon_send(accounts_, call<authenticate>{{"secret-" + std::to_string(i)}, waiting[i].reply()});
  run();
  for (std::size_t i = 0; i < waiting.size(); ++i)
    EXPECT_EQ(waiting[i].code(), i < 4 ? "unauthenticated" : "busy") << i;
  settings.store.read_queue = 10'000;
  log_in_with("secret-5");
}

TEST_F(AccountActor, AFailedQuestionRefusesAllThatWereInIt) {
  store.reads_work = false;
  std::vector<awaited<principal>> waiting(3);
  for (std::size_t i = 0; i < waiting.size(); ++i)
    caf::anon_send(accounts_, call<authenticate>{{"secret-" + std::to_string(i)}, waiting[i].reply()});
  run();
  for (const auto& each : waiting) EXPECT_EQ(each.code(), "unavailable");
  store.reads_work = true;
  log_in_with("secret-0");
}

/// What ends before the store is asked, the store knows; of what may have ended meanwhile it is asked once more.
TEST_F(AccountActor, ATokenOutlastsAGapInTheNewsOfOtherNodes) {
  store.tokens[*hash_of_token("secret")] = {other, time.now() + std::chrono::hours(2)};
  const auto miss_some = [&] {
    control_heard heard;
    heard.missed_some = true;
    caf::anon_send(accounts_, std::move(heard));
  };
  awaited<principal> early;
  caf::anon_send(accounts_, call<authenticate>{{"secret"}, early.reply()});
  miss_some();
  run();
  EXPECT_TRUE(early.ok());
  EXPECT_EQ(store.token_reads, 1);

  advance(std::chrono::seconds(31));  // what is remembered goes
  store.during_token_read = [&] {
    store.during_token_read = nullptr;
    miss_some();
  };
  awaited<principal> late;
  caf::anon_send(accounts_, call<authenticate>{{"secret"}, late.reply()});
  run();
  EXPECT_TRUE(late.ok());
  EXPECT_EQ(store.token_reads, 3);

  advance(std::chrono::seconds(31));
  store.during_token_read = [&] {
    store.during_token_read = nullptr;
    store.tokens.erase(*hash_of_token("secret"));
    miss_some();
  };
  EXPECT_EQ(ask(authenticate{"secret"}).code(), "unauthenticated") << "though it was there when it was read";
  EXPECT_EQ(store.token_reads, 5);
}

// --- Strangers keep nobody out ---

/// Each registration is a hash, and each hash takes a password thread as long as any other.
TEST_F(AccountActor, ALogInFindsAtMostOneRegistrationBeforeItOnEachPasswordThread) {
  std::vector<awaited<own_profile>> registrations(5);
  for (auto& waiting : registrations) {
    register_user stranger;
    stranger.username = "stranger" + std::to_string(&waiting - registrations.data());
    stranger.password = "long enough";
    caf::anon_send(accounts_, call<register_user>{stranger, waiting.reply()});
  }
  log_in known;
  known.username = "other";
  known.password = "a wrong guess";
  const auto answered = ask(known);
  hash_once();
  EXPECT_EQ(registrations[0].code(), "none");
  hash_once();
  EXPECT_EQ(answered.code(), "unauthenticated");
  for (int i = 0; i < 4; ++i) hash_once();
  for (const auto& waiting : registrations) EXPECT_EQ(waiting.code(), "none");
}

TEST_F(AccountActor, NoAddressFillsThePlacesAtThePasswordThreads) {
  std::vector<awaited<log_in::reply>> flood(60);
  for (auto& waiting : flood) {
    log_in stranger;
    stranger.username = "stranger" + std::to_string(&waiting - flood.data());
    stranger.remote_address = "10.0.0.1";
    caf::anon_send(accounts_, call<log_in>{stranger, waiting.reply()});
  }
  run();
  EXPECT_EQ(hashes_.size(), 43U);
  EXPECT_EQ(flood[42].code(), "waiting");
  EXPECT_EQ(flood[43].code(), "busy");
  std::vector<awaited<log_in::reply>> honest(8);
  for (auto& waiting : honest) {
    log_in elsewhere;
    elsewhere.username = "other";
    elsewhere.remote_address = "10.0.0.2" + std::to_string(&waiting - honest.data());
    caf::anon_send(accounts_, call<log_in>{elsewhere, waiting.reply()});
  }
  run();
  for (const auto& waiting : honest) EXPECT_EQ(waiting.code(), "waiting");
  while (!hashes_.empty()) hash_once();
  for (const auto& waiting : honest) EXPECT_EQ(waiting.code(), "unauthenticated");
  log_in again;
  again.username = "stranger59";
  again.remote_address = "10.0.0.1";
  EXPECT_EQ(ask(again).code(), "waiting") << "what was answered busy was no failure, and the places are free again";
  hash_once();
}

/// A log-in that the throttle refuses waits nowhere.
TEST_F(AccountActor, TheThrottleIsAskedBeforeAPlaceIsTaken) {
  log_in guess;
  guess.username = "other";
  guess.remote_address = "10.0.0.1";
  std::vector<awaited<log_in::reply>> guesses;
  guesses.reserve(9);
  for (int i = 0; i < 9; ++i) guesses.push_back(ask(guess));
  EXPECT_EQ(hashes_.size(), 5U);
  pass(milliseconds(500));
  EXPECT_EQ(guesses.back().code(), "rate_limited") << "not busy";
  while (!hashes_.empty()) hash_once();
}

TEST_F(AccountActor, AWrongPasswordIsAnsweredLikeAStrangersWhereTheAddressHasSpentItsFailures) {
  log_in guess;
  guess.username = "other";
  guess.password = "the right password";
  guess.remote_address = "10.0.0.1";
  store.accounts[other].password_hash = *hash_password(guess.password, {std::uint64_t{64} * 1024, 1});
  const auto known = ask(guess);
  hash_once();
  EXPECT_EQ(known.code(), "none");
  for (int i = 0; i < 60; ++i) {
    log_in stranger;
    stranger.username = "stranger" + std::to_string(i);
    stranger.remote_address = guess.remote_address;
    const auto refused = ask(stranger);
    hash_once();
    EXPECT_EQ(refused.code(), "unauthenticated");
  }
  const auto right = ask(guess);
  hash_once();
  EXPECT_EQ(right.code(), "none");
  guess.password = "a wrong guess";
  const auto wrong = ask(guess);
  hash_once();
  pass(milliseconds(499));
  EXPECT_EQ(wrong.code(), "waiting") << "as long as a refusal without a check";
  pass(milliseconds(1));
  EXPECT_EQ(wrong.code(), "rate_limited");
  // And where there is no place for a check.
  std::vector<awaited<log_in::reply>> flood;
  flood.reserve(64);
  for (int i = 0; i < 64; ++i) {
    log_in elsewhere;
    elsewhere.username = "stranger";
    elsewhere.remote_address = "10.0.1." + std::to_string(i);
    flood.push_back(ask(elsewhere));
  }
  EXPECT_EQ(hashes_.size(), 64U);
  const auto without_place = ask(guess);
  EXPECT_EQ(without_place.code(), "waiting");
  pass(milliseconds(500));
  EXPECT_EQ(without_place.code(), "rate_limited") << "not busy";
  while (!hashes_.empty()) hash_once();
}

/// Elsewhere known accounts are checked where strangers are refused: the time must not tell which one that was.
TEST_F(AccountActor, ARefusalWithoutACheckTakesAsLongAsOneWithIt) {
  log_in guess;
  guess.username = "other";
  guess.password = "a wrong guess";
  guess.remote_address = "10.0.0.1";
  for (int i = 0; i < 5; ++i) {
    const auto refused = ask(guess);
    hash_once();
    EXPECT_EQ(refused.code(), "unauthenticated") << "at once, where nothing is spent";
  }
  const auto unchecked = ask(guess);
  EXPECT_EQ(hashes_.size(), 0U);
  pass(milliseconds(499));
  EXPECT_EQ(unchecked.code(), "waiting");
  pass(milliseconds(1));
  EXPECT_EQ(unchecked.code(), "rate_limited");
}

// --- A suspension is answered when nothing of his can be stored any more ---

TEST_F(AccountActor, ASuspensionWithoutWritesUnderWayIsAnsweredAtOnce) {
  const auto suspension = suspend_other();
  EXPECT_EQ(suspension.code(), "none");
  EXPECT_EQ(store.accounts[other].user.flag, account_flag::suspended);
}

TEST_F(AccountActor, ASuspensionIsAnsweredBehindTheWritesThatWereUnderWay) {
  store.writes_under_way = {"1:100", "2:200"};
  const auto suspension = suspend_other();
  EXPECT_EQ(store.accounts[other].user.flag, account_flag::suspended) << "only the answer waits";
  pass(milliseconds(100));
  EXPECT_EQ(suspension.code(), "waiting");
  store.writes_under_way = {"2:200"};
  pass(milliseconds(100));
  EXPECT_EQ(suspension.code(), "waiting") << "each of them is waited for";
  store.writes_under_way = {"1:101", "3:300"};
  pass(milliseconds(20));
  EXPECT_EQ(suspension.code(), "none") << "those that began behind it are not waited for";
}

TEST_F(AccountActor, ASuspensionWaitsForNoWriteForEver) {
  store.writes_under_way = {"1:100"};
  const auto suspension = suspend_other();
  pass(milliseconds(500));
  EXPECT_EQ(suspension.code(), "waiting");
  pass(milliseconds(600));
  EXPECT_EQ(suspension.code(), "none");
}

// --- A role is answered when it counts on every node ---

TEST_F(AccountActor, ANewRoleIsAnsweredWhenAllNodesHaveReadOfIt) {
  std::shared_ptr<void> waiting;
  services->control = system->spawn([&]() -> control_handle::behavior_type {
    return {[](read_control_log) {}, [](control_tick) {},
            [&](await_nodes& message) { waiting = std::move(message.held); }, [](control_step) {},
            [](clear_presence_up) {}};
  });
  const auto promotion = ask(change_user{{}, other, {{}, role::moderator}});
  EXPECT_EQ(promotion.code(), "waiting");
  waiting = nullptr;
  run();
  EXPECT_EQ(promotion.code(), "none");
  const auto unheard = ask(change_user{{}, other, {{}, role::user}});
  pass(milliseconds(1'001));
  EXPECT_EQ(unheard.code(), "none") << "a node that cannot be reached keeps nobody waiting for ever";
  waiting = nullptr;
  caf::anon_send_exit(services->control, caf::exit_reason::user_shutdown);
  services->control = nullptr;
  run();
}

// --- Tokens in use are renewed ---

/// A job is done or undone as one, and locks what it writes until the batch is stored.
TEST_F(AccountActor, EachTokenInUseIsRenewedByAJobOfItsOwn) {
  const std::vector<principal> callers{log_in_with("first"), log_in_with("second"), log_in_with("third")};
  advance(std::chrono::hours(1) + std::chrono::seconds(1));
  ASSERT_EQ(store.renewals_of_jobs.size(), 3U);
  for (const auto& renewed : store.renewals_of_jobs) EXPECT_EQ(renewed.size(), 1U);
  for (const auto& one : callers) EXPECT_GT(store.tokens.at(one.token).second, time.now() + std::chrono::hours(24));
}

TEST_F(AccountActor, ATokenThatCannotBeRenewedKeepsNoOtherFromIt) {
  const std::vector<principal> callers{log_in_with("first"), log_in_with("second"), log_in_with("third")};
  store.failing_renewals = 1;
  advance(std::chrono::hours(1) + std::chrono::seconds(1));
  const auto renewed = std::count_if(callers.begin(), callers.end(), [&](const auto& one) {
    return store.tokens.at(one.token).second > time.now() + std::chrono::hours(24);
  });
  EXPECT_EQ(renewed, 2);
}

}  // namespace
}  // namespace parley::testing
