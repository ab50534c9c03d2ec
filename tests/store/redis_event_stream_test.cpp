// What only a real Redis can do to the bus: die, come back with less, be emptied, or be cut off in mid-sentence.
#include "store/redis_event_stream.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "database_fixture.hpp"
#include "redis_fixture.hpp"
#include "store/open_event_stream.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using redis_event_stream_test = redis_fixture;

TEST(partition_of_a_room, is_the_same_on_every_machine_and_spread) {
  EXPECT_EQ(partition_of(room_id(), 1), 0U);
  EXPECT_EQ(partition_of(room_id(*parse_uuid("019a1234-5678-7abc-8def-0123456789ab")), 1'024), 334U);
  EXPECT_EQ(partition_of(room_id(*parse_uuid("019a1234-5678-7abc-8def-0123456789ac")), 1'024), 59U);
  std::vector<int> rooms(16);
  for (std::uint64_t i = 0; i < 16'000; ++i) ++rooms[partition_of(room_id(numbered_uuid(i)), 16)];
  for (const int count : rooms) EXPECT_NEAR(count, 1'000, 250);
}

TEST_F(redis_event_stream_test, entries_stand_where_the_room_belongs_and_name_their_node) {
  const auto options = options_for(server->url());
  bus_node here(open_redis_event_stream(options, numbered_uuid(77)));
  append(here, make_batch(room, 1));
  EXPECT_EQ(key_of(room), "parley:events:{" + std::to_string(partition_of(room, 16)) + "}");
  EXPECT_EQ(server->run({"KEYS", "parley:*"}), key_of(room));
  EXPECT_THAT(server->run({"XRANGE", key_of(room), "-", "+"}),
              HasSubstr("n\n" + to_string(numbered_uuid(77)) + "\ne\n"));
}

TEST_F(redis_event_stream_test, a_stream_keeps_about_as_many_entries_as_told) {
  auto here = redis_node(options_for(server->url(), 1, 500));
  std::vector<std::shared_ptr<const stream_batch>> batches;
  for (sequence seq = 1; seq <= 3'000; ++seq) batches.push_back(make_batch(room, seq));
  append(here, batches);
  const auto kept = std::stoi(server->run({"XLEN", "parley:events:{0}"}));
  EXPECT_GE(kept, 500);
  EXPECT_LE(kept, 700);
}

TEST_F(redis_event_stream_test, what_is_elsewhere_is_not_appended_here) {
  auto options = options_for(server->url());
  std::erase(options.owned, partition_of(room, 16));
  auto here = redis_node(options);
  EXPECT_THROW(append(here, make_batch(room, 1)), std::logic_error);
}

TEST_F(redis_event_stream_test, several_servers_share_the_partitions) {
  const support::redis_server second;
  config settings;
  settings.bus.url = server->url() + "," + second.url();
  settings.bus.partitions = 5;
  EXPECT_TRUE(check_bus_url(settings));
  auto streams = open_event_streams(settings, system_ids());
  ASSERT_EQ(streams.size(), 2U);
  for (auto& stream : streams) {
    bus_node each(std::move(stream));
    expect_value(each.writer->announce_gap());
  }
  EXPECT_EQ(server->run({"DBSIZE"}), "3");
  EXPECT_EQ(server->run({"EXISTS", "parley:events:{0}", "parley:events:{2}", "parley:events:{4}"}), "3");
  EXPECT_EQ(second.run({"EXISTS", "parley:events:{1}", "parley:events:{3}"}), "2");
}

TEST_F(redis_event_stream_test, without_an_address_there_is_no_stream_and_a_bad_one_is_refused) {
  config settings;
  EXPECT_TRUE(open_event_streams(settings, system_ids()).empty());
  EXPECT_TRUE(check_bus_url(settings));
  settings.bus.url = "redis://one,redis://:s3cret@two/x";
  const auto refused = check_bus_url(settings);
  ASSERT_TRUE(refused.has_error());
  EXPECT_THAT(refused.error().message, Not(HasSubstr("s3cret")));
}

TEST_F(redis_event_stream_test, killed_and_come_back_empty_it_is_told_of_and_heard_again) {
  auto here = node();
  auto there = node();
  begin(there);
  append(here, make_batch(room, 1));
  ASSERT_THAT(seqs_of(hear(there, 1), room), ElementsAre(1));
  for (int round = 0; round < 3; ++round) {
    server->kill();
    EXPECT_NE(refusal(there), "");
    EXPECT_TRUE(here.writer->append(std::vector{make_batch(room, 2)}).has_error());
    server->start();
    append(here, make_batch(room, 3));
    const auto news = hear(there, 1);
    EXPECT_TRUE(news.is_incomplete);
    EXPECT_THAT(seqs_of(news, room), ElementsAre(3));
    EXPECT_FALSE(listen(there).is_incomplete) << "once";
  }
}

TEST_F(redis_event_stream_test, another_epoch_or_none_means_that_the_streams_are_others) {
  auto here = node();
  auto there = node();
  begin(there);
  for (const auto& change : {std::vector<std::string>{"SET", "parley:epoch", "another"}, {"DEL", "parley:epoch"}}) {
    append(here, make_batch(room, 1));
    ASSERT_EQ(hear(there, 1).batches.size(), 1U);
    server->run(change);
    EXPECT_TRUE(listen(there).is_incomplete);
    EXPECT_NE(server->run({"GET", "parley:epoch"}), "");
    EXPECT_FALSE(listen(there).is_incomplete) << "once";
  }
}

TEST_F(redis_event_stream_test, streams_made_anew_whose_ids_are_smaller_are_heard) {
  auto here = node();
  auto there = node();
  begin(there);
  append(here, make_batch(room, 1));
  ASSERT_EQ(hear(there, 1).batches.size(), 1U);
  const auto entry = server->run({"XRANGE", key_of(room), "-", "+"});
  const auto record = entry.substr(entry.rfind("e\n") + 2);
  server->run({"FLUSHALL"});
  // A clock that went back.
  server->run({"XADD", key_of(room), "5-1", "n", "x", "e", record});
  const auto news = hear(there, 1);
  EXPECT_TRUE(news.is_incomplete);
  EXPECT_THAT(seqs_of(news, room), ElementsAre(1));
}

TEST_F(redis_event_stream_test, a_stream_that_was_deleted_is_told_of_when_it_is_written_again) {
  auto here = node();
  auto there = node();
  begin(there);
  append(here, make_batch(room, 1));
  ASSERT_EQ(hear(there, 1).batches.size(), 1U);
  append(here, make_batch(room, 2));
  server->run({"DEL", key_of(room)});
  // An id of the same millisecond could come again.
  const auto milliseconds_there = [&] {
    return server->run({"EVAL", "local t = redis.call('TIME') return t[1] * 1000 + math.floor(t[2] / 1000)", "0"});
  };
  for (const auto last = milliseconds_there(); milliseconds_there() == last;) std::this_thread::yield();
  append(here, make_batch(room, 3));
  const auto news = hear(there, 1);
  EXPECT_TRUE(news.is_incomplete);
  EXPECT_THAT(seqs_of(news, room), ElementsAre(3));
}

TEST_F(redis_event_stream_test, a_redis_that_comes_back_with_less_than_was_read_is_told_of) {
  auto here = node();
  auto there = node();
  begin(there);
  append(here, make_batch(room, 1));
  append(here, make_batch(room, 2));
  ASSERT_EQ(hear(there, 2).batches.size(), 2U);
  // As a replica does that had not heard the last one and is the server now: the same epoch, a shorter stream.
  const auto entry = server->run({"XREVRANGE", key_of(room), "+", "-", "COUNT", "1"});
  server->run({"DEL", key_of(room)});
  server->run({"XADD", key_of(room), "7-1", "n", "x", "g", "1"});
  cut_connections();
  EXPECT_NE(refusal(there), "");
  EXPECT_TRUE(listen(there).is_incomplete);
  EXPECT_FALSE(listen(there).is_incomplete) << "once";
  const auto record = entry.substr(entry.rfind("e\n") + 2);
  server->run({"XADD", key_of(room), "7-2", "n", "x", "e", record});
  EXPECT_THAT(seqs_of(hear(there, 1), room), ElementsAre(2)) << "and is heard on";
}

TEST_F(redis_event_stream_test, what_was_trimmed_while_the_connection_was_down_is_told_of) {
  support::fault_proxy proxy(server->port());
  auto here = redis_node(options_for(server->url(), 1, 100));
  auto there = redis_node(hurried(options_for(proxy.url_through(server->url(), server->port()), 1, 100)));
  begin(there);
  append(here, make_batch(room, 1));
  ASSERT_EQ(hear(there, 1).batches.size(), 1U);
  proxy.stall();
  EXPECT_NE(refusal(there), "");
  for (sequence seq = 2; seq < 1'000; ++seq) append(here, make_batch(room, seq));
  proxy.heal();
  EXPECT_TRUE(hear(there, 1'000).is_incomplete);
}

TEST_F(redis_event_stream_test, trimming_is_told_of_though_the_connection_is_lost_before_it_is_looked_for) {
  const auto options = options_for(server->url(), 1, 100);
  auto there = redis_node(options);
  begin(there);
  auto here = redis_node(options);
  for (sequence seq = 1; seq < 1'000; ++seq) append(here, make_batch(room, seq));
  ASSERT_FALSE(expect_value(there.reader->read(milliseconds(0))).batches.empty());
  cut_connections();
  EXPECT_NE(refusal(there), "");
  EXPECT_TRUE(hear(there, 1'000).is_incomplete);
}

TEST_F(redis_event_stream_test, answers_that_are_cut_lose_nothing) {
  support::fault_proxy proxy(server->port());
  auto here = node();
  auto there = node_through(proxy);
  begin(there);
  cut_connections();
  proxy.cut_after(20'000);
  sequence next = 1;
  sequence heard = 0;
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (heard + 1 < next || proxy.cuts() < 40) {
    ASSERT_LT(steady_clock::now(), end) << heard << " of " << next - 1;
    if (proxy.cuts() < 40) append(here, make_batch(room, next++, 1, std::string(1'000, 'x')));
    if (proxy.cuts() >= 40) proxy.heal();
    const auto news = there.reader->read(milliseconds(1));
    if (news.has_error()) continue;
    EXPECT_FALSE(news->is_incomplete);
    for (const auto seq : seqs_of(*news, room)) ASSERT_EQ(seq, ++heard);
  }
}

TEST_F(redis_event_stream_test, a_warning_is_not_lost_with_the_answer_that_bore_it) {
  support::fault_proxy proxy(server->port());
  auto there = node_through(proxy);
  begin(there);
  for (sequence seq = 1; seq < 40; ++seq) {
    auto here = node();
    server->run({"FLUSHALL"});
    begin(here);  // Makes the streams with their beginnings, so that nothing looks trimmed.
    append(here, make_batch(room, seq, 1, std::string(3'000, 'x')));
    cut_connections();
    proxy.cut_after(4'000);
    const int cuts = proxy.cuts();
    bool is_incomplete = false;
    const auto end = steady_clock::now() + std::chrono::seconds(5);
    while (!is_incomplete) {
      ASSERT_LT(steady_clock::now(), end) << seq;
      const auto news = there.reader->read(milliseconds(1));
      if (news.has_value()) is_incomplete = news->is_incomplete;
      // Nothing but what it remembers tells it now.
      if (proxy.cuts() > cuts) proxy.heal();
    }
    proxy.heal();
  }
  EXPECT_GE(proxy.cuts(), 20);
}

TEST_F(redis_event_stream_test, what_cannot_be_read_is_logged_once_by_its_id_and_without_what_it_holds) {
  auto there = node();
  begin(there);
  captured_log log;
  const auto first = server->run({"XADD", key_of(room), "*", "n", "x", "e", "\2s3cret"});
  const auto second = server->run({"XADD", key_of(room), "*", "n", "x", "e", "\1s3cret"});
  const auto third = server->run({"XADD", key_of(room), "*", "whatever", "s3cret"});
  EXPECT_EQ(listen(there).unreadable, 3U);
  EXPECT_EQ(listen(there).unreadable, 0U);
  const auto lines = log.take();
  EXPECT_THAT(lines, HasSubstr("entry " + first + " of " + key_of(room) + " is of an unknown version; it is skipped"));
  EXPECT_THAT(lines, HasSubstr("entry " + second + " of " + key_of(room) + " is broken; it is skipped"));
  EXPECT_THAT(lines, HasSubstr("entry " + third));
  EXPECT_THAT(lines, Not(HasSubstr("s3cret")));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
}

TEST_F(redis_event_stream_test, large_entries_come_a_few_at_a_time) {
  auto here = node();
  auto there = node();
  begin(there);
  for (sequence seq = 1; seq <= 120; ++seq) append(here, make_batch(room, seq, 1, std::string(400'000, 'x')));
  std::vector<std::size_t> sizes;
  sequence heard = 0;
  while (heard < 120) {
    const auto news = expect_value(there.reader->read(milliseconds(100)));
    ASSERT_FALSE(news.batches.empty());
    sizes.push_back(news.batches.size());
    for (const auto seq : seqs_of(news, room)) EXPECT_EQ(seq, ++heard);
  }
  EXPECT_LE(sizes.front(), 128U);
  EXPECT_LE(sizes.back(), 40U);
}

}  // namespace
}  // namespace parley::test
