// MQTT's packets, byte by byte.
#include "peers/mqtt_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "bench/peers/heard.hpp"

namespace parley::bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

const auto connect_ack = "\x20\x02\x00\x00"s;

TEST(MqttClient, ConnectsSubscribesAndHasJoinedWithTheSubscription) {
  mqtt_client member({7, 1});
  heard events;
  member.begin(events);
  EXPECT_THAT(events.sent, ElementsAre("\x10\x0F\x00\x04MQTT\x04\x02\x00\x00\x00\x03"
                                       "7-1"s));
  member.receive(connect_ack, events);
  EXPECT_EQ(events.sent.back(), "\x82\x0B\x00\x01\x00\x06room/7\x00"s);
  EXPECT_EQ(events.joins, 0);
  member.receive("\x90\x03\x00\x01\x00"s, events);
  EXPECT_EQ(events.joins, 1);
}

TEST(MqttClient, PublishesWithNumbersAndHearsTheirAcks) {
  mqtt_client sender({7, 0});
  heard events;
  sender.receive(connect_ack, events);
  EXPECT_EQ(events.joins, 1) << "it does not subscribe";
  EXPECT_EQ(sender.message("hi"), "\x32\x0C\x00\x06room/7\x00\x01hi"s);
  EXPECT_EQ(sender.message("hi"), "\x32\x0C\x00\x06room/7\x00\x02hi"s);
  sender.receive("\x40\x02\x00\x01\x40\x02\x00\x02"s, events);
  EXPECT_EQ(events.answers, 2);
  EXPECT_THROW(sender.receive("\x40\x02\x00\x07"s, events), std::runtime_error) << "none of its numbers";
  EXPECT_THAT(events.texts, IsEmpty());
}

TEST(MqttClient, CountsLengthsOverOneByte) {
  mqtt_client sender({7, 0});
  const auto packet = sender.message(std::string(128, 'x'));
  EXPECT_EQ(packet.substr(0, 3), "\x32\x8A\x01"s);  // 138 = 10 + 1 * 128
  EXPECT_EQ(packet.size(), 3 + 138);
}

TEST(MqttClient, TakesPacketsFromAStreamThatIsCutAnywhere) {
  const auto bytes = "\x30\x0A\x00\x06room/7hi\x30\x8A\x01\x00\x06room/7"s + std::string(130, 'x');
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    mqtt_client member({7, 1});
    heard events;
    member.receive(bytes.substr(0, cut), events);
    member.receive(bytes.substr(cut), events);
    ASSERT_EQ(events.texts.size(), 2) << cut;
    EXPECT_EQ(events.texts[0], "\x00\x06room/7hi"s);
    EXPECT_EQ(events.texts[1].size(), 138);
  }
}

TEST(MqttClient, RefusesARefusal) {
  heard events;
  EXPECT_THROW(mqtt_client({7, 1}).receive("\x20\x02\x00\x05"s, events), std::runtime_error) << "not authorized";
  EXPECT_THROW(mqtt_client({7, 1}).receive("\x90\x03\x00\x01\x80"s, events), std::runtime_error) << "no subscription";
  EXPECT_THROW(mqtt_client({7, 1}).receive("\x30\xFF\xFF\xFF\xFF\x01"s, events), std::runtime_error);
}

}  // namespace
}  // namespace parley::bench
