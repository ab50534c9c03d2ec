// Parley's frames, and the floor's echo of them.
#include "peers/parley_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "bench/peers/heard.hpp"
#include "new_message.hpp"
#include "peers/content.hpp"

namespace parley::bench {
namespace {

using testing::ElementsAre;

TEST(ParleyClient, HearsReadyAcksAndMessages) {
  parley_client sender({2, 0}, false);
  parley_client member({2, 1}, false);
  heard events;
  EXPECT_EQ(sender.how_to_connect().path, "/ws/bench-2/sender-2-0?replay=none");
  EXPECT_EQ(sender.message("hello"), R"({"type":"send_message","data":{"content":"hello"}})");
  sender.begin(events);
  EXPECT_EQ(events.joins, 0) << "only once the server says so";
  sender.receive(R"({"type":"ready","data":{}})", events);
  sender.receive(R"({"type":"ack","id":null,"data":{}})", events);
  sender.receive(R"({"type":"presence","data":{}})", events);
  EXPECT_EQ(events.joins, 1);
  EXPECT_EQ(events.answers, 1);
  member.receive(R"({"type":"new_message","data":{"content":"ack"}})", events);
  EXPECT_EQ(events.answers, 1);
  EXPECT_EQ(events.texts.size(), 1);
  EXPECT_THROW(sender.receive(R"({"type":"error","data":{"code":"busy"}})", events), std::runtime_error);
}

TEST(ParleyClient, TakesTheFloorsEchoForTheAnswer) {
  parley_client sender({2, 0}, true);
  heard events;
  sender.begin(events);
  EXPECT_EQ(events.joins, 1);
  sender.receive(new_message_of_the_same_size("hello"), events);
  EXPECT_EQ(events.answers, 1);
  EXPECT_TRUE(events.texts.empty());
}

TEST(Content, BearsItsStampThroughAFrame) {
  const auto content = stamped({17, 123'456'789}, 128);
  EXPECT_EQ(content.size(), 128);
  EXPECT_EQ(stamped({17, 1}, 1).size(), least_content);
  const auto found = find_stamp(new_message_of_the_same_size(content));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, 17);
  EXPECT_EQ(found->sent_ns, 123'456'789);
}

TEST(Content, FindsNoStampWhereThereIsNone) {
  for (const auto* text : {"", "#", "#000000000017.", "no mark in here, however long it may become in the end",
                           "#00000000001x.00000000000123456789", "#000000000017.0000000000012345678x"}) {
    EXPECT_FALSE(find_stamp(text)) << text;
  }
}

}  // namespace
}  // namespace parley::bench
