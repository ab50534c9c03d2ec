// Socket.IO's packets, as its server writes them.
#include "peers/socketio_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "bench/peers/heard.hpp"

namespace parley::bench {
namespace {

using testing::ElementsAre;

TEST(SocketioClient, ConnectsJoinsAndAnswersPings) {
  socketio_client client({4, 1});
  heard events;
  client.receive(R"(0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000})", events);
  client.receive(R"(40{"sid":"b"})", events);
  client.receive("2", events);
  EXPECT_THAT(events.sent, ElementsAre("40", R"(420["join","room-4"])", "3"));
  EXPECT_EQ(events.joins, 0);
  client.receive("430[]", events);
  EXPECT_EQ(events.joins, 1);
}

TEST(SocketioClient, SendsWithIdsAndHearsThemAcknowledged) {
  socketio_client client({4, 0});
  heard events;
  client.receive("430[]", events);
  EXPECT_EQ(client.message("hi"), R"(421["message","hi"])");
  EXPECT_EQ(client.message("hi"), R"(422["message","hi"])");
  client.receive("431[]", events);
  client.receive("432[]", events);
  EXPECT_EQ(events.answers, 2);
  EXPECT_EQ(events.joins, 1);
  EXPECT_THROW(client.receive("432[]", events), std::runtime_error) << "once only";
}

TEST(SocketioClient, HearsMessagesAndRefusesTheRest) {
  socketio_client client({4, 1});
  heard events;
  client.receive(R"(42["message","hi"])", events);
  EXPECT_EQ(events.texts.size(), 1);
  EXPECT_THROW(client.receive(R"(44{"message":"not authorized"})", events), std::runtime_error);
  EXPECT_THROW(client.receive("41", events), std::runtime_error);
}

}  // namespace
}  // namespace parley::bench
