// What staff asks is answered to a token that still holds, as everybody else's reads are.
#include "actors/actor_broker.hpp"
#include "node_fixture.hpp"

namespace parley::testing {
namespace {

class StaffReads : public node_fixture {
 protected:
  template <class Request>
  std::string outcome(std::optional<principal> who) {
    awaited<typename Request::reply> waiting;
    Request request;
    request.who = std::move(who);
    broker_.submit(call<Request>{std::move(request), waiting.reply()});
    run();
    return waiting.code();
  }
  principal admin() {
    const auto id = id_of<user_id>(1);
    auto& account = store.add_user(id, "root");
    account.user.profile.user_role = role::admin;
    account.user.flag = account_flag::active;
    principal who{account.user.profile, {}, {}, nullptr, nullptr};
    store.tokens[who.token] = {id, time.now() + std::chrono::hours(1)};
    return who;
  }
  actor_broker broker_{*system, *services, {}, {}};
};

TEST_F(StaffReads, EndWithTheToken) {
  const auto who = admin();
  EXPECT_EQ(outcome<list_accounts>(who), "none");
  EXPECT_EQ(outcome<list_audit>(who), "none");
  store.tokens.clear();
  EXPECT_EQ(outcome<list_accounts>(who), "unauthenticated");
  EXPECT_EQ(outcome<list_audit>(who), "unauthenticated");
}

/// The token's end is compared with the time at which it is read, which is not the beginning of all time.
TEST_F(StaffReads, EndWithTheTokensTime) {
  time.advance(std::chrono::hours(24 * 365));
  const auto who = admin();
  advance(std::chrono::minutes(59));
  EXPECT_EQ(outcome<list_accounts>(who), "none");
  EXPECT_EQ(outcome<list_audit>(who), "none");
  advance(std::chrono::minutes(1));
  EXPECT_EQ(outcome<list_accounts>(who), "unauthenticated");
  EXPECT_EQ(outcome<list_audit>(who), "unauthenticated");
}

TEST_F(StaffReads, AreNotAnsweredToATokenThatEndedMeanwhile) {
  const auto who = admin();
  store.during_staff_read = [this] { store.tokens.clear(); };
  EXPECT_EQ(outcome<list_accounts>(who), "unauthenticated");
  EXPECT_EQ(outcome<list_audit>(admin()), "unauthenticated");
}

TEST_F(StaffReads, TheOperatorNeedsNoToken) {
  EXPECT_EQ(outcome<list_accounts>(std::nullopt), "none");
  EXPECT_EQ(outcome<list_audit>(std::nullopt), "none");
}

}  // namespace
}  // namespace parley::testing
