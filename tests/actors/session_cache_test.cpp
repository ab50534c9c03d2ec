// Tokens that other nodes have read: the account actor and the desk before a shared cache.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "actors/account_actor.hpp"
#include "actors/session_desk.hpp"
#include "parley/credentials.hpp"
#include "session_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class scripted_cache final : public session_cache {
 public:
  std::map<token_hash, cached_session> kept;
  bool works = true;
  std::vector<std::size_t> reads;  ///< How many tokens each asked for.
  int writes = 0;
  std::function<void()> during_read;

  void sign_with(std::string) override {}
  result<std::vector<std::optional<cached_session>>> read(std::span<const token_hash> tokens) override {
    reads.push_back(tokens.size());
    if (during_read) during_read();
    if (!works) return unavailable("away");
    std::vector<std::optional<cached_session>> found;
    for (const auto& token : tokens) {
      const auto one = kept.find(token);
      found.push_back(one == kept.end() ? std::nullopt : std::optional(one->second));
    }
    return found;
  }
  result<void> write(std::span<const std::pair<token_hash, cached_session>> sessions) override {
    ++writes;
    if (!works) return unavailable("away");
    for (const auto& [token, session] : sessions) kept.insert_or_assign(token, session);
    return {};
  }
};

class session_cache_test : public session_fixture {
 protected:
  session_cache_test() {
    accounts_ = spawn_account_actor(*system, *services, {});
    desks_ = std::make_unique<session_desks>(*services,
                                             std::vector{spawn_session_desk_on_scheduler(*system, *services, cache_)});
    services->sessions = desks_.get();
    token_ = *hash_of_token(secret_);
    store.accounts[other].user.flag = account_flag::active;
    store.tokens[token_] = {other, time.now() + hours(2)};
    reach(10);
  }
  ~session_cache_test() override {
    caf::anon_send_exit(accounts_, caf::exit_reason::user_shutdown);
    accounts_ = nullptr;
    desks_->stop();
    run();
    services->sessions = nullptr;
  }
  static control_positions at(sequence seq) {
    control_positions all;
    all.fill(seq);
    return all;
  }
  void reach(sequence seq) {
    caf::anon_send(accounts_, control_reached{at(seq)});
    run();
  }
  void hear(control_event event, sequence seq) {
    control_heard heard;
    heard.events.push_back(std::move(event));
    heard.reached = at(seq);
    caf::anon_send(accounts_, std::move(heard));
    run();
  }
  std::string enter() {
    awaited<principal> waiting;
    caf::anon_send(accounts_, call<authenticate>{{secret_}, waiting.reply()});
    run();
    return waiting.ok() ? waiting.value().user.display_name : waiting.code();
  }
  /// As another node has read it, when the log stood there.
  void others_have_read(sequence as_of) {
    cached_session read;
    read.user = store.accounts[other].user.profile;
    read.user.display_name = "from the cache";
    read.created_at = read.last_used_at = time.now();
    read.expires_at = time.now() + hours(1);
    read.as_of = as_of;
    cache_.kept[token_] = read;
  }
  /// What this node remembers goes.
  void forget() { advance(seconds(31)); }

  const std::string secret_ = "secret";
  token_hash token_;
  scripted_cache cache_;
  std::unique_ptr<session_desks> desks_;
  account_handle accounts_;
};

TEST_F(session_cache_test, what_the_store_said_is_kept_for_the_others_with_the_position_from_before) {
  EXPECT_EQ(enter(), "other");
  ASSERT_EQ(cache_.kept.count(token_), 1U);
  const auto& kept = cache_.kept[token_];
  EXPECT_EQ(kept.user.id, other);
  EXPECT_EQ(kept.as_of, 10);
  EXPECT_EQ(kept.expires_at, time.now() + hours(2));
  EXPECT_EQ(counts.session_cache_misses_total.value(), 1U);
}

TEST_F(session_cache_test, what_another_node_has_read_spares_the_store) {
  others_have_read(10);
  EXPECT_EQ(enter(), "from the cache");
  EXPECT_EQ(enter(), "from the cache") << "remembered";
  EXPECT_EQ(store.token_reads, 0);
  EXPECT_EQ(cache_.reads.size(), 1U);
  EXPECT_EQ(counts.session_cache_hits_total.value(), 1U);
}

TEST_F(session_cache_test, a_token_that_ended_since_is_not_believed) {
  others_have_read(10);
  store.tokens.erase(token_);
  hear({other, tokens_ended{{token_}, close_code::token_ended}}, 12);
  EXPECT_EQ(enter(), "unauthenticated");
}

TEST_F(session_cache_test, a_name_or_role_that_has_changed_since_is_read_anew) {
  others_have_read(10);
  hear({other, account_outdated{}}, 12);
  EXPECT_EQ(enter(), "other");
  EXPECT_EQ(cache_.kept[token_].as_of, 12) << "for the others as well";
}

TEST_F(session_cache_test, what_was_changed_here_is_not_believed_before_the_log_says_so) {
  others_have_read(10);
  EXPECT_EQ(enter(), "from the cache");
  log_out wish;
  wish.who.user.id = other;
  wish.who.token = token_;
  awaited<log_out::reply> waiting;
  caf::anon_send(accounts_, call<log_out>{wish, waiting.reply()});
  run();
  EXPECT_EQ(enter(), "unauthenticated");
}

TEST_F(session_cache_test, a_node_that_missed_part_of_the_log_believes_nothing_from_before) {
  others_have_read(10);
  control_heard heard;
  heard.reached = at(20);
  heard.missed_some = true;
  caf::anon_send(accounts_, std::move(heard));
  run();
  EXPECT_EQ(enter(), "other");
}

TEST_F(session_cache_test, a_node_that_lost_its_lease_while_redis_took_its_time_asks_the_store) {
  delivery_lease lease;
  lease.extend(time.steady_now() + hours(1), time.steady_now());
  services->lease = &lease;
  others_have_read(10);
  cache_.during_read = [&] { lease.expire(); };
  EXPECT_EQ(enter(), "other");
  services->lease = nullptr;
}

TEST_F(session_cache_test, a_token_whose_time_is_over_is_not_believed) {
  others_have_read(10);
  cache_.kept[token_].expires_at = time.now();
  EXPECT_EQ(enter(), "other") << "it may have been renewed";
}

TEST_F(session_cache_test, without_redis_the_store_is_asked_and_only_the_desk_looks_whether_it_is_back) {
  cache_.works = false;
  EXPECT_EQ(enter(), "other");
  EXPECT_EQ(cache_.reads.size(), 1U);
  EXPECT_EQ(counts.session_cache_failures_total.value(), 1U);
  forget();
  const auto probed = cache_.reads.size();
  EXPECT_GT(probed, 1U);
  EXPECT_EQ(enter(), "other");
  EXPECT_EQ(cache_.reads.size(), probed) << "no client waits to find that out";
  EXPECT_TRUE(cache_.kept.empty());
  cache_.works = true;
  forget();
  EXPECT_EQ(enter(), "other");
  EXPECT_EQ(cache_.kept.count(token_), 1U);
}

TEST_F(session_cache_test, what_waits_goes_in_one_round_trip) {
  std::vector<awaited<principal>> waiting(5);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    caf::anon_send(accounts_, call<authenticate>{{"secret-" + std::to_string(i)}, waiting[i].reply()});
  }
  run();
  EXPECT_LE(cache_.reads.size(), 2U);
  for (const auto& each : waiting) EXPECT_EQ(each.code(), "unauthenticated");
  EXPECT_TRUE(cache_.kept.empty()) << "what nobody has is not kept";
}

}  // namespace
}  // namespace parley::testing
