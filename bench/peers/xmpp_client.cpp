// Elements are told apart by how they begin: a parser of XML would cost the load more than it is worth.
#include "peers/xmpp_client.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace parley::bench {
namespace {

[[noreturn]] void refuse_element(std::string_view what) {
  throw std::runtime_error("XMPP answered: " + std::string(what.substr(0, 300)));
}

/// The first tag.
std::string_view opening(std::string_view element) { return element.substr(0, element.find('>')); }

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool has_attribute(std::string_view element, std::string_view name, std::string_view value) {
  const auto tag = opening(element);
  return has(tag, fmt::format(" {}='{}'", name, value)) || has(tag, fmt::format(" {}=\"{}\"", name, value));
}

bool has_status(std::string_view presence, std::string_view code) {
  return has(presence, fmt::format("code='{}'", code)) || has(presence, fmt::format("code=\"{}\"", code));
}

std::string open_stream() {
  return fmt::format("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{}' version='1.0'/>", xmpp_host);
}

}  // namespace

std::string xmpp_client::room() const { return fmt::format("room-{}@{}", place_.room, xmpp_rooms); }

void xmpp_client::begin(peer_events& events) { events.send(open_stream()); }

void xmpp_client::receive(std::string_view payload, peer_events& events) {
  if (payload.starts_with("<message")) {
    on_message(payload, events);
  } else if (payload.starts_with("<presence")) {
    on_presence(payload, events);
  } else if (payload.starts_with("<stream:features")) {
    on_features(payload, events);
  } else if (payload.starts_with("<success")) {
    events.send(open_stream());
  } else if (payload.starts_with("<iq") && has_attribute(payload, "type", "result")) {
    events.send(
        fmt::format("<presence xmlns='jabber:client' to='{}/member-{}'><x xmlns='http://jabber.org/protocol/muc'>"
                    "<history maxstanzas='0'/></x></presence>",
                    room(), place_.member));
  } else if (!payload.starts_with("<open")) {
    refuse_element(payload);
  }
}

/// The room's subject comes as a message without a body.
void xmpp_client::on_message(std::string_view payload, peer_events& events) const {
  if (has_attribute(payload, "type", "error")) refuse_element(payload);
  if (!has(payload, "<body>")) return;
  if (place_.sends())
    events.acknowledged();
  else
    events.delivered(payload);
}

void xmpp_client::on_features(std::string_view payload, peer_events& events) const {
  if (has(payload, ">ANONYMOUS<"))
    events.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
  else if (has(payload, "urn:ietf:params:xml:ns:xmpp-bind"))
    events.send("<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  else
    refuse_element(payload);
}

/// Status 110 is in one's own.
void xmpp_client::on_presence(std::string_view payload, peer_events& events) {
  if (has_attribute(payload, "type", "error")) refuse_element(payload);
  if (has_joined_ || !has_status(payload, "110")) return;
  has_joined_ = true;
  events.joined();
}

std::string xmpp_client::message(std::string_view content) {
  return fmt::format("<message xmlns='jabber:client' to='{}' type='groupchat'><body>{}</body></message>", room(),
                     content);
}

}  // namespace parley::bench
