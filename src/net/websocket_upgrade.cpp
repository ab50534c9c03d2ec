// The rules of /ws and /ws/{room_id}/{user_id}, with development mode's names.
#include "net/websocket_upgrade.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "net/compression_offer.hpp"
#include "net/credentials_from_request.hpp"
#include "net/field_rules.hpp"
#include "net/http_response.hpp"
#include "net/origin_policy.hpp"

namespace parley {

namespace http = boost::beast::http;

namespace {

std::string_view header(const http_request& request, http::field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

/// 16 bytes in base64.
bool is_handshake_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}

/// What is wrong with the handshake, if anything (RFC 6455 section 4.2.1).
std::optional<http_reply> handshake_fault(const http_request& request) {
  const bool asks = request.method() == http::verb::get &&
                    http::token_list(request[http::field::upgrade]).exists("websocket") &&
                    http::token_list(request[http::field::connection]).exists("upgrade");
  std::optional<http_reply> refused;
  if (!asks || request.version() < 11) {
    refused = problem(bad_request("Upgrade: this path speaks WebSocket only"), 426);
  } else if (header(request, http::field::sec_websocket_version) != "13") {
    refused = problem(bad_request("Sec-WebSocket-Version: must be 13"), 426);
  } else if (request.count(http::field::sec_websocket_key) != 1 ||
             !is_handshake_key(header(request, http::field::sec_websocket_key))) {
    return problem(bad_request("Sec-WebSocket-Key: must be 16 bytes in base64"));
  }
  if (refused) {
    refused->headers.emplace_back("Upgrade", "websocket");
    refused->headers.emplace_back("Sec-WebSocket-Version", "13");
  }
  return refused;
}

result<replay_mode> replay_of(const http_target& target) {
  const auto given = target.query_field("replay").value_or("unread");
  if (given == "unread") return replay_mode::unread;
  if (given == "none") return replay_mode::none;
  return bad_request("replay: must be unread or none");
}

std::string agree_on_compression(const http_request& request, const config& settings) {
  if (settings.net.compression == "off") return {};
  std::string offers;
  const auto [first, last] = request.equal_range(http::field::sec_websocket_extensions);
  for (auto each = first; each != last; ++each) {
    if (!offers.empty()) offers += ',';
    offers.append(each->value().data(), each->value().size());
  }
  return accept_compression(offers);
}

/// One upgrade on its way through the questions to the broker.
struct upgrade {
  api_call_ptr call;
  upgrade_grant granted;
  std::function<void(upgrade_grant)> grant;

  void finish() { grant(std::move(granted)); }
};
using upgrade_ptr = std::shared_ptr<upgrade>;

void enter_as_member(const upgrade_ptr& up, room_id room) {
  const auto& call = up->call;
  // Who is no member learns nothing of the room: an unknown one is refused alike.
  auto hop = [up = up, room](result<room_summary> found) mutable {
    const auto executor = up->call->executor;
    boost::asio::post(executor, [up = std::move(up), room, found = std::move(found)] {
      if (!found && found.error().code == error_code::not_found) {
        return up->call->fail(forbidden("room_id: you are not a member of this room"));
      }
      if (!found) return up->call->fail(found.error());
      up->granted.only_room = room;
      up->finish();
    });
  };
  call->services.actors.ask(get_room{up->granted.who, room, false}, std::move(hop));
}

void enter_with_token(const upgrade_ptr& up, std::string token, std::optional<std::pair<room_id, user_id>> place) {
  ask(up->call, authenticate{std::move(token)}, [up, place](const principal& who) {
    up->granted.who = who;
    if (!place) return up->finish();
    if (place->second != who.user.id) {
      return up->call->fail(forbidden("user_id: must be the token's user"));
    }
    enter_as_member(up, place->first);
  });
}

void enter_with_names(const upgrade_ptr& up, const std::string& room, const std::string& user) {
  // Either may be an id as well; an id is also a sound name, if too long for a user's.
  if (const auto checked = check_name("room", room); !checked) return up->call->fail(checked.error());
  const auto checked = check_short_username(user);
  if (!checked && !user_id::parse(user)) return up->call->fail(checked.error());
  ask(up->call, enter_by_name{room, user}, [up](const enter_by_name::reply& entered) {
    up->granted.who = entered.who;
    up->granted.only_room = entered.room;
    up->finish();
  });
}

void identify(const upgrade_ptr& up) {
  const auto& call = up->call;
  auto credentials = websocket_credentials(call->request, call->target);
  up->granted.subprotocol = std::move(credentials.subprotocol);
  const auto& segments = call->target.segments;
  std::optional<std::pair<room_id, user_id>> place;
  if (segments.size() == 3) {
    const auto room = room_id::parse(segments[1]);
    const auto user = user_id::parse(segments[2]);
    const bool are_ids = room && user;
    if (call->services.settings.dev && (!are_ids || !credentials.token)) {
      return enter_with_names(up, segments[1], segments[2]);
    }
    if (!are_ids) return call->fail(not_found("path: /ws/{room_id}/{user_id} takes two UUIDs"));
    place.emplace(*room, *user);
  }
  if (!credentials.token) {
    return call->fail(make_error(error_code::unauthenticated, "token: is missing"));
  }
  enter_with_token(up, *std::move(credentials.token), place);
}

}  // namespace

bool is_websocket_path(const http_target& target) { return !target.segments.empty() && target.segments[0] == "ws"; }

void check_upgrade(const api_call_ptr& call, std::function<void(upgrade_grant)> grant) {
  const auto& segments = call->target.segments;
  const auto& settings = call->services.settings;
  if ((segments.size() != 1 && segments.size() != 3) || std::count(segments.begin(), segments.end(), "") > 0) {
    return call->fail(not_found("path: /ws and /ws/{room_id}/{user_id} speak WebSocket"));
  }
  const auto method = call->request.method();
  constexpr auto allow = "GET, HEAD, OPTIONS";
  if (method == http::verb::options) return call->respond(options_reply(call->request, allow, settings));
  if (method != http::verb::get && method != http::verb::head) return call->respond(method_not_allowed(allow));
  if (auto fault = handshake_fault(call->request)) return call->respond(std::move(*fault));
  if (call->services.draining) return call->fail(busy("node: it is about to stop", 1'000));
  const auto origins = call->request.count(http::field::origin);
  const bool is_allowed =
      origins == 0 || (origins == 1 && origin_is_allowed(header(call->request, http::field::origin),
                                                         header(call->request, http::field::host), settings));
  if (!is_allowed) return call->fail(forbidden("Origin: not this host, and not in net.allowed_origins"));
  const auto replay = replay_of(call->target);
  if (!replay) return call->fail(replay.error());

  auto up = std::make_shared<upgrade>();
  up->call = call;
  up->granted.replay = *replay;
  up->granted.extensions = agree_on_compression(call->request, settings);
  up->grant = std::move(grant);
  identify(up);
}

}  // namespace parley
