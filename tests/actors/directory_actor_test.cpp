// The directory's tables and its actor.
#include "actors/directory_actor.hpp"

#include <gtest/gtest.h>

#include "actor_world.hpp"
#include "actors/directory_state.hpp"

namespace parley::testing {
namespace {

using told = std::vector<std::string>;

TEST(ActivationTable, LetsAPartGoOnlyWhenItHasReceivedEverything) {
  activation_table<user_id, int> table;
  const auto key = id_of<user_id>(1);
  EXPECT_EQ(table.hand_over(key), nullptr);
  table.insert(key, 7, 100);
  ASSERT_NE(table.hand_over(key), nullptr);
  EXPECT_EQ(*table.hand_over(key), 7);
  EXPECT_FALSE(table.let_go(key, 100, 1));
  EXPECT_FALSE(table.let_go(key, 101, 2));
  EXPECT_TRUE(table.let_go(key, 100, 2));
  EXPECT_TRUE(table.empty());
  EXPECT_FALSE(table.let_go(key, 100, 2));
  EXPECT_FALSE(table.ended(100));
}

TEST(ActivationTable, APartThatEndedMakesRoomForANewOne) {
  activation_table<user_id, int> table;
  const auto key = id_of<user_id>(1);
  table.insert(key, 7, 100);
  EXPECT_EQ(table.ended(100), key);
  EXPECT_FALSE(table.ended(100));
  EXPECT_EQ(table.hand_over(key), nullptr);
  table.insert(key, 8, 101);
  EXPECT_EQ(*table.hand_over(key), 8);
  EXPECT_FALSE(table.let_go(key, 100, 1));
}

TEST(SessionTable, FindsSessionsByUserAndForgetsThemByConnectionOrNumber) {
  session_table<int> table;
  const auto alice = id_of<user_id>(1), bob = id_of<user_id>(2);
  table.insert({alice, {}, {0, 1}, 11}, 101);
  table.insert({alice, {}, {1, 2}, 12}, 102);
  table.insert({bob, {}, {0, 3}, 13}, 103);
  const auto sum = [&](user_id user) {
    int total = 0;
    table.for_user(user, [&](const auto& each) { total += each.handle; });
    return total;
  };
  EXPECT_EQ(sum(alice), 23);
  table.erase({0, 1});
  table.erase({0, 1});
  EXPECT_EQ(sum(alice), 12);
  EXPECT_FALSE(table.ended(101));
  const auto gone = table.ended(102);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->first, alice);
  EXPECT_EQ(gone->second, (connection_ref{1, 2}));
  EXPECT_EQ(sum(alice), 0);
  int all = 0;
  table.for_each([&](const auto& each) { all += each.handle; });
  EXPECT_EQ(all, 13);
}

/// A presence record that writes down what it receives and asks to be let go when told.
class small_presence final : public presence_handle::base {
 public:
  small_presence(caf::actor_config& config, const actor_services& services, user_id user, told& log)
      : presence_handle::base(config), services_(services), user_(user), log_(log) {}
  behavior_type make_behavior() override {
    return {
        [this](const user_came_on&) { note("on"); },
        [this](const user_went_off& what) { note(what.at_once ? "off at once" : "off"); },
        [this](const watch_user&) { note("watched"); },
        [](const watcher_knows&) { throw std::runtime_error("fault"); },
        [this](const unwatch_user&) {
          note("unwatched");
          send(services_.directory, presence_idle{user_, received_});
        },
        [](const presence_saved&) {},
        [this](const presence_heard& what) { note(what.what.is_online ? "heard on" : "heard off"); },
        [this](save_presence_again) { note("save again"); },
        [](presence_tick) {},
        [this](stop_presence) {
          log_.emplace_back("stop");
          quit();
        },
    };
  }

 private:
  void note(const char* what) {
    ++received_;
    log_.emplace_back(what);
  }
  const actor_services& services_;
  user_id user_;
  told& log_;
  std::uint64_t received_ = 0;
};

class Directory : public ::testing::Test {
 protected:
  Directory() {
    world_.services->make_presence = [this](caf::actor_system& system, const actor_services& services, user_id user) {
      ++records_;
      return presence_handle(system.spawn<small_presence>(services, user, log_));
    };
  }
  template <class Message>
  void tell_presence(Message message) {
    caf::anon_send(world_.services->directory, to_presence{message});
  }

  told log_;
  int records_ = 0;
  actor_world world_;
  user_id alice_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
};

TEST_F(Directory, TellsAllSessionsOfTheUserConcernedAndNobodyElse) {
  auto& phone = world_.connect(alice_);
  auto& desktop = world_.connect(alice_, 1);
  auto& bob = world_.connect(bob_);
  caf::anon_send(world_.services->directory, membership_changed{id_of<room_id>(1), alice_, std::nullopt});
  caf::anon_send(world_.services->directory, membership_changed{id_of<room_id>(1), alice_, leave_reason::left});
  world_.run();
  EXPECT_EQ(phone.news, (told{"joined", "left"}));
  EXPECT_EQ(desktop.news, (told{"joined", "left"}));
  EXPECT_TRUE(bob.news.empty());
}

TEST_F(Directory, EndsTheSessionsOfATokenAndNoOthers) {
  auto& alice = world_.connect(alice_);
  auto& bob = world_.connect(bob_);
  token_hash token;
  token.bytes[0] = 1;  // as connect() gives it to alice
  caf::anon_send(world_.services->directory, end_sockets{{alice_, {{token}}, close_code::token_ended}});
  caf::anon_send(world_.services->directory, end_sockets{{bob_, {{token}}, close_code::token_ended}});
  world_.run();
  EXPECT_EQ(alice.news, (told{"token ended 4401"}));
  EXPECT_TRUE(bob.news.empty());
}

TEST_F(Directory, EndsAllSessionsOfAUserWhoIsSuspendedAndTellsOfANewRole) {
  auto& phone = world_.connect(alice_);
  auto& desktop = world_.connect(alice_, 1);
  auto& bob = world_.connect(bob_);
  caf::anon_send(world_.services->directory, role_changed{alice_, role::moderator});
  caf::anon_send(world_.services->directory, end_sockets{{alice_, std::nullopt, close_code::not_allowed}});
  world_.run();
  EXPECT_EQ(phone.news, (told{"moderator", "token ended 4403"}));
  EXPECT_EQ(desktop.news, phone.news);
  EXPECT_TRUE(bob.news.empty());
}

TEST_F(Directory, WhoseSessionsAreEndedIsOffAtOnceAlsoWhereTheSocketClosesFirst) {
  world_.connect(alice_);
  world_.connect(alice_, 1);
  tell_presence(user_came_on{alice_, {}});
  caf::anon_send(world_.services->directory, end_sockets{{alice_, std::nullopt, close_code::not_allowed}});
  caf::anon_send(world_.services->directory, end_sockets{{bob_, std::nullopt, close_code::not_allowed}});
  world_.run();
  EXPECT_EQ(log_, (told{"on", "off at once", "off at once", "off at once"})) << "both sockets and the grace time";
  EXPECT_EQ(records_, 1) << "none is made for it";
}

TEST_F(Directory, ASuspensionOnAnotherNodeEndsTheGraceHere) {
  tell_presence(user_came_on{alice_, {}});
  caf::anon_send(world_.services->directory, end_sockets{{alice_, {{token_hash{}}}, close_code::not_allowed}});
  world_.run();
  EXPECT_EQ(log_, (told{"on", "off at once"}));
}

TEST_F(Directory, TokensThatEndLeaveTheGraceOfOthersAlone) {
  world_.connect(alice_);
  tell_presence(user_came_on{alice_, {}});
  token_hash hers, another;
  hers.bytes[0] = 1;  // as connect() gives it to alice
  another.bytes[0] = 77;
  caf::anon_send(world_.services->directory, end_sockets{{alice_, {{another}}, close_code::token_ended}});
  caf::anon_send(world_.services->directory, end_sockets{{alice_, std::nullopt, close_code::token_ended, hers}});
  world_.run();
  EXPECT_EQ(log_, (told{"on"})) << "who has just logged in, and who changes a password";
  caf::anon_send(world_.services->directory, end_sockets{{alice_, {{hers}}, close_code::token_ended}});
  world_.run();
  EXPECT_EQ(log_, (told{"on", "off at once"})) << "the socket's own end";
}

TEST_F(Directory, ASessionThatEndedIsForgottenAndOneThatDiedLosesItsConnection) {
  auto& alice = world_.connect(alice_);
  auto& bob = world_.connect(bob_);
  world_.run();
  caf::anon_send_exit(bob.session, caf::exit_reason::unhandled_exception);
  const auto alice_connection = alice.connection;
  world_.disconnect(alice);
  world_.run();
  EXPECT_EQ(world_.out.connections[bob.connection].closed, close_code::restarting);
  EXPECT_FALSE(world_.out.connections[alice_connection].closed);
  bob.session = nullptr;
}

TEST_F(Directory, MakesOnePresenceRecordAUserAndLetsItGoWhenItHasEverything) {
  tell_presence(user_came_on{alice_, {}});
  tell_presence(unwatch_user{alice_, {}});
  world_.run();
  EXPECT_EQ(records_, 1);
  EXPECT_EQ(log_, (told{"on", "unwatched", "stop"}));
  tell_presence(user_came_on{alice_, {}});
  world_.run();
  EXPECT_EQ(records_, 2);
}

TEST_F(Directory, APresenceRecordIsKeptWhileAnotherMessageIsOnItsWay) {
  for (int moment = 0; moment < 8; ++moment) {
    log_.clear();
    tell_presence(unwatch_user{alice_, {}});
    for (int i = 0; i < moment && world_.scheduler->has_job(); ++i) world_.scheduler->run_once();
    tell_presence(watch_user{alice_, {}});
    world_.run();
    EXPECT_NE(std::find(log_.begin(), log_.end(), "watched"), log_.end()) << moment;
  }
}

TEST_F(Directory, APresenceRecordThatDiedIsMadeAnewForTheUsersSessions) {
  world_.connect(alice_);
  tell_presence(user_came_on{alice_, {}});
  tell_presence(watcher_knows{alice_, {}, {}});
  world_.run();
  EXPECT_EQ(records_, 2);
  EXPECT_EQ(log_, (told{"on", "on"}));
  EXPECT_EQ(world_.counts.actors_restarted_total.value(), 1U);
}

TEST_F(Directory, ClosingEndsRoomsAndRecordsAndThenItself) {
  world_.store.rooms[id_of<room_id>(1)].members = {alice_};
  auto& alice = world_.connect(alice_);
  world_.hold(alice, id_of<room_id>(1), true);
  tell_presence(user_came_on{alice_, {}});
  world_.run();
  int closed = 0;
  caf::anon_send(world_.services->directory, close_directory{answer<std::monostate>([&](const auto&) { ++closed; })});
  world_.run();
  EXPECT_EQ(closed, 1);
  EXPECT_EQ(log_.back(), "stop");
  EXPECT_EQ(world_.counts.rooms_active.value(), 0);
}

}  // namespace
}  // namespace parley::testing
