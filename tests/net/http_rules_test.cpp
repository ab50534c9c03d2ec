// The pure parts of the HTTP side: targets, routes, origins, credentials, bodies, fields, problems.
#include <gtest/gtest.h>

#include <boost/beast/http/message.hpp>
#include <boost/json/parse.hpp>
#include <set>
#include <string>

#include "net/credentials_from_request.hpp"
#include "net/field_rules.hpp"
#include "net/http_response.hpp"
#include "net/http_target.hpp"
#include "net/origin_policy.hpp"
#include "net/problem.hpp"
#include "net/request_body.hpp"
#include "net/router.hpp"
#include "parley/utf8.hpp"

namespace parley {
namespace {

namespace http = boost::beast::http;
using strings = std::vector<std::string>;

http_target target_of(std::string_view text) {
  const auto parsed = parse_target(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : http_target{};
}

// --- Targets ---

TEST(http_target, is_taken_apart_and_decoded) {
  const auto target = target_of("/api/v1/messages/a%2Fb/%F0%9F%91%8D?q=a+b%20c&limit=5&flag&&q=second");
  EXPECT_EQ(target.segments, (strings{"api", "v1", "messages", "a/b", "👍"}));
  EXPECT_EQ(target.path, "/api/v1/messages/a/b/👍");
  EXPECT_EQ(target.query_field("q"), "a b c");
  EXPECT_EQ(target.query_field("limit"), "5");
  EXPECT_EQ(target.query_field("flag"), "");
  EXPECT_EQ(target.query_field("other"), std::nullopt);
  EXPECT_EQ(target_of("/").segments, strings{});
  EXPECT_EQ(target_of("/").path, "/");
  EXPECT_EQ(target_of("//x/").segments, (strings{"", "x", ""}));
  EXPECT_EQ(target_of("/a+b").segments, strings{"a+b"});
}

TEST(http_target, in_absolute_form_loses_its_host) {
  EXPECT_EQ(target_of("http://example.org/a?b=c").segments, strings{"a"});
  EXPECT_EQ(target_of("https://example.org").path, "/");
}

TEST(http_target, that_is_broken_is_refused) {
  for (const auto* text :
       {"", "a", "*", "?a=b", "/%", "/%4", "/%zz", "/%00", "/%ff", "/a?b=%", "/a?%00=b", "/a?b=%c3"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

// --- Routes ---

TEST(router, finds_the_handler_and_the_variable_parts) {
  struct expected {
    http::verb method;
    const char* path;
    access who;
    strings parameters;
  };
  for (const auto& [method, path, who, parameters] : std::vector<expected>{
           {http::verb::post, "/api/v1/auth/register", access::open, {}},
           {http::verb::post, "/api/v1/auth/login", access::open, {}},
           {http::verb::post, "/api/v1/auth/logout", access::user, {}},
           {http::verb::post, "/api/v1/auth/logout-all", access::user, {}},
           {http::verb::get, "/api/v1/me", access::user, {}},
           {http::verb::head, "/api/v1/me", access::user, {}},
           {http::verb::get, "/api/v1/users", access::user, {}},
           {http::verb::get, "/api/v1/users/u", access::user, {"u"}},
           {http::verb::get, "/api/v1/presence", access::user, {}},
           {http::verb::get, "/api/v1/friends", access::user, {}},
           {http::verb::post, "/api/v1/friends", access::user, {}},
           {http::verb::post, "/api/v1/friends/u/accept", access::user, {"u"}},
           {http::verb::post, "/api/v1/friends/u/decline", access::user, {"u"}},
           {http::verb::post, "/api/v1/friends/u/block", access::user, {"u"}},
           {http::verb::post, "/api/v1/friends/u/unblock", access::user, {"u"}},
           {http::verb::delete_, "/api/v1/friends/u", access::user, {"u"}},
           {http::verb::get, "/api/v1/rooms", access::user, {}},
           {http::verb::post, "/api/v1/rooms", access::user, {}},
           {http::verb::get, "/api/v1/rooms/r", access::user, {"r"}},
           {http::verb::patch, "/api/v1/rooms/r", access::user, {"r"}},
           {http::verb::get, "/api/v1/rooms/r/members", access::user, {"r"}},
           {http::verb::post, "/api/v1/rooms/r/members", access::user, {"r"}},
           {http::verb::delete_, "/api/v1/rooms/r/members/me", access::user, {"r", "me"}},
           {http::verb::get, "/api/v1/rooms/r/messages", access::user, {"r"}},
           {http::verb::post, "/api/v1/rooms/r/messages", access::user, {"r"}},
           {http::verb::get, "/api/v1/rooms/r/events", access::user, {"r"}},
           {http::verb::post, "/api/v1/rooms/r/read", access::user, {"r"}},
           {http::verb::patch, "/api/v1/messages/m", access::user, {"m"}},
           {http::verb::delete_, "/api/v1/messages/m", access::user, {"m"}},
           {http::verb::put, "/api/v1/messages/m/reactions/%F0%9F%91%8D", access::user, {"m", "👍"}},
           {http::verb::delete_, "/api/v1/messages/m/reactions/x", access::user, {"m", "x"}},
           {http::verb::get, "/healthz", access::open, {}},
           {http::verb::get, "/readyz", access::open, {}},
           {http::verb::get, "/metrics", access::open, {}},
       }) {
    const auto match = api_router().find(method, target_of(path).segments);
    ASSERT_TRUE(std::holds_alternative<router::found>(match)) << path;
    EXPECT_EQ(std::get<router::found>(match).who, who) << path;
    EXPECT_EQ(std::get<router::found>(match).parameters, parameters) << path;
    const auto pattern = std::get<router::found>(match).pattern;
    EXPECT_EQ(pattern.find('{') != std::string_view::npos, !parameters.empty()) << pattern;
  }
}

TEST(router, says_which_methods_a_path_takes) {
  const auto allow = [](const char* path) {
    const auto match = api_router().find(http::verb::options, target_of(path).segments);
    const auto* wrong = std::get_if<router::wrong_method>(&match);
    return wrong != nullptr ? wrong->allow : "nowhere";
  };
  EXPECT_EQ(allow("/api/v1/me"), "GET, HEAD, OPTIONS, PATCH");
  EXPECT_EQ(allow("/api/v1/rooms"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(allow("/api/v1/messages/m"), "DELETE, OPTIONS, PATCH");
  EXPECT_EQ(allow("/api/v1/auth/login"), "OPTIONS, POST");
}

TEST(router, leads_nowhere_from_other_paths) {
  for (const auto* path :
       {"/", "/api", "/api/v1", "/api/v1/", "/api/v1/me/", "/api/v1//me", "/API/V1/me", "/api/v2/me", "/api/v1/users/",
        "/api/v1/me/passwords", "/api/v1/messages/m/reactions/", "/healthz/", "/ws"}) {
    EXPECT_TRUE(std::holds_alternative<router::nowhere>(api_router().find(http::verb::get, target_of(path).segments)))
        << path;
  }
}

// --- Origins ---

TEST(origin_policy, allows_this_host_and_the_listed_ones) {
  config settings;
  settings.net.allowed_origins = {"https://chat.example.org", "http://other.example.org:8080/"};
  const auto allowed = [&](std::string_view origin, std::string_view host = "here.example.org:8000") {
    return origin_is_allowed(origin, host, settings);
  };
  for (const auto* origin :
       {"http://here.example.org:8000", "https://here.example.org:8000", "HTTP://HERE.example.org:8000",
        "https://chat.example.org", "HTTPS://Chat.Example.Org", "https://chat.example.org:443"}) {
    EXPECT_TRUE(allowed(origin)) << origin;
  }
  for (const auto* origin :
       {"", "null", "*", "here.example.org:8000", "http://here.example.org", "http://here.example.org:80",
        "http://chat.example.org", "https://chat.example.org:8443", "https://chat.example.org.evil.com",
        "https://evilchat.example.org", "ftp://chat.example.org", "https://chat.example.org@evil.com",
        "https://evil.com/https://chat.example.org", "http://localhost:8000", "http://", "https://:443"}) {
    EXPECT_FALSE(allowed(origin)) << origin;
  }
  EXPECT_TRUE(allowed("https://here.example.org", "here.example.org"));
  EXPECT_TRUE(allowed("https://here.example.org", "here.example.org:443"));
  EXPECT_TRUE(allowed("http://[::1]:8000", "[::1]:8000"));
  EXPECT_FALSE(allowed("http://[::1]:8001", "[::1]:8000"));
  EXPECT_FALSE(allowed("http://x", ""));
}

TEST(origin_policy, takes_only_origins_that_a_page_can_have) {
  const auto check = [](const std::string& origin) {
    config settings;
    settings.net.allowed_origins = {"https://chat.example.org", origin};
    return check_allowed_origins(settings);
  };
  for (const auto* origin : {"http://other.example.org:8080", "HTTPS://Chat.Example.ORG", "https://[2001:db8::1]:8443",
                             "capacitor://localhost", "tauri://localhost", "https://xn--exmple-cua.org"}) {
    EXPECT_TRUE(check(origin)) << origin;
  }
  for (const auto* origin : {"",
                             "*",
                             "null",
                             "chat.example.org",
                             "https://",
                             "https://chat.example.org/",
                             "https://*.example.org",
                             "https://ex\xC3\xA4mple.org",
                             "https://x:99999",
                             "https://x:12345678901234567890",
                             "https://a\tb",
                             "https://user@x",
                             "https://[2001:db8::1",
                             "1a://x",
                             "wss://chat.example.org",
                             "ws://x",
                             "file://x",
                             "https://x:0443",
                             "https://[hello]",
                             "https://[0:0:0:0:0:0:0:1]",
                             "https://[]",
                             "https://[fe80::1%25eth0]",
                             "https://a.example,b.example"}) {
    const auto refused = check(origin);
    ASSERT_FALSE(refused) << origin;
    EXPECT_NE(refused.error().message.find("net.allowed_origins"), std::string::npos) << refused.error().message;
  }
}

TEST(origin_policy, in_development_mode_allows_any_loopback_origin) {
  config settings;
  settings.dev = true;
  for (const auto* origin : {"http://localhost:5173", "https://localhost", "http://127.0.0.1:3000", "http://127.1.2.3",
                             "http://[::1]:8080"}) {
    EXPECT_TRUE(origin_is_allowed(origin, "localhost:8000", settings)) << origin;
  }
  for (const auto* origin : {"https://evil.example.org", "http://localhost.evil.example.org",
                             "http://127.0.0.1.evil.org", "http://127.evil.org.x", "null", "http://10.0.0.1"}) {
    EXPECT_FALSE(origin_is_allowed(origin, "localhost:8000", settings)) << origin;
  }
}

TEST(origin_policy, knows_loopback_hosts) {
  for (const auto* host : {"localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"})
    EXPECT_TRUE(host_header_is_loopback(host)) << host;
  for (const auto* host : {"", "evil.org", "localhost.evil.org", "127.0.0.1.evil.org:80", "[::2]", "::1", "[::1",
                           "localhost:x", "0.0.0.0"}) {
    EXPECT_FALSE(host_header_is_loopback(host)) << host;
  }
}

TEST(loopback_host, is_told_by_figures_not_by_a_prefix) {
  for (const auto* host : {"localhost", "127.0.0.1", "127.255.0.9", "::1"}) EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const auto* host :
       {"", "127.", "127.evil.example", "127.0.0.1.evil.org", "127.0.0.x", "0.0.0.0", "::", "10.0.0.1"})
    EXPECT_FALSE(is_loopback_host(host)) << host;
  config settings;
  settings.dev = true;
  settings.net.listen = "127.evil.example:8000";
  EXPECT_FALSE(validate(settings));
}

// --- Credentials ---

TEST(credentials, first_found_wins) {
  const auto all = target_of("/ws?token=from-query");
  http::fields headers;
  EXPECT_EQ(websocket_credentials(headers, target_of("/ws")).token, std::nullopt);
  EXPECT_EQ(websocket_credentials(headers, all).token, "from-query");
  headers.set(http::field::sec_websocket_protocol, "parley.v1, parley.token.from-protocol");
  EXPECT_EQ(websocket_credentials(headers, all).token, "from-protocol");
  headers.set(http::field::authorization, "Bearer from-header");
  EXPECT_EQ(websocket_credentials(headers, all).token, "from-header");
  headers.set(http::field::authorization, "Basic dTpw");
  EXPECT_EQ(websocket_credentials(headers, all).token, "from-protocol");
}

TEST(credentials, the_protocol_is_answered_only_when_it_is_offered) {
  http::fields headers;
  EXPECT_EQ(websocket_credentials(headers, target_of("/ws")).subprotocol, "");
  headers.set(http::field::sec_websocket_protocol, "parley.token.abc");
  EXPECT_EQ(websocket_credentials(headers, target_of("/ws")).subprotocol, "");
  headers.insert(http::field::sec_websocket_protocol, "other, parley.v1");
  EXPECT_EQ(websocket_credentials(headers, target_of("/ws")).subprotocol, "parley.v1");
  EXPECT_EQ(websocket_credentials(headers, target_of("/ws")).token, "abc");
}

TEST(credentials, rest_takes_bearer_tokens_alone) {
  http::fields headers;
  EXPECT_EQ(bearer_token(headers), std::nullopt);
  for (const auto* value : {"", "Bearer", "Basic abc", "abc"}) {
    headers.set(http::field::authorization, value);
    EXPECT_EQ(bearer_token(headers), std::nullopt) << value;
  }
  for (const auto* value : {"Bearer abc", "bearer abc", "BEARER   abc"}) {
    headers.set(http::field::authorization, value);
    EXPECT_EQ(bearer_token(headers), "abc") << value;
  }
}

// --- Bodies and queries ---

TEST(request_body, reads_fields_and_keeps_the_first_refusal) {
  auto body =
      request_body::parse(R"({"name":"x","none":null,"flag":true,"seq":7,"extra":{},"name2":"y","name":"last"})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text("name"), "last");
  EXPECT_EQ(body->text("none"), std::nullopt);
  EXPECT_EQ(body->text("absent"), std::nullopt);
  EXPECT_TRUE(body->required_flag("flag"));
  EXPECT_EQ(body->required_position("seq"), 7);
  EXPECT_FALSE(body->refusal());
  body->required_text("absent");
  body->required_text("flag");
  ASSERT_TRUE(body->refusal());
  EXPECT_EQ(body->refusal()->message, "absent: is missing");
}

TEST(request_body, refuses_what_is_no_object) {
  std::string deep = "{\"x\":" + std::string(1000, '[') + std::string(1000, ']') + "}";
  for (const std::string& text : strings{"", " ", "{", "[]", "\"x\"", "5", "null", "{}{}", "{} x", "{'a':1}",
                                         "{\"a\":\"\\ud800\"}", "{\"a\xff\":1}", deep}) {
    EXPECT_FALSE(request_body::parse(text)) << text.substr(0, 40);
  }
}

TEST(request_body, refuses_nul_and_wrong_types_by_name) {
  const std::string json =
      R"({"nul":"a\u0000b","number":5,"text":"x","list":[],"bad_ids":["x"],"id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b","negative":-1,"half":1.5})";
  const auto refusal = [&](auto read) {
    auto body = request_body::parse(json);
    read(*body);
    return body->refusal() ? body->refusal()->message : std::string();
  };
  EXPECT_EQ(refusal([](request_body& b) { b.text("nul"); }), "nul: must not contain the character NUL");
  EXPECT_EQ(refusal([](request_body& b) { b.text("number"); }), "number: must be a string");
  EXPECT_EQ(refusal([](request_body& b) { b.required_flag("text"); }), "text: must be true or false");
  EXPECT_EQ(refusal([](request_body& b) { b.required_flag("absent"); }), "absent: must be true or false");
  EXPECT_EQ(refusal([](request_body& b) { b.identity("text"); }), "text: must be a UUID");
  EXPECT_EQ(refusal([](request_body& b) { b.identity("id"); }), "");
  EXPECT_EQ(refusal([](request_body& b) { b.users("text"); }), "text: must be a list of UUIDs");
  EXPECT_EQ(refusal([](request_body& b) { b.users("bad_ids"); }), "bad_ids: must be a list of UUIDs");
  for (const auto* field : {"negative", "half", "text", "absent"}) {
    EXPECT_EQ(refusal([&](request_body& b) { b.required_position(field); }),
              std::string(field) + ": must be a whole number, 0 or more");
  }
}

TEST(request_body, lists_of_users_lose_their_repeats_and_keep_their_order) {
  const std::string a = "01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0a", b = "01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b";
  const std::vector<user_id> expected = {*user_id::parse(b), *user_id::parse(a)};
  auto body = request_body::parse("{\"u\":[\"" + b + "\",\"" + a + "\",\"" + b + "\"]}");
  EXPECT_EQ(body->users("u"), expected);
  EXPECT_EQ(*user_list_field(target_of("/p?u=" + b + "," + a + "," + b), "u", 3), expected);
  EXPECT_FALSE(user_list_field(target_of("/p?u=" + b + "," + a + "," + b), "u", 2));
  EXPECT_FALSE(user_list_field(target_of("/p?u=x"), "u", 2));
  EXPECT_FALSE(user_list_field(target_of("/p"), "u", 2));
  EXPECT_TRUE(user_list_field(target_of("/p?u="), "u", 2)->empty());
}

TEST(request_query, pages_have_1_to_200_items) {
  EXPECT_EQ(page_of(target_of("/"))->limit, 50U);
  EXPECT_EQ(page_of(target_of("/?limit=200&cursor=c"))->limit, 200U);
  EXPECT_EQ(page_of(target_of("/?limit=200&cursor=c"))->cursor, "c");
  EXPECT_EQ(page_of(target_of("/?cursor="))->cursor, std::nullopt);
  for (const auto* query :
       {"limit=0", "limit=201", "limit=-1", "limit=x", "limit=5x", "limit=1.5", "limit=99999999999"}) {
    EXPECT_FALSE(page_of(target_of("/?" + std::string(query)))) << query;
  }
  EXPECT_FALSE(page_of(target_of("/?cursor=" + std::string(513, 'c'))));
  EXPECT_EQ(*position_field(target_of("/?s=41"), "s"), 41);
  EXPECT_EQ(*position_field(target_of("/"), "s"), std::nullopt);
  for (const auto* value : {"-1", "x", "1.5", "99999999999999999999"})
    EXPECT_FALSE(position_field(target_of("/?s=" + std::string(value)), "s")) << value;
}

// --- Fields ---

TEST(field_rules, names_passwords_and_addresses_have_their_limits) {
  for (const auto* name : {"abc", "q-1", "_.-", "a0123456789012345678901234567890"})
    EXPECT_TRUE(check_username(name)) << name;
  for (const auto* name : {"", "ab", "Ada", "a b c", "adä", "a0123456789012345678901234567890x"})
    EXPECT_FALSE(check_username(name)) << name;
  EXPECT_TRUE(check_short_username("u"));
  EXPECT_FALSE(check_short_username(""));
  EXPECT_FALSE(check_short_username("U1"));
  EXPECT_TRUE(check_password("password", std::string(8, 'x')));
  EXPECT_TRUE(check_password("password", std::string(128, 'x')));
  EXPECT_FALSE(check_password("password", std::string(7, 'x')));
  EXPECT_FALSE(check_password("password", std::string(129, 'x')));
  EXPECT_TRUE(check_name("name", "ä"));
  EXPECT_FALSE(check_name("name", ""));
  for (const auto* blank : {"   ", "\u200b", "\u00a0", "\u3000 ", "\ufeff", "\u2800"})
    EXPECT_FALSE(check_name("name", blank)) << blank;
  EXPECT_TRUE(check_name("name", "\u200b\u0e01")) << "something can be seen";
  EXPECT_FALSE(check_name("name", "a\nb"));
  EXPECT_FALSE(check_name("name", std::string(129, 'x')));
  std::string longest;
  for (int i = 0; i < 128; ++i) longest += "é";
  EXPECT_TRUE(check_name("name", longest));
  EXPECT_TRUE(check_email("a@b"));
  for (const auto* email :
       {"",       "a",          "@b",        "a@",         "a b@c",      "<a@b>",     "a@b@c",     "a@b.c,d@e.f",
        "a,b@c",  "a@b:c",      "a@b..c",    "a@.",        "a@.b",       "a@b.",      "a@-",       "a@-b",
        "a@b-.c", "a\u202eb@c", "a@b\u2066", "a\u00a0b@c", "a\u200bb@c", "a@b\u3000", "\ufeffa@b", "a\u0085@b"})
    EXPECT_FALSE(check_email(email)) << email;
  for (const auto* email : {"ä@ö.example", "a.b+c@b-c.example.org", "\u65e5\u672c@\u4f8b.jp"})
    EXPECT_TRUE(check_email(email)) << email;
  EXPECT_TRUE(check_phone("+44 (0)20 7946-0000"));
  for (const auto* phone : {"", "12", "---", "+ 1 2", "call me", "0123456789012345678901234567890123"})
    EXPECT_FALSE(check_phone(phone)) << phone;
}

TEST(field_rules, a_pictures_address_has_a_host_and_no_password) {
  for (const auto* address :
       {"https://example.org", "https://example.org:8443/a?b#c", "HTTPS://e.org/@me", "https://[::1]/a"})
    EXPECT_TRUE(check_image_url(address)) << address;
  for (const auto* address :
       {"https://", "https:///a", "https://:80", "https://user@e.org/", "https://user:pw@e.org/",
        "https://e.org/\u202egnp.exe", "https://e.org/a\u00a0b", "https://e.org\u2028", "https://e\u200b.org"})
    EXPECT_FALSE(check_image_url(address)) << address;
}

TEST(field_rules, utf8_is_checked_byte_by_byte) {
  for (const auto* text : {"", "abc", "é", "字", "👍", "\U0010FFFF", "\uFFFF", "\uD7FF"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  for (const auto* text : {"\x80", "\xC3", "\xC3(", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                           "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x91", "a\xFF"}) {
    EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
  }
}

// --- Answers ---

TEST(problem, is_rfc_9457_with_the_contracts_code) {
  const auto reply = problem(error{error_code::rate_limited, "more than 20 sends a second", 400});
  EXPECT_EQ(reply.status, 429U);
  EXPECT_EQ(reply.content_type, "application/problem+json");
  EXPECT_EQ(reply.body, R"({"type":"/docs/errors/rate_limited","title":"Too Many Requests","status":429,)"
                        R"("code":"rate_limited","detail":"more than 20 sends a second","retry_after_ms":400})");
  EXPECT_EQ(reply.headers, (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}}));
  EXPECT_EQ(problem(busy("x", 1'001)).headers.at(0).second, "2");
}

TEST(problem, statuses_are_those_of_the_contract) {
  const std::vector<std::pair<error_code, unsigned>> table = {{error_code::bad_request, 400},
                                                              {error_code::unauthenticated, 401},
                                                              {error_code::forbidden, 403},
                                                              {error_code::not_found, 404},
                                                              {error_code::method_not_allowed, 405},
                                                              {error_code::conflict, 409},
                                                              {error_code::too_large, 413},
                                                              {error_code::rate_limited, 429},
                                                              {error_code::busy, 503},
                                                              {error_code::unavailable, 503},
                                                              {error_code::internal, 500}};
  for (const auto& [code, status] : table) EXPECT_EQ(problem(make_error(code, "x")).status, status) << to_string(code);
  EXPECT_EQ(problem(make_error(error_code::unauthenticated, "x")).headers.at(0),
            (std::pair<std::string, std::string>("WWW-Authenticate", "Bearer")));
}

TEST(http_response, bears_the_security_headers_and_cors_of_allowed_origins) {
  config settings;
  settings.net.allowed_origins = {"https://chat.example.org"};
  request_facts facts{http::verb::get, 11, true, "https://chat.example.org", "here"};
  const auto now = *parse_timestamp("2026-11-22T09:30:00.123Z");
  const auto response = make_response({200, "{}"}, facts, settings, now);
  EXPECT_EQ(response["Server"], "parley");
  EXPECT_EQ(response["Date"], "Sun, 22 Nov 2026 09:30:00 GMT");
  EXPECT_EQ(response["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(response["Cache-Control"], "no-store");
  EXPECT_EQ(response["Content-Security-Policy"],
            "default-src 'self'; img-src 'self' https: blob: data:; connect-src 'self' ws: wss:; "
            "frame-ancestors 'none'");
  EXPECT_EQ(response["Referrer-Policy"], "no-referrer");
  EXPECT_EQ(response["Access-Control-Allow-Origin"], "https://chat.example.org");
  EXPECT_EQ(response["Vary"], "Origin");
  EXPECT_EQ(response["Content-Length"], "2");

  facts.origin = "https://evil.example.org";
  const auto foreign = make_response({200, "{}"}, facts, settings, now);
  EXPECT_EQ(foreign.count("Access-Control-Allow-Origin"), 0U);
  EXPECT_EQ(foreign["Vary"], "Origin");
}

TEST(http_response, to_head_has_the_length_but_no_body) {
  const request_facts head{http::verb::head, 11, true, {}, "here"};
  const auto response = make_response({200, "{}"}, head, config{}, timestamp{});
  EXPECT_EQ(response["Content-Length"], "2");
  EXPECT_TRUE(response.body().empty());
  const auto nothing = make_response({204, {}, {}, {}}, head, config{}, timestamp{});
  EXPECT_EQ(nothing.count("Content-Length"), 0U);
}

}  // namespace
}  // namespace parley
