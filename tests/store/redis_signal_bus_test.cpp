// What only a real Redis can do to signals: die, hang, refuse, or say what nobody understands.
#include "store/redis_signal_bus.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "database_fixture.hpp"
#include "redis_fixture.hpp"
#include "signal_bus_fixture.hpp"
#include "store/open_event_stream.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class redis_signal_bus_test : public redis_fixture {
 protected:
  signal_node signals() { return redis_signal_node(signal_options_for(server->url())); }
  [[nodiscard]] std::string subscribers(const uuid& subject) const {
    const auto channel = signal_channel(subject, 16);
    return server->run({"PUBSUB", "NUMSUB", channel}).substr(channel.size() + 1);
  }
  /// Why listening fails, at the latest when it should have found out that nobody is there.
  static std::string silence(signal_node& of) {
    const auto end = steady_clock::now() + std::chrono::seconds(10);
    while (steady_clock::now() < end) {
      const auto heard = of.subscriber->listen(milliseconds(100));
      if (heard.has_error()) return heard.error().message;
    }
    return "";
  }

  const uuid other_room = numbered_uuid(2);
};

TEST_F(redis_signal_bus_test, channels_bear_the_rooms_partition_and_there_are_none_but_those_attended_to) {
  auto here = signals();
  auto there = signals();
  attend(there, {room, other_room});
  EXPECT_EQ(signal_channel(room, 16),
            "parley:signals:{" + std::to_string(partition_of(room, 16)) + "}:" + to_string(room));
  EXPECT_EQ(subscribers(room), "1");
  there.subscriber->leave(room);
  settle(there, 1);
  EXPECT_EQ(subscribers(room), "0");
  EXPECT_EQ(server->run({"PUBSUB", "CHANNELS", "parley:signals:*"}), signal_channel(other_room, 16));
  publish(here, {typing_in(room), typing_in(other_room)});
  EXPECT_EQ(server->run({"DBSIZE"}), "0");
}

TEST_F(redis_signal_bus_test, several_servers_share_the_rooms) {
  const support::redis_server second;
  config settings;
  settings.bus.url = server->url() + "," + second.url();
  settings.bus.partitions = 5;
  EXPECT_EQ(open_signal_buses(settings, system_ids()).size(), 2U);
  EXPECT_TRUE(open_signal_buses(config(), system_ids()).empty());
}

TEST_F(redis_signal_bus_test, killed_and_come_back_it_is_told_everything_anew) {
  auto here = signals();
  auto there = signals();
  attend(there, {room, other_room});
  for (int round = 0; round < 3; ++round) {
    server->kill();
    EXPECT_NE(silence(there), "");
    EXPECT_TRUE(here.publisher->publish(std::vector{typing_in(room)}).has_error());
    server->start();
    EXPECT_TRUE(settle(there, 2).hint);
    publish(here, {typing_in(room, 3)});
    EXPECT_THAT(texts_of(listen_for(there, 1)), ElementsAre("typing 3"));
  }
}

TEST_F(redis_signal_bus_test, what_is_published_first_on_a_connection_that_ended_in_silence_is_not_lost) {
  auto here = signals();
  auto there = signals();
  attend(there, {room});
  publish(here, {typing_in(room)});
  listen_for(there, 1);
  server->kill();
  server->start();
  EXPECT_NE(silence(there), "");
  settle(there, 1);
  publish(here, {typing_in(room, 3)});
  EXPECT_THAT(texts_of(listen_for(there, 1)), ElementsAre("typing 3"));
}

TEST_F(redis_signal_bus_test, cut_connections_are_made_anew) {
  support::fault_proxy proxy(server->port());
  auto here = signals();
  auto there = redis_signal_node(signal_options_for(proxy.url_through(server->url(), server->port())));
  attend(there, {room});
  for (int round = 0; round < 20; ++round) {
    proxy.cut_open_after(300);
    while (there.subscriber->listen(milliseconds(0)).has_value()) publish(here, {typing_in(room)});
    proxy.heal();
    settle(there, 1);
  }
}

TEST_F(redis_signal_bus_test, a_redis_that_hangs_or_a_way_that_swallows_all_is_found_out_though_nobody_talks) {
  support::fault_proxy proxy(server->port());
  auto there = redis_signal_node(hurried(signal_options_for(proxy.url_through(server->url(), server->port()))));
  attend(there, {room});
  proxy.stall();
  EXPECT_THAT(silence(there), HasSubstr("Redis does not confirm"));
  proxy.heal();
  settle(there, 1);
  server->pause();
  EXPECT_NE(silence(there), "");
  server->resume();
  settle(there, 1);
}

TEST_F(redis_signal_bus_test, who_listens_in_silence_stays_connected) {
  auto there = signals();
  attend(there, {room});
  const auto connection = [&] {
    const auto listed = server->run({"CLIENT", "LIST", "TYPE", "pubsub"});
    return listed.substr(0, listed.find(" addr="));
  };
  const auto before = connection();
  // Longer than an answer may be late.
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(there.subscriber->listen(milliseconds(1'000)).has_value());
  EXPECT_EQ(connection(), before);
}

TEST_F(redis_signal_bus_test, very_many_rooms_are_attended_to_bit_by_bit) {
  auto there = signals();
  std::vector<uuid> rooms;
  for (std::uint64_t i = 0; i < 25'000; ++i) rooms.push_back(numbered_uuid(10'000 + i));
  for (const auto& each : rooms) there.subscriber->attend(each);
  expect_value(there.subscriber->listen(milliseconds(500)));
  // What it was told Redis still works through.
  const auto channels = [&] {
    const auto names = server->run({"PUBSUB", "CHANNELS"});
    return std::count(names.begin(), names.end(), '\n') + 1;
  };
  auto before = channels();
  for (auto now = channels(); now != before || now <= 1; now = channels()) before = now;
  EXPECT_LE(before, 10'001) << "so that signals come meanwhile";
  settle(there, rooms.size());
  EXPECT_EQ(subscribers(rooms.back()), "1");
}

TEST_F(redis_signal_bus_test, what_cannot_be_read_is_logged_by_its_channel_and_without_what_it_holds) {
  auto here = signals();
  auto there = signals();
  attend(there, {room});
  captured_log log;
  for (const char* bytes : {"\2s3cret", "\1s3cret", "s3cret", ""}) {
    server->run({"PUBLISH", signal_channel(room, 16), bytes});
  }
  publish(here, {typing_in(room, 5)});
  const auto heard = listen_for(there, 1);
  EXPECT_EQ(heard.unreadable, 4U);
  const auto lines = log.take();
  EXPECT_THAT(lines, HasSubstr("a signal on " + signal_channel(room, 16) + " is of an unknown version; it is skipped"));
  EXPECT_THAT(lines, Not(HasSubstr("s3cret")));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1) << "not one for each";
}

TEST_F(redis_signal_bus_test, whatever_is_said_on_the_hints_channel_is_a_hint) {
  auto there = signals();
  EXPECT_TRUE(settle(there, 0).hint || listen_until(there, [](const auto& sum) { return sum.hint; }).hint);
  for (const char* bytes : {"", "\xff\xfe whatever"}) {
    server->run({"PUBLISH", "parley:control", bytes});
    EXPECT_TRUE(listen_until(there, [](const auto& sum) { return sum.hint; }).hint);
  }
}

TEST_F(redis_signal_bus_test, a_user_who_may_not_is_refused_and_nothing_is_told_of_the_password) {
  start({"--user", "node", "on", ">s3cret", "~*", "resetchannels", "&other:*", "+@all", "--requirepass", "x"});
  auto guest = redis_signal_node(signal_options_for(server->url("node:s3cret")));
  const auto refused = silence(guest);
  EXPECT_THAT(refused, HasSubstr("SUBSCRIBE was refused (NOPERM)"));
  EXPECT_THAT(refused, Not(HasSubstr("s3cret")));
  const auto published = guest.publisher->publish(std::vector{typing_in(room)});
  ASSERT_TRUE(published.has_error());
  EXPECT_THAT(published.error().message, HasSubstr("PUBLISH was refused (NOPERM)"));
}

}  // namespace
}  // namespace parley::test
