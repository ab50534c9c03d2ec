// A client's position over connections.
#include "storm/storm_client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace parley::bench::storm_client_test {
namespace {

using wish = storm_client::wish;

std::string message(int seq) {
  return fmt::format(R"({{"type":"new_message","data":{{"room_id":"r","seq":{},"content":"x"}}}})", seq);
}
std::string ready(int last_seq, int last_read_seq = 0) {
  return fmt::format(
      R"({{"type":"ready","data":{{"rooms":[{{"room_id":"r","last_seq":{},"last_read_seq":{},"unread":0}}]}}}})",
      last_seq, last_read_seq);
}
std::string replay_end(int seq, bool more) {
  return fmt::format(R"({{"type":"replay_end","data":{{"room_id":"r","seq":{},"more":{}}}}})", seq, more);
}
constexpr const char* ack = R"({"type":"ack","id":"r","data":{}})";

/// At seq 5 when its connection is lost.
storm_client at_five(storm_client::way_back way = storm_client::way_back::resume) {
  storm_client client(way);
  EXPECT_EQ(client.on_frame(ready(4)), wish::nothing);
  EXPECT_TRUE(client.is_live());
  client.on_frame(message(5));
  client.on_lost_connection();
  return client;
}

TEST(storm_client, comes_back_with_the_last_seq_and_is_live_at_the_replay_s_end) {
  auto client = at_five();
  EXPECT_TRUE(client.is_away());
  EXPECT_EQ(client.on_frame(ready(7)), wish::resume);
  EXPECT_EQ(client.last(), 5U);
  client.on_frame(message(8));  // live until the resume is acknowledged; it comes again
  client.on_frame(ack);
  client.on_frame(message(6));
  client.on_frame(message(7));
  client.on_frame(message(8));
  EXPECT_FALSE(client.is_live());
  EXPECT_EQ(client.on_frame(replay_end(8, false)), wish::nothing);
  EXPECT_TRUE(client.is_live());
  client.on_frame(message(9));
  EXPECT_EQ(client.last(), 9U);
  EXPECT_EQ(client.replayed(), 3U);
  EXPECT_EQ(client.doubled() + client.left_out(), 0U);
}

TEST(storm_client, asks_on_while_there_is_more) {
  auto client = at_five();
  client.on_frame(ready(9));
  client.on_frame(ack);
  client.on_frame(message(6));
  EXPECT_EQ(client.on_frame(replay_end(6, true)), wish::resume);
  EXPECT_FALSE(client.is_live());
}

TEST(storm_client, asks_again_when_a_resume_is_refused) {
  auto client = at_five();
  client.on_frame(ready(5));
  EXPECT_EQ(client.on_frame(R"({"type":"error","id":"r","data":{"code":"busy"}})"), wish::resume_later);
  client.on_frame(ack);
  client.on_frame(replay_end(5, false));
  EXPECT_TRUE(client.is_live());
}

TEST(storm_client, sees_what_is_left_out_and_what_comes_twice) {
  auto client = at_five();
  client.on_frame(ready(9));
  client.on_frame(ack);
  client.on_frame(message(8));
  client.on_frame(message(8));
  EXPECT_EQ(client.left_out(), 2U);
  EXPECT_EQ(client.doubled(), 1U);
}

TEST(storm_client, comes_back_behind_what_its_user_has_read) {
  auto client = at_five(storm_client::way_back::unread);
  EXPECT_EQ(client.on_frame(ready(7, 3)), wish::nothing);
  client.on_frame(message(4));
  client.on_frame(message(5));
  EXPECT_EQ(client.last(), 5U);
  client.on_frame(message(6));
  EXPECT_EQ(client.on_frame(replay_end(6, true)), wish::resume);
  EXPECT_EQ(client.position(), 6U);
  client.on_frame(ack);
  client.on_frame(message(7));
  EXPECT_EQ(client.on_frame(replay_end(7, false)), wish::nothing);
  EXPECT_TRUE(client.is_live());
  EXPECT_EQ(client.replayed(), 4U);
  EXPECT_EQ(client.doubled() + client.left_out(), 0U);
}

TEST(storm_client, sees_what_is_wrong_behind_what_its_user_has_read) {
  auto client = at_five(storm_client::way_back::unread);
  client.on_frame(ready(7, 3));
  client.on_frame(message(5));
  EXPECT_EQ(client.left_out(), 1U) << "it has 4, but the node does not know that";
  client.on_frame(message(5));
  EXPECT_EQ(client.doubled(), 1U);
  client.on_lost_connection();
  client.on_frame(ready(9, 7));
  EXPECT_EQ(client.left_out(), 3U) << "6 and 7 counted as read, and never came";
}

}  // namespace
}  // namespace parley::bench::storm_client_test
