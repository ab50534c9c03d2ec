// The way to Redis: who is let in, what is told of a refusal, and that no answer is waited for too long.
#include "store/redis_connection.hpp"

#include <gmock/gmock.h>

#include "redis_fixture.hpp"

namespace parley::test {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using redis_connection_test = redis_fixture;

TEST_F(redis_connection_test, a_password_lets_in_and_a_wrong_one_does_not_and_is_not_told) {
  start({"--requirepass", "right one@,"});
  auto right = redis_node(options_for(server->url(":right%20one%40%2C")));
  auto wrong = redis_node(options_for(server->url(":s3cret")));
  auto none = redis_node(options_for(server->url()));
  EXPECT_EQ(refusal(right), "");
  EXPECT_THAT(refusal(wrong), HasSubstr("AUTH was refused (WRONGPASS)"));
  EXPECT_THAT(refusal(wrong), Not(HasSubstr("s3cret")));
  EXPECT_THAT(refusal(none), HasSubstr("(NOAUTH)"));
}

TEST_F(redis_connection_test, a_user_logs_in_by_name_and_gets_no_further_than_the_rules_allow) {
  start({"--user", "node", "on", ">s3cret", "~parley:*", "+@all", "--user", "guest", "on", "nopass", "~other:*",
         "+@all", "--requirepass", "x"});
  auto known = redis_node(options_for(server->url("node:s3cret")));
  auto guest = redis_node(options_for(server->url("guest")));
  EXPECT_EQ(refusal(known), "");
  EXPECT_THAT(refusal(guest), HasSubstr("(NOPERM)"));
}

TEST_F(redis_connection_test, what_redis_quotes_of_a_command_is_not_told) {
  // As servers do that lack a command: its arguments come back in the refusal.
  start({"--requirepass", "x", "--rename-command", "AUTH", ""});
  auto here = redis_node(options_for(server->url("node:s3cret")));
  EXPECT_THAT(refusal(here), HasSubstr("AUTH was refused (ERR)"));
  EXPECT_THAT(refusal(here), Not(HasSubstr("s3cret")));
}

TEST_F(redis_connection_test, the_address_names_the_database) {
  const auto address = "redis://127.0.0.1:" + std::to_string(server->port());
  auto third = redis_node(options_for(address + "/3"));
  auto beyond = redis_node(options_for(address + "/4000"));
  append(third, make_batch(room, 1));
  EXPECT_EQ(server->run({"DBSIZE"}), "0");
  EXPECT_THAT(server->run({"INFO", "keyspace"}), HasSubstr("db3:keys=1"));
  EXPECT_THAT(refusal(beyond), HasSubstr("SELECT was refused (ERR)"));
}

TEST_F(redis_connection_test, nobody_there_is_told_at_once) {
  auto options = options_for(server->url());
  options.redis.connect = options.redis.answer = seconds(60);
  auto here = redis_node(options);
  server->kill();
  const auto begun = steady_clock::now();
  EXPECT_THAT(refusal(here), HasSubstr("cannot connect: Connection refused"));
  EXPECT_LT(steady_clock::now() - begun, seconds(5)) << "without waiting for what may take a minute";
}

TEST_F(redis_connection_test, a_redis_that_hangs_is_given_up_in_time_also_at_the_first_word) {
  const auto options = hurried(options_for(server->url()));
  auto known = redis_node(options);
  auto fresh = redis_node(options);
  begin(known);
  server->pause();
  for (auto* each : {&known, &fresh, &known}) {
    const auto begun = steady_clock::now();
    EXPECT_THAT(refusal(*each), HasSubstr("no answer in time"));
    EXPECT_LT(steady_clock::now() - begun, seconds(5)) << "500 ms to connect at most, and 500 ms for the answer";
  }
  server->resume();
  append(fresh, make_batch(room, 1));
  EXPECT_THAT(seqs_of(hear(known, 1), room), ElementsAre(1));
}

TEST_F(redis_connection_test, an_answer_that_trickles_is_given_up_in_time) {
  // Each byte comes soon, all of them never: what bounds single reads only would wait for ever.
  support::fault_proxy proxy(server->port());
  auto here = redis_node(hurried(options_for(proxy.url_through(server->url(), server->port()))));
  begin(here);
  auto there = node();
  append(there, make_batch(room, 1, 1, std::string(2'000'000, 'x')));
  proxy.trickle();
  const auto begun = steady_clock::now();
  EXPECT_THAT(refusal(here), HasSubstr("no answer in time"));
  EXPECT_LT(steady_clock::now() - begun, seconds(5));
  proxy.heal();
  EXPECT_THAT(seqs_of(hear(here, 1, true), room), ElementsAre(1)) << "in time or at a later try";
}

TEST_F(redis_connection_test, a_key_of_another_kind_is_unavailable_until_it_is_gone) {
  auto here = node();
  auto there = node();
  server->run({"SET", key_of(room), "s3cret"});
  EXPECT_THAT(refusal(there), HasSubstr("was refused (WRONGTYPE)"));
  const auto appended = here.writer->append(std::vector{make_batch(room, 1)});
  ASSERT_TRUE(appended.has_error());
  EXPECT_THAT(appended.error().message, HasSubstr("XADD was refused (WRONGTYPE)"));
  server->run({"DEL", key_of(room)});
  begin(there);
  append(here, make_batch(room, 2));
  EXPECT_THAT(seqs_of(hear(there, 1), room), ElementsAre(2));
}

TEST_F(redis_connection_test, a_full_redis_is_unavailable_and_readers_read_on) {
  auto here = node();
  auto there = node();
  begin(there);
  append(here, make_batch(room, 1));
  server->run({"CONFIG", "SET", "maxmemory", "1"});
  const auto appended = here.writer->append(std::vector{make_batch(room, 2)});
  ASSERT_TRUE(appended.has_error());
  EXPECT_THAT(appended.error().message, HasSubstr("XADD was refused (OOM)"));
  EXPECT_THAT(seqs_of(hear(there, 1), room), ElementsAre(1));
}

}  // namespace
}  // namespace parley::test
