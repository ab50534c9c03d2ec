// NATS' lines and payloads, by bytes as a server sends them.
#include "peers/nats_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "bench/peers/heard.hpp"

namespace parley::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(NatsClient, SubscribesToItsRoomAndHasJoinedAtThePong) {
  nats_client client({3, 1}, nats_answer::echo);
  heard events;
  client.begin(events);
  EXPECT_THAT(events.sent, ElementsAre(HasSubstr("}\r\nSUB room.3 1\r\nPING\r\n")));
  client.receive("INFO {\"server_id\":\"N\"}\r\n", events);
  EXPECT_EQ(events.joins, 0);
  client.receive("PONG\r\n", events);
  EXPECT_EQ(events.joins, 1);
}

TEST(NatsClient, TakesMessagesFromAStreamThatIsCutAnywhere) {
  const std::string bytes = "MSG room.3 1 5\r\nhello\r\nPING\r\nMSG room.3 1 7\r\n\r\nMSG \n\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    nats_client client({3, 1}, nats_answer::echo);
    heard events;
    client.receive(bytes.substr(0, cut), events);
    client.receive(bytes.substr(cut), events);
    EXPECT_THAT(events.texts, ElementsAre("hello", "\r\nMSG \n")) << cut;
    EXPECT_THAT(events.sent, ElementsAre("PONG\r\n")) << cut;
  }
}

TEST(NatsClient, TakesItsOwnEchoForTheAnswerOfCoreNats) {
  nats_client client({3, 0}, nats_answer::echo);
  heard events;
  EXPECT_EQ(client.message("hello"), "PUB room.3 5\r\nhello\r\n");
  client.receive("MSG room.3 1 5\r\nhello\r\n", events);
  EXPECT_EQ(events.answers, 1);
  EXPECT_THAT(events.texts, IsEmpty());
}

TEST(NatsClient, HearsTheAcksOfAStreamInItsInbox) {
  nats_client client({3, 0}, nats_answer::stream_ack);
  heard events;
  client.begin(events);
  EXPECT_THAT(events.sent, ElementsAre(HasSubstr("SUB _INBOX.3 1\r\n")));
  EXPECT_EQ(client.message("hello"), "PUB room.3 _INBOX.3 5\r\nhello\r\n");
  client.receive("MSG _INBOX.3 1 27\r\n{\"stream\":\"rooms\", \"seq\":1}\r\n", events);
  EXPECT_EQ(events.answers, 1);
  EXPECT_THROW(client.receive("MSG _INBOX.3 1 16\r\n{\"error\":\"full\"}\r\n", events), std::runtime_error);
}

TEST(NatsClient, RefusesWhatItDoesNotKnow) {
  heard events;
  for (const auto* wrong : {"-ERR 'Authorization Violation'\r\n", "MSG room.3 1 five\r\n", "HELLO\r\n"}) {
    nats_client client({3, 1}, nats_answer::echo);
    EXPECT_THROW(client.receive(wrong, events), std::runtime_error) << wrong;
  }
}

}  // namespace
}  // namespace parley::bench
