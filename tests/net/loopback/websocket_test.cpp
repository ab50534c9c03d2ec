// A WebSocket connection from upgrade to close: limits, credit, heartbeat, close codes, draining, slow readers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <future>

#include "net/loopback/test_node.hpp"

namespace parley {
namespace {

using namespace test;

std::string masked(unsigned first_byte, std::string_view payload) {
  std::string frame{static_cast<char>(first_byte), static_cast<char>(0x80U | payload.size()), 0, 0, 0, 0};
  return frame.append(payload);
}

TEST(websocket, is_opened_with_the_subprotocol_and_hands_frames_to_the_session) {
  test_node node;
  test_client client(node.port());
  EXPECT_EQ(client.header("Sec-WebSocket-Protocol"), "parley.v1");
  const auto session = node.broker.session(0);
  ASSERT_NE(session, nullptr);
  client.send(R"({"type":"ping","id":"1","data":{}})");
  ASSERT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() == 1; }));
  EXPECT_EQ(session->frames[0].id, "1");
  node.out().send(session->request.connection, answer_frame("pong"));
  EXPECT_EQ(client.receive(), "pong");
}

TEST(websocket, ends_its_session_when_the_client_goes) {
  test_node node;
  {
    test_client client(node.port());
    node.broker.session(0);
  }
  EXPECT_TRUE(node.broker.wait([](const auto& all) { return all[0]->ended; }));
  EXPECT_TRUE(eventually([&] { return node.counts.connections.value() == 0; }));
  EXPECT_EQ(node.counts.websocket_connections.value(), 0);
}

TEST(websocket, reads_a_frame_that_came_together_with_the_request) {
  test_node node;
  raw_client client(node.port(), masked(0x81, R"({"type":"ping","id":"early"})"));
  const auto session = node.broker.session(0);
  ASSERT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() == 1; }));
  EXPECT_EQ(session->frames[0].id, "early");
}

TEST(websocket, stops_reading_at_the_limit_of_unanswered_sends) {
  config settings;
  settings.limits.unanswered_sends = 4;
  test_node node(settings);
  std::atomic<int> outstanding = 0, most = 0;
  node.broker.on_frame = [&](fake_session&, const client_frame&) { most = std::max(most.load(), ++outstanding); };
  test_client client(node.port());
  constexpr std::size_t sends = 20;
  for (std::size_t i = 0; i < sends; ++i) client.send(R"({"type":"ping","id":"x"})");
  const auto session = node.broker.session(0);
  for (std::size_t answered = 0; answered < sends; ++answered) {
    const std::size_t expected = std::min(answered + 4, sends);
    ASSERT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() == expected; })) << answered;
    // The broker keeps a frame before it says so.
    ASSERT_TRUE(eventually([&] { return outstanding == static_cast<int>(expected - answered); })) << answered;
    --outstanding;
    node.out().send(session->request.connection, answer_frame("ok"));
  }
  EXPECT_EQ(most, 4);
  EXPECT_TRUE(eventually([&] { return node.counts.reads_paused.value() == 0; }));
  for (std::size_t i = 0; i < sends; ++i) EXPECT_EQ(client.receive(), "ok");
}

TEST(websocket, refuses_frames_above_the_rate_with_their_id) {
  config settings;
  settings.limits.frames_per_second = 1;
  test_node node(settings);
  test_client client(node.port());
  for (int i = 0; i < 9; ++i) client.send(R"({"type":"ping","id":"fast"})");
  const std::string refusal = client.receive();
  EXPECT_NE(refusal.find(R"("rate_limited")"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find(R"("fast")"), std::string::npos) << refusal;
  EXPECT_EQ(refusal.find(R"("retry_after_ms":null)"), std::string::npos) << refusal;
}

TEST(websocket, takes_nothing_from_anybody_while_it_cannot_know_who_was_logged_out) {
  test_node node;
  test_client client(node.port());
  const auto session = node.broker.session(0);
  client.send(R"({"type":"ping","id":"before","data":{}})");  // is read once `ready` is out
  ASSERT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() == 1; }));
  node.lease.expire();
  const auto is_refused = [&](const std::string& id) {
    client.send(R"({"type":"ping","id":")" + id + R"(","data":{}})");
    EXPECT_THAT(client.receive(), testing::AllOf(testing::HasSubstr(id), testing::HasSubstr("unavailable")));
  };
  is_refused("first");
  client.send(R"({"type":"typing","data":{"room_id":"018f0000-0000-7000-8000-000000000001"}})");
  EXPECT_THAT(client.receive(), testing::AllOf(testing::HasSubstr(R"("id":null)"), testing::HasSubstr("unavailable")));
  // They are not under way: more than may be unanswered leave the connection as it is.
  for (std::uint32_t i = 0; i < node.settings.limits.unanswered_sends + 10; ++i) is_refused(std::to_string(i));
  node.extend_lease();
  client.send(R"({"type":"ping","id":"in time","data":{}})");
  EXPECT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() > 1; }));
  ASSERT_EQ(session->frames.size(), 2U);
  EXPECT_EQ(session->frames.back().id, "in time");
}

TEST(websocket, answers_ten_bad_frames_a_minute_and_closes_at_the_eleventh) {
  test_node node;
  test_client client(node.port());
  for (int i = 0; i < 11; ++i) client.send("{broken");
  for (int i = 0; i < 11; ++i) {
    const std::string answer = client.receive();
    EXPECT_NE(answer.find(R"("bad_request")"), std::string::npos) << i << answer;
  }
  EXPECT_EQ(client.read_to_close(), 4400);
}

TEST(websocket, closes_with_the_code_that_fits_the_fault) {
  test_node node;
  struct fault {
    const char* what;
    std::string bytes;
    int code;
  };
  const std::string too_long{"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x01", 10};  // 64 KiB and one byte
  const std::string absurd{"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10};    // 2^63
  const std::string unmasked{"\x81\x02hi", 4};
  const fault faults[] = {
      {"binary", masked(0x82, "hi"), 1003},
      {"invalid UTF-8", masked(0x81, "\xff\xfe"), 1007},
      {"unmasked", unmasked, 1002},
      {"reserved bit", masked(0xc1, "hi"), 1002},
      {"unknown opcode", masked(0x83, "hi"), 1002},
      {"fragmented ping", masked(0x09, "hi"), 1002},
      {"continuation of nothing", masked(0x80, "hi"), 1002},
      {"frame over the limit", too_long + std::string(4, '\0'), 1009},
      {"length of 2^63", absurd + std::string(4, '\0'), 1009},
      {"close with a code that may not be sent", masked(0x88, std::string("\x03\xed", 2)), 1002},
  };
  for (const auto& fault : faults) {
    raw_client client(node.port());
    client.send(fault.bytes);
    EXPECT_EQ(client.read_close_code(), fault.code) << fault.what;
  }
  test_client(node.port()).send("{}");  // alive
}

TEST(websocket, looks_at_all_that_came_at_once_though_nothing_follows) {
  test_node node;
  const std::string message = masked(0x81, R"({"type":"ping"})");
  const std::string ping = masked(0x89, "hi");
  const std::string pong("\x8a\x02hi", 4);
  {
    raw_client client(node.port());
    const auto session = node.broker.session(0);
    const auto send_until = [&](const std::string& bytes, std::size_t frames) {
      client.send(bytes);
      return node.broker.wait([&](const auto&) { return session->frames.size() == frames; });
    };
    ASSERT_TRUE(send_until(message, 1));
    ASSERT_TRUE(send_until(message + message + message, 4));
    client.send(ping);
    EXPECT_EQ(client.read_frame(), pong) << "while nothing else comes";
    ASSERT_TRUE(send_until(message + ping, 5));
    EXPECT_EQ(client.read_frame(), pong) << "behind a message";
    ASSERT_TRUE(send_until(ping + message + ping + message, 7));
    EXPECT_EQ(client.read_frame() + client.read_frame(), pong + pong) << "between messages";
    ASSERT_TRUE(send_until(masked(0x01, R"({"type":)") + ping + masked(0x80, R"("ping"})") + message, 9));
    EXPECT_EQ(client.read_frame(), pong) << "between fragments";
  }
  const std::string faults[] = {masked(0xc1, "hi"), masked(0x83, "hi"), masked(0x8b, "hi"), masked(0x80, "hi"),
                                std::string("\x81\x02hi", 4)};
  for (const auto& fault : faults) {
    raw_client client(node.port());
    client.send(message);
    client.send(std::string(message).append(ping).append(fault));
    EXPECT_EQ(client.read_close_code(), 1002);
  }
}

TEST(websocket, closes_text_that_ends_within_a_character_even_before_an_empty_fragment) {
  test_node node;
  raw_client client(node.port());
  client.send(masked(0x01, "{\"type\":\"ping\"}\xC3") + masked(0x80, ""));
  EXPECT_EQ(client.read_close_code(), 1007);
}

TEST(websocket, closes_a_message_that_is_not_complete_in_time) {
  config settings;
  settings.net.request_deadline_ms = 2'000;  // for the upgrade too
  test_node node(settings);
  const std::string begun = masked(0x81, R"({"type":"ping"})").substr(0, 9);
  std::deque<raw_client> clients;
  for (const auto& bytes : {begun, masked(0x01, "{"), masked(0x01, ""), begun.substr(0, 1)}) {
    clients.emplace_back(node.port()).send(bytes);
  }
  // Neither pings nor further fragments give it more time.
  raw_client busy(node.port());
  busy.send(masked(0x01, "{"));
  std::atomic<bool> over = false;
  std::thread talker([&] {
    for (int i = 0; i < 2'000 && !over && busy.try_send(masked(0x00, "") + masked(0x89, "")); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  for (auto& client : clients) EXPECT_EQ(client.read_close_code(), static_cast<int>(close_code::protocol_error));
  EXPECT_EQ(busy.read_close_code(), static_cast<int>(close_code::protocol_error));
  over = true;
  talker.join();
}

TEST(websocket, lets_messages_come_in_pieces_one_after_another) {
  config settings;
  settings.net.request_deadline_ms = 4'000;
  test_node node(settings);
  raw_client client(node.port());
  const auto session = node.broker.session(0);
  const std::string frame = masked(0x81, R"({"type":"ping"})");
  client.send(frame.substr(0, 5));
  // Each read ends within a message, and never within the same for long; all of them take longer than one may.
  for (std::size_t i = 0; i < 25; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    client.send(frame.substr(5) + frame.substr(0, 5));
  }
  client.send(frame.substr(5));
  EXPECT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() == 26; }));
  EXPECT_FALSE(session->ended);
}

TEST(websocket, counts_fragments_towards_a_flood) {
  config settings;
  settings.limits.frames_per_second = 1;
  test_node node(settings);
  raw_client client(node.port());
  std::atomic<bool> over = false;
  std::string fragments;
  for (int i = 0; i < 20; ++i) fragments += masked(0x00, "");
  client.send(masked(0x01, ""));
  std::thread talker([&] {
    for (int i = 0; i < 400 && !over && client.try_send(fragments); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  EXPECT_EQ(client.read_close_code(), static_cast<int>(close_code::rate_limit_ignored));
  over = true;
  talker.join();
}

TEST(websocket, closes_who_ignores_the_limit_of_sends_although_the_limit_of_frames_refuses_them) {
  config settings;
  settings.limits.send_rate_per_second = 2;
  settings.limits.frames_per_second = 10;
  test_node node(settings);
  raw_client client(node.port());
  std::atomic<bool> over = false;
  const std::string send = masked(0x81, R"({"type":"send_message","id":"1","data":{"content":"x"}})");
  node.broker.on_frame = [&](fake_session& session, const client_frame&) {
    node.out().send(session.request.connection, answer_frame("ok"));
  };
  std::thread talker([&] {
    // Over 10 times 2, under 10 times 10.
    for (int i = 0; i < 1'000 && !over && client.try_send(send); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
  });
  EXPECT_EQ(client.read_close_code(), static_cast<int>(close_code::rate_limit_ignored));
  over = true;
  talker.join();
}

TEST(websocket, closes_a_client_that_answers_no_ping) {
  config settings;
  settings.net.heartbeat_ms = 20;
  test_node node(settings);
  raw_client client(node.port());
  EXPECT_EQ(client.read_close_code(), static_cast<int>(close_code::going_away));
}

TEST(websocket, keeps_a_client_that_answers_pings) {
  config settings;
  settings.net.heartbeat_ms = 200;
  test_node node(settings);
  test_client client(node.port());
  const auto session = node.broker.session(0);
  std::thread reader([&] { EXPECT_EQ(client.receive(), "after ten beats"); });
  EXPECT_TRUE(eventually([&] { return node.counts.socket_writes_total.value() >= 10; }));
  node.out().send(session->request.connection, plain_frame("after ten beats"));
  reader.join();
}

/// Sends 16 KiB frames to a client that does not read until it is judged.
void flood(test_node& node, const connection_ref& to) {
  const auto frame = plain_frame(std::string(16 * 1024, 'x'));
  for (int i = 0; i < 10'000 && node.counts.closed_too_slow_total.value() == 0; ++i) {
    std::promise<void> taken;
    node.out().send(to, frame);
    // A detach of nothing orders us behind the shard, so that the flood does not outrun it.
    node.out().deliver(to.shard, {std::make_shared<encoded_batch>(), {}, [&] { taken.set_value(); }});
    taken.get_future().wait();
  }
}

TEST(websocket, closes_a_slow_reader_with_4408_after_the_frame_begun) {
  test_node node;
  test_client client(node.port(), false, 4'096);
  const auto session = node.broker.session(0);
  flood(node, session->request.connection);
  EXPECT_EQ(node.counts.closed_too_slow_total.value(), 1U);
  std::size_t whole = 0;
  for (std::string text = client.receive(); !text.empty(); text = client.receive()) {
    ASSERT_EQ(text.size(), 16U * 1024);
    ++whole;
  }
  EXPECT_GT(whole, 0U);
  EXPECT_EQ(client.code(), static_cast<int>(close_code::too_slow));
}

TEST(websocket, resets_a_slow_reader_that_never_reads) {
  test_node node;
  test_client client(node.port(), false, 4'096);
  const auto session = node.broker.session(0);
  flood(node, session->request.connection);
  EXPECT_TRUE(node.broker.wait([&](const auto&) { return session->ended; }));
  EXPECT_TRUE(eventually([&] { return node.counts.connections.value() == 0; }));
}

TEST(websocket, drops_only_ephemeral_frames_between_the_bound_and_its_double) {
  test_node node;
  test_client client(node.port(), false, 4'096);
  const auto session = node.broker.session(0);
  outgoing ephemeral = plain_frame(std::string(16 * 1024, 'e'));
  ephemeral.ephemeral = true;
  for (int i = 0; i < 10'000 && node.counts.ephemeral_dropped_total.value() == 0; ++i) {
    std::promise<void> taken;
    node.out().send(session->request.connection, ephemeral);
    node.out().deliver(session->request.connection.shard,
                       {std::make_shared<encoded_batch>(), {}, [&] { taken.set_value(); }});
    taken.get_future().wait();
  }
  node.out().send(session->request.connection, plain_frame("durable"));
  std::string text;
  while (!(text = client.receive()).empty() && text[0] == 'e') {
  }
  EXPECT_EQ(text, "durable");
  EXPECT_EQ(node.counts.closed_too_slow_total.value(), 0U);
}

// --- Draining and stopping ---

TEST(draining, tells_everybody_answers_what_is_owed_and_closes_with_1012) {
  test_node node;
  test_client idle(node.port()), asking(node.port());
  const auto session = node.broker.session(1);
  asking.send(R"({"type":"ping","id":"owed"})");
  ASSERT_TRUE(node.broker.wait([&](const auto&) { return session->frames.size() == 1; }));
  std::promise<void> done;
  node.server->begin_drain(std::chrono::milliseconds(20), [&] { done.set_value(); });
  EXPECT_NE(idle.receive().find(R"("drain")"), std::string::npos);
  EXPECT_EQ(idle.read_to_close(), 1012);
  EXPECT_NE(asking.receive().find(R"("drain")"), std::string::npos);
  node.out().send(session->request.connection, answer_frame("the answer"));
  EXPECT_EQ(asking.receive(), "the answer");
  EXPECT_EQ(asking.read_to_close(), 1012);
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(draining, is_told_behind_ready_which_is_the_first_frame) {
  test_node node;
  node.broker.out = nullptr;  // which says nothing by itself
  test_client client(node.port());
  const auto to = node.broker.session(0)->request.connection;
  std::promise<void> open;  // who connects while a node drains is turned away
  node.out().send(to, {}, [&] { open.set_value(); });
  open.get_future().wait();
  node.server->begin_drain(std::chrono::hours(1), {});
  node.out().send(to, answer_frame("ready"));
  EXPECT_EQ(client.receive(), "ready");
  EXPECT_THAT(client.receive(), testing::HasSubstr(R"("drain")"));
}

TEST(draining, is_over_when_the_last_bytes_have_arrived_not_when_they_are_queued) {
  test_node node;
  test_client client(node.port(), false, 4'096);
  const auto to = node.broker.session(0)->request.connection;
  constexpr int frames = 60;
  std::promise<void> queued, done;
  for (int i = 0; i < frames; ++i) node.out().send(to, plain_frame(std::string(16 * 1024, 'x')));
  node.out().deliver(to.shard, {std::make_shared<encoded_batch>(), {}, [&] { queued.set_value(); }});
  queued.get_future().wait();
  ASSERT_EQ(node.counts.closed_too_slow_total.value(), 0U);
  // Three seconds, and as long again until it does not wait any more.
  node.server->begin_drain(std::chrono::seconds(3), [&] { done.set_value(); });
  auto drained = done.get_future();
  EXPECT_EQ(drained.wait_for(std::chrono::milliseconds(3'400)), std::future_status::timeout);
  std::thread reader([&] {
    for (int i = 0; i < frames; ++i) ASSERT_EQ(client.receive().size(), 16U * 1024) << i;
    EXPECT_NE(client.receive().find(R"("drain")"), std::string::npos);
    EXPECT_EQ(client.read_to_close(), 1012);
  });
  EXPECT_EQ(drained.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  node.server->stop();
  reader.join();
}

TEST(draining, in_no_time_waits_next_to_none_for_a_client_that_never_answers_the_close) {
  test_node node;
  const raw_client silent(node.port()), closed_before(node.port());
  node.out().close(node.broker.session(1)->request.connection, close_code::token_ended);
  std::promise<void> done;
  const auto started = std::chrono::steady_clock::now();
  node.server->begin_drain(std::chrono::milliseconds(0), [&] { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  node.server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(4))
      << "and not the five that a client has";
}

TEST(draining, refuses_upgrades_but_answers_health_to_the_end) {
  test_node node;
  EXPECT_TRUE(http_get(node.port(), "/readyz").starts_with("HTTP/1.1 200"));
  node.server->set_unready();
  EXPECT_TRUE(http_get(node.port(), "/readyz").starts_with("HTTP/1.1 503"));
  { test_client still_welcome(node.port()); }
  node.server->begin_drain(std::chrono::milliseconds(0), {});
  EXPECT_THROW(test_client(node.port()), boost::system::system_error);
  EXPECT_TRUE(http_get(node.port(), "/healthz").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(http_get(node.port(), "/metrics").starts_with("HTTP/1.1 200"));
}

TEST(draining, a_second_call_gives_everybody_their_turn_at_once) {
  test_node node;
  test_client one(node.port()), two(node.port());
  node.broker.session(1);
  std::promise<void> first, second;
  node.server->begin_drain(std::chrono::hours(1), [&] { first.set_value(); });
  node.server->begin_drain(std::chrono::milliseconds(0), [&] { second.set_value(); });
  EXPECT_EQ(one.read_to_close(), 1012);
  EXPECT_EQ(two.read_to_close(), 1012);
  EXPECT_EQ(first.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(second.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(net_server, says_that_the_port_is_in_use) {
  test_node first;
  config settings;
  settings.net.listen = "127.0.0.1:" + std::to_string(first.port());
  metrics counts;
  session_broker broker;
  const delivery_lease lease;
  net_server second(settings, json_encoder(), counts, lease);
  const auto started = second.start(broker, {});
  ASSERT_TRUE(started.has_error());
  EXPECT_NE(started.error().message.find("in use"), std::string::npos) << started.error().message;
  EXPECT_NE(started.error().message.find(std::to_string(first.port())), std::string::npos);
}

TEST(net_server, listens_in_both_families_on_the_unspecified_address) {
  config settings;
  settings.net.listen = "[::]:0";
  metrics counts;
  session_broker broker;
  const delivery_lease lease;
  net_server server(settings, json_encoder(), counts, lease);
  if (server.start(broker, {}).has_error()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_TRUE(http_get(server.port(), "/healthz").starts_with("HTTP/1.1 200"));
  server.stop();
}

TEST(net_server, refuses_connections_above_its_limit) {
  config settings;
  settings.net.max_connections = 1;
  test_node node(settings);
  test_client one(node.port());
  EXPECT_THROW(test_client(node.port()), boost::system::system_error);
  EXPECT_EQ(node.counts.connections_refused_total.value(), 1U);
}

TEST(net_server, starts_and_stops_two_hundred_times_with_and_without_clients) {
  for (int i = 0; i < 200; ++i) {
    std::optional<test_client> client;
    test_node node;
    if (i % 4 != 0) client.emplace(node.port());
    if (i % 4 == 2) node.server->begin_drain(std::chrono::hours(1), {});
    if (i % 4 == 3) client.reset();
    node.server->stop();
    node.server->stop();
    ASSERT_EQ(node.counts.websocket_connections.value(), 0) << i;
  }
}

}  // namespace
}  // namespace parley
