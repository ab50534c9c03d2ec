// The manners of HTTP over loopback: framing, limits, deadlines, tokens, bounds, health, files.
#include "net/embedded_files.hpp"
#include "net/http_test.hpp"

namespace parley {
namespace {

using http_session = http_test;

// --- The protocol ---

TEST_F(http_session, one_connection_takes_requests_one_after_another_and_pipelined) {
  auto client = connect();
  client.write(request("GET", "/healthz"));
  expect_status(client, 200);
  client.write(request("GET", "/api/v1/me") +
               request("POST", "/api/v1/auth/login", "", R"({"username":"ada","password":"x"})") +
               request("GET", "/nothing") + request("GET", "/healthz"));
  const auto me = client.read();
  ASSERT_TRUE(me);
  EXPECT_NE(me->body().find("\"username\":\"ada\""), std::string::npos);
  const auto login = client.read();
  ASSERT_TRUE(login);
  EXPECT_NE(login->body().find("\"token\":\"good\""), std::string::npos);
  expect_status(client, 404);
  expect_status(client, 200);
}

TEST_F(http_session, a_request_in_single_bytes_is_read) {
  auto client = connect();
  for (const char c : request("POST", "/api/v1/auth/login", "", R"({"username":"ada","password":"x"})"))
    client.write(std::string(1, c));
  expect_status(client, 200);
}

TEST_F(http_session, closes_when_the_client_asks_and_for_http_1_0) {
  for (const std::string text :
       {"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET /healthz HTTP/1.0\r\n\r\n"}) {
    auto client = connect();
    client.write(text);
    expect_status(client, 200);
    EXPECT_TRUE(client.is_over());
  }
  auto client = connect();
  client.write("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  expect_status(client, 200);
  client.write("GET /healthz HTTP/1.0\r\n\r\n");
  expect_status(client, 200);
}

TEST_F(http_session, http_1_1_needs_one_host) {
  expect_problem(exchange("GET /healthz HTTP/1.1\r\n\r\n"), 400, "bad_request");
  expect_problem(exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400, "bad_request");
}

TEST_F(http_session, expect_100_continue_is_told_to_go_on) {
  auto client = connect();
  client.write("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  expect_status(client, 100);
  client.write("{}");
  expect_status(client, 400);
  EXPECT_EQ(exchange("POST /x HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 2\r\n\r\n{}").result_int(), 417U);
}

TEST_F(http_session, what_is_no_http_is_refused_and_closed) {
  for (const std::string text :
       {"HELO example.org\r\n\r\n", "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", "GET /healthz\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        // What a proxy may measure differently: the second request would be its client's body.
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\nContent-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"}) {
    auto client = connect();
    client.write(text);
    expect_status(client, 400);
    EXPECT_TRUE(client.is_over()) << text;
  }
}

TEST_F(http_session, headers_and_bodies_have_limits) {
  std::string many, few;
  for (int i = 0; i < 101; ++i) many += "A" + std::to_string(i) + ": x\r\n";
  for (int i = 0; i < 90; ++i) few += "A" + std::to_string(i) + ": x\r\n";
  EXPECT_EQ(call("GET", "/healthz", "", many).result_int(), 431U);
  EXPECT_EQ(call("GET", "/healthz", "", few).result_int(), 200U);
  EXPECT_EQ(call("GET", "/healthz", "", "Long: " + std::string(25'000, 'x') + "\r\n").result_int(), 431U);
  EXPECT_EQ(call("GET", "/healthz?user_ids=" + std::string(500 * 37, 'x'), "", "").result_int(), 200U);
  expect_problem(call("POST", "/api/v1/auth/login", std::string(settings_.limits.body_bytes + 1, 'x')), 413,
                 "too_large");
  expect_problem(exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n"), 413, "too_large");
  std::string chunks;
  for (int i = 0; i < 20; ++i) chunks += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  expect_problem(exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n"),
                 413, "too_large");
}

TEST_F(http_session, silence_slow_headers_and_missing_bodies_end_with_the_deadline) {
  settings_.net.request_deadline_ms = 50;
  for (const std::string text :
       {"", "GET /healthz HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"}) {
    auto client = connect();
    client.write(text);
    EXPECT_TRUE(client.is_over()) << text;
  }
}

TEST_F(http_session, a_large_answer_may_take_a_slow_reader_longer_than_the_deadline) {
  settings_.net.request_deadline_ms = 300;
  broker_.next_cursor = std::string(12 * 1024 * 1024, 'x');
  http_client client(server().port(), 4'096);
  const auto started = std::chrono::steady_clock::now();
  client.write(request("GET", "/api/v1/users", with_token + "Connection: close\r\n"));
  EXPECT_GT(client.read_slowly(std::chrono::milliseconds(5)), broker_.next_cursor->size());
  EXPECT_GT(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(600));
}

TEST_F(http_session, an_answer_that_nobody_reads_ends_with_the_deadline) {
  settings_.net.request_deadline_ms = 100;
  broker_.next_cursor = std::string(12 * 1024 * 1024, 'x');
  http_client client(server().port(), 4'096);
  client.write(request("GET", "/api/v1/users"));
  wait_until([&] { return counts_.connections_total.value() == 1 && counts_.connections.value() == 0; });
  EXPECT_EQ(counts_.rest_in_flight.value(), 0);
}

TEST_F(http_session, who_goes_on_sending_after_the_end_is_cut_off) {
  auto client = connect();
  client.write(request("GET", "/healthz", "Connection: close\r\n"));
  expect_status(client, 200);
  const std::string garbage(1024 * 1024, 'x');
  int sent = 0;
  while (sent < 256 && client.try_write(garbage)) ++sent;
  EXPECT_LT(sent, 256);
}

TEST_F(http_session, a_client_that_leaves_early_harms_nobody) {
  broker_.hold(true);
  { connect().write(request("GET", "/api/v1/me")); }
  wait_until([&] { return broker_.held_count() == 1; });
  broker_.release();
  EXPECT_EQ(call("GET", "/api/v1/me").result_int(), 200U);
}

TEST_F(http_session, head_and_options_and_wrong_methods) {
  const auto head = exchange(request("HEAD", "/healthz"));
  EXPECT_EQ(head.result_int(), 200U);
  EXPECT_EQ(head["Content-Length"], "15");
  const auto options = call("OPTIONS", "/api/v1/rooms");
  EXPECT_EQ(options.result_int(), 204U);
  EXPECT_EQ(options["Allow"], "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(call("OPTIONS", "*").result_int(), 204U);
  for (const auto* path : {"/api/v1/me", "/healthz", "/ws", "/docs/openapi.yaml"}) {
    const auto wrong = call("DELETE", path);
    expect_problem(wrong, 405, "method_not_allowed");
    EXPECT_NE(wrong["Allow"].find("GET"), std::string::npos);
  }
  expect_problem(call("BREW", "/api/v1/me"), 405, "method_not_allowed");
  expect_problem(call("GET", "/api/v1/nothing"), 404, "not_found");
  expect_problem(call("GET", "/%"), 400, "bad_request");
}

TEST_F(http_session, a_preflight_is_answered_for_allowed_origins) {
  const auto preflight = [&](const std::string& origin) {
    return call("OPTIONS", "/api/v1/rooms", "", "Origin: " + origin + "\r\nAccess-Control-Request-Method: POST\r\n");
  };
  const auto allowed = preflight("https://chat.example.org");
  EXPECT_EQ(allowed.result_int(), 204U);
  EXPECT_EQ(allowed["Access-Control-Allow-Origin"], "https://chat.example.org");
  EXPECT_NE(allowed["Access-Control-Allow-Headers"].find("Authorization"), std::string::npos);
  EXPECT_NE(allowed["Access-Control-Allow-Methods"].find("POST"), std::string::npos);
  const auto refused = preflight("https://evil.example.org");
  expect_problem(refused, 403, "forbidden");
  EXPECT_EQ(refused.count("Access-Control-Allow-Origin"), 0U);
}

// --- Tokens, bounds, failures ---

TEST_F(http_session, users_routes_need_a_token_that_counts) {
  for (const std::string headers :
       {"", "Authorization: Basic good\r\n", "Authorization: Bearer bad\r\n", "Authorization: Bearer\r\n"}) {
    const auto refused = call("GET", "/api/v1/me?token=good", "", headers);
    expect_problem(refused, 401, "unauthenticated");
    EXPECT_EQ(refused["WWW-Authenticate"], "Bearer");
  }
}

TEST_F(http_session, more_calls_at_once_than_the_bound_are_busy_but_health_is_not) {
  settings_.net.max_rest_in_flight = 1;
  broker_.hold(true);
  auto first = connect();
  first.write(request("GET", "/api/v1/me"));
  wait_until([&] { return broker_.held_count() == 1; });
  const auto second = call("GET", "/api/v1/me");
  expect_problem(second, 503, "busy");
  EXPECT_EQ(second["Retry-After"], "1");
  EXPECT_EQ(call("GET", "/healthz").result_int(), 200U);
  broker_.release();
  expect_status(first, 200);
  wait_until([&] { return counts_.rest_in_flight.value() == 0; });
  EXPECT_EQ(call("GET", "/api/v1/me").result_int(), 200U);
}

TEST_F(http_session, an_answer_that_never_comes_is_unavailable) {
  broker_.hold(true);
  auto client = connect();
  client.write(request("GET", "/api/v1/me"));
  wait_until([&] { return broker_.held_count() == 1; });
  broker_.forget();
  const auto response = client.read();
  ASSERT_TRUE(response);
  expect_problem(*response, 503, "unavailable");
}

TEST_F(http_session, errors_of_the_broker_become_problems) {
  broker_.failure = error{error_code::rate_limited, "more than 20 sends a second", 1'500};
  const auto limited = call("POST", room_path + "/messages", R"({"content":"x"})");
  expect_problem(limited, 429, "rate_limited");
  EXPECT_EQ(limited["Retry-After"], "2");
  broker_.failure = make_error(error_code::internal, "Something broke.");
  expect_problem(call("GET", room_path), 500, "internal");
}

// --- Health and files ---

TEST_F(http_session, readiness_follows_the_store_and_the_signal_and_health_does_not) {
  EXPECT_EQ(call("GET", "/readyz", "", "").result_int(), 200U);
  store_ready_ = false;
  expect_problem(call("GET", "/readyz", "", ""), 503, "unavailable");
  EXPECT_EQ(call("GET", "/healthz", "", "").body(), R"({"status":"ok"})");
  store_ready_ = true;
  server().set_unready();
  expect_problem(call("GET", "/readyz", "", ""), 503, "unavailable");
  EXPECT_EQ(call("GET", "/healthz", "", "").result_int(), 200U);
}

TEST_F(http_session, a_draining_node_answers_but_keeps_no_connection) {
  server().begin_drain(std::chrono::milliseconds(0), [] {});
  auto client = connect();
  client.write(request("GET", "/healthz"));
  const auto response = client.read();
  ASSERT_TRUE(response);
  EXPECT_EQ((*response)["Connection"], "close");
  EXPECT_TRUE(client.is_over());
}

TEST_F(http_session, draining_waits_for_calls_under_way_until_their_answers_have_left) {
  broker_.hold(true);
  auto client = connect();
  client.write(request("GET", "/api/v1/me"));
  auto idle = connect();  // owed nothing
  wait_until([&] { return broker_.held_count() == 1; });
  std::atomic<bool> drained = false;
  server().begin_drain(std::chrono::milliseconds(0), [&] { drained = true; });
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_FALSE(drained);
  broker_.release();
  wait_until([&] { return drained.load(); });
  server().stop();
  expect_status(client, 200);
}

TEST_F(http_session, draining_waits_for_an_answer_on_its_way_to_a_slow_reader) {
  broker_.next_cursor = std::string(12 * 1024 * 1024, 'x');
  http_client client(server().port(), 4'096);
  client.write(request("GET", "/api/v1/users"));
  wait_until([&] { return counts_.bytes_sent_total.value() > 0; });
  EXPECT_EQ(counts_.rest_in_flight.value(), 1);
  std::atomic<bool> drained = false;
  server().begin_drain(std::chrono::seconds(2), [&] { drained = true; });
  std::thread reader([&] { EXPECT_GT(client.read_slowly(std::chrono::milliseconds(0)), broker_.next_cursor->size()); });
  wait_until([&] { return drained.load(); });
  EXPECT_EQ(counts_.rest_in_flight.value(), 0);
  server().stop();
  reader.join();
}

TEST_F(http_session, metrics_are_in_prometheus_format) {
  const auto response = call("GET", "/metrics", "", "");
  EXPECT_EQ(response["Content-Type"], "text/plain; version=0.0.4");
  EXPECT_NE(response.body().find("parley_http_requests_total"), std::string::npos);
}

TEST_F(http_session, embedded_files_come_with_a_tag_and_304) {
  ASSERT_FALSE(embedded_files().empty());
  for (const auto& file : embedded_files()) {
    const auto first = call("GET", std::string(file.path), "", "");
    ASSERT_EQ(first.result_int(), 200U) << file.path;
    EXPECT_EQ(first.body(), file.bytes);
    EXPECT_EQ(first["Content-Type"], boost::beast::string_view(file.content_type.data(), file.content_type.size()));
    EXPECT_EQ(first["Cache-Control"], "no-cache");
    const auto again = call("GET", std::string(file.path), "", "If-None-Match: W/" + std::string(file.etag) + "\r\n");
    EXPECT_EQ(again.result_int(), 304U);
    EXPECT_EQ(again["ETag"], first["ETag"]);
    EXPECT_TRUE(again.body().empty());
  }
  for (const auto& [path, file] : {std::pair{"/", "/index.html"},
                                   {"/docs", "/docs/index.html"},
                                   {"/docs/", "/docs/index.html"},
                                   {"/docs/errors/bad_request", "/docs/errors/bad_request.html"}}) {
    EXPECT_EQ(call("GET", path).body(), call("GET", file).body()) << path;
    EXPECT_EQ(call("GET", path).result_int(), 200U) << path;
  }
  for (const auto* path :
       {"/index", "/docs/errors", "/docs/index/", "/../etc/passwd", "/%2e%2e/etc/passwd", "/web/index.html"}) {
    EXPECT_EQ(call("GET", path).result_int(), 404U) << path;
  }
}

}  // namespace
}  // namespace parley
