// XMPP's elements, as ejabberd writes them.
#include "peers/xmpp_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "bench/peers/heard.hpp"
#include "peers/ejabberd_configuration.hpp"

namespace parley::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* open_element =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='1' version='1.0' xml:lang='en' from='localhost'/>";
constexpr const char* bind_features =
    "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
    "</stream:features>";
constexpr const char* own_presence =
    "<presence xmlns='jabber:client' to='1@localhost/1' from='room-3@rooms.localhost/member-1'>"
    "<x xmlns='http://jabber.org/protocol/muc#user'><item role='participant' affiliation='none'/>"
    "<status code='110'/></x></presence>";

TEST(XmppClient, LogsInBindsAndEntersItsRoom) {
  xmpp_client client({3, 1});
  heard events;
  client.begin(events);
  client.receive(open_element, events);
  client.receive(
      "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism>"
      "</mechanisms></stream:features>",
      events);
  client.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", events);
  client.receive(bind_features, events);
  client.receive("<iq xmlns='jabber:client' type='result' id='bind'><bind><jid>1@localhost/1</jid></bind></iq>",
                 events);
  EXPECT_THAT(events.sent, ElementsAre(HasSubstr("<open"), HasSubstr("mechanism='ANONYMOUS'"), HasSubstr("<open"),
                                       HasSubstr("xmpp-bind"), HasSubstr("to='room-3@rooms.localhost/member-1'")));
  EXPECT_EQ(events.joins, 0);
  client.receive("<presence from='room-3@rooms.localhost/member-9'><x><item role='participant'/></x></presence>",
                 events);
  EXPECT_EQ(events.joins, 0) << "somebody else's";
  client.receive(own_presence, events);
  client.receive(own_presence, events);
  EXPECT_EQ(events.joins, 1) << "once";
}

TEST(XmppClient, TakesMessagesWithABodyOnly) {
  xmpp_client member({3, 1});
  xmpp_client sender({3, 0});
  heard events;
  const std::string subject =
      "<message xmlns='jabber:client' type='groupchat' from='room-3@rooms.localhost'><subject/></message>";
  const std::string message =
      "<message xmlns='jabber:client' type='groupchat' "
      "from='room-3@rooms.localhost/member-0'><body>hi</body></message>";
  member.receive(subject, events);
  sender.receive(subject, events);
  EXPECT_THAT(events.texts, IsEmpty());
  member.receive(message, events);
  EXPECT_EQ(events.texts.size(), 1);
  EXPECT_EQ(events.answers, 0);
  sender.receive(message, events);
  EXPECT_EQ(events.texts.size(), 1);
  EXPECT_EQ(events.answers, 1) << "its own, back from the room";
  EXPECT_THAT(sender.message("hi"), HasSubstr("to='room-3@rooms.localhost' type='groupchat'><body>hi</body>"));
}

TEST(XmppClient, RefusesErrors) {
  heard events;
  for (const auto* wrong :
       {"<message xmlns='jabber:client' type='error'><body>hi</body><error/></message>",
        "<presence xmlns='jabber:client' type='error'><x/><error type='wait'/></presence>",
        "<iq xmlns='jabber:client' type='error' id='bind'/>", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        "<stream:error/>", "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "<stream:features/>"}) {
    EXPECT_THROW(xmpp_client({3, 1}).receive(wrong, events), std::runtime_error) << wrong;
  }
}

TEST(EjabberdConfiguration, HasADatabaseOnlyForTheArchive) {
  const auto plain = ejabberd_configuration(5280, "");
  EXPECT_THAT(plain, HasSubstr("port: 5280\n"));
  EXPECT_THAT(plain, HasSubstr("mam: false\n"));
  EXPECT_THAT(plain, HasSubstr("default_room_options:\n      max_users: 20000\n")) << "by itself a room takes 200";
  EXPECT_THAT(plain, Not(HasSubstr("sql")));
  const auto archived = ejabberd_configuration(5280, "postgresql://parley@127.0.0.1:5433/test_1");
  EXPECT_THAT(archived, HasSubstr("sql_server: \"127.0.0.1\"\nsql_port: 5433\nsql_username: \"parley\"\n"));
  EXPECT_THAT(archived, HasSubstr("sql_database: \"test_1\"\n"));
  EXPECT_THAT(archived, HasSubstr("mod_mam:\n    db_type: sql\n"));
  EXPECT_THAT(archived, HasSubstr("mam: true\n"));
  EXPECT_THROW((void)ejabberd_configuration(5280, "somewhere"), std::invalid_argument);
}

}  // namespace
}  // namespace parley::bench
