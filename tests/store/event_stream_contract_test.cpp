// What the bus's ports promise, whoever implements them.
#include <gmock/gmock.h>

#include <numeric>

#include "database_fixture.hpp"
#include "event_stream_fixture.hpp"
#include "support/redis_server.hpp"
#include "support/shortest_of_three.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

class event_stream_contract : public testing::TestWithParam<bus_kind> {
 protected:
  void SetUp() override {
    if (GetParam().needs_redis && !support::redis_server::is_installed()) {
      GTEST_SKIP() << "redis-server is not here; ./dev install --redis";
    }
    start();
  }
  void start(std::uint32_t most_entries = 100'000) {
    here.reset();
    there.reset();
    bus = GetParam().make(most_entries);
    here.emplace(bus->open_node());
    there.emplace(bus->open_node());
  }

  const room_id room{numbered_uuid(1)};
  const room_id other_room{numbered_uuid(2)};
  std::unique_ptr<bus_under_test> bus;
  std::optional<bus_node> here;
  std::optional<bus_node> there;
};

TEST_P(event_stream_contract, a_reader_begins_at_the_end) {
  append(*here, make_batch(room, 1));
  begin(*there);
  append(*here, make_batch(room, 2));
  const auto news = hear(*there, 1);
  EXPECT_THAT(seqs_of(news, room), ElementsAre(2));
  EXPECT_FALSE(news.is_incomplete);
}

TEST_P(event_stream_contract, every_kind_of_event_comes_as_it_went) {
  begin(*there);
  const auto batch = std::make_shared<const stream_batch>(batch_of_every_event(room, 17));
  append(*here, batch);
  EXPECT_THAT(texts_of(hear(*there, 1)), ElementsAre(text_of(*batch)));
}

TEST_P(event_stream_contract, a_rooms_news_come_in_their_order_over_many_reads) {
  begin(*there);
  std::vector<room_id> rooms;
  for (std::uint64_t i = 0; i < 40; ++i) rooms.emplace_back(numbered_uuid(100 + i));
  for (sequence seq = 1; seq <= 30; ++seq) {
    std::vector<std::shared_ptr<const stream_batch>> batches;
    batches.reserve(rooms.size());
    for (const auto& each : rooms) batches.push_back(make_batch(each, seq));
    append(*here, batches);
  }
  const auto news = hear(*there, 1'200);
  std::vector<sequence> all(30);
  std::iota(all.begin(), all.end(), 1);
  for (const auto& each : rooms) EXPECT_EQ(seqs_of(news, each), all);
  EXPECT_FALSE(news.is_incomplete);
}

TEST_P(event_stream_contract, a_node_does_not_hear_itself) {
  begin(*here);
  append(*here, make_batch(room, 1));
  append(*there, make_batch(room, 2));
  append(*here, make_batch(room, 3));
  expect_value(here->writer->announce_gap());
  const auto news = hear(*here, 2);
  EXPECT_THAT(seqs_of(news, room), ElementsAre(2));
  EXPECT_FALSE(news.is_incomplete);
}

TEST_P(event_stream_contract, all_readers_hear_all) {
  bus_node third(bus->open_node());
  auto second_reader = there->stream->open_reader();
  expect_value(second_reader->read(milliseconds(0)));
  begin(*there);
  begin(third);
  append(*here, {make_batch(room, 1, 3), make_batch(other_room, 8)});
  EXPECT_THAT(seqs_of(hear(*there, 2), room), ElementsAre(1, 2, 3));
  EXPECT_THAT(seqs_of(hear(third, 2), other_room), ElementsAre(8));
  there->reader = std::move(second_reader);
  EXPECT_THAT(seqs_of(hear(*there, 2), room), ElementsAre(1, 2, 3));
}

TEST_P(event_stream_contract, a_gap_is_told_to_the_others_once) {
  begin(*there);
  expect_value(here->writer->announce_gap());
  EXPECT_TRUE(listen(*there).is_incomplete);
  EXPECT_FALSE(listen(*there).is_incomplete);
}

TEST_P(event_stream_contract, what_cannot_be_read_is_counted_and_costs_nobody_the_rest) {
  begin(*there);
  append(*here, make_batch(room, 1));
  bus->add_unreadable(room);
  append(*here, make_batch(room, 2));
  bus->add_unreadable(room);
  const auto news = hear(*there, 2);
  auto unreadable = news.unreadable + listen(*there).unreadable;
  EXPECT_EQ(unreadable, 2U);
  EXPECT_THAT(seqs_of(news, room), ElementsAre(1, 2));
  EXPECT_EQ(listen(*there).unreadable, 0U) << "once each";
}

TEST_P(event_stream_contract, a_reader_that_stood_still_while_the_stream_was_trimmed_is_told) {
  start(100);
  begin(*there);
  append(*here, make_batch(room, 1));
  ASSERT_THAT(seqs_of(hear(*there, 1), room), ElementsAre(1));
  for (sequence seq = 2; seq < 1'002; ++seq) append(*here, make_batch(room, seq));
  const auto news = hear(*there, 1'000);
  EXPECT_TRUE(news.is_incomplete);
  EXPECT_LT(news.batches.size(), 1'000U) << "something was trimmed";
  EXPECT_EQ(seqs_of(news, room).back(), 1'001) << "and goes on with what is there";
  EXPECT_FALSE(listen(*there).is_incomplete) << "once";
}

TEST_P(event_stream_contract, trimming_past_a_reader_that_heard_nothing_yet_is_told_too) {
  start(100);
  begin(*there);
  for (sequence seq = 1; seq < 1'001; ++seq) append(*here, make_batch(room, seq));
  EXPECT_TRUE(hear(*there, 1'000).is_incomplete);
}

TEST_P(event_stream_contract, a_reader_that_keeps_up_is_not_told_of_trimming) {
  start(300);
  begin(*there);
  for (sequence seq = 1; seq < 1'001; seq += 10) {
    std::vector<std::shared_ptr<const stream_batch>> batches;
    for (sequence i = 0; i < 10; ++i) batches.push_back(make_batch(room, seq + i));
    append(*here, batches);
    const auto news = hear(*there, 10);
    ASSERT_EQ(news.batches.size(), 10U);
    ASSERT_FALSE(news.is_incomplete) << seq;
  }
}

TEST_P(event_stream_contract, streams_that_were_made_anew_are_told_of_and_heard) {
  begin(*there);
  append(*here, make_batch(room, 1));
  ASSERT_EQ(hear(*there, 1).batches.size(), 1U);
  append(*here, make_batch(room, 2));
  bus->flush();
  append(*here, make_batch(room, 3));
  const auto news = hear(*there, 1);
  EXPECT_TRUE(news.is_incomplete);
  EXPECT_THAT(seqs_of(news, room), ElementsAre(3));
  append(*here, make_batch(room, 4));
  const auto later = hear(*there, 1);
  EXPECT_THAT(seqs_of(later, room), ElementsAre(4));
  EXPECT_FALSE(later.is_incomplete) << "once";
}

TEST_P(event_stream_contract, a_bus_that_does_not_answer_is_unavailable_and_nothing_is_missed_in_silence) {
  bus->hurry();
  here.emplace(bus->open_node());
  there.emplace(bus->open_node());
  begin(*there);
  append(*here, make_batch(room, 1));
  bus->set_up(false);
  const auto begun = steady_clock::now();
  const auto news = there->reader->read(milliseconds(200));
  const std::vector batches{make_batch(room, 2)};
  const auto appended = here->writer->append(batches);
  const auto announced = here->writer->announce_gap();
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(5));
  ASSERT_TRUE(news.has_error());
  EXPECT_EQ(news.error().code, error_code::unavailable);
  ASSERT_TRUE(appended.has_error());
  EXPECT_EQ(appended.error().code, error_code::unavailable);
  EXPECT_TRUE(announced.has_error());
  bus->set_up(true);
  append(*here, make_batch(room, 3));
  const auto heard = hear(*there, 3);
  const auto seqs = seqs_of(heard, room);
  // Whether the second was appended nobody knows.
  EXPECT_THAT(seqs, testing::Contains(1));
  EXPECT_THAT(seqs, testing::Contains(3));
}

TEST_P(event_stream_contract, a_thousand_batches_go_at_once) {
  begin(*there);
  std::vector<std::shared_ptr<const stream_batch>> batches;
  for (sequence seq = 1; seq <= 1'000; ++seq) batches.push_back(make_batch(room, seq, 1, std::string(2'000, 'x')));
  append(*here, batches);
  const auto news = hear(*there, 1'000);
  std::vector<sequence> all(1'000);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(seqs_of(news, room), all);
  EXPECT_FALSE(news.is_incomplete);
  append(*here, std::vector<std::shared_ptr<const stream_batch>>{});
}

TEST_P(event_stream_contract, a_read_waits_for_news_but_no_longer_than_told) {
  begin(*there);
  const auto read = [&](milliseconds patience) {
    EXPECT_THAT(expect_value(there->reader->read(patience)).batches, IsEmpty());
  };
  const auto took = support::shortest_of_three([&] {
    read(milliseconds(150));
    read(milliseconds(0));
    read(milliseconds(-5));
  });
  EXPECT_GE(took, milliseconds(140));
  EXPECT_LT(took, milliseconds(600)) << "what is not to wait waited";
  const auto begun = steady_clock::now();
  read(std::chrono::hours(1));
  EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(30)) << "a second, and not an hour";
}

INSTANTIATE_TEST_SUITE_P(kinds, event_stream_contract, testing::ValuesIn(bus_kinds()), name_of_bus);

}  // namespace
}  // namespace parley::test
