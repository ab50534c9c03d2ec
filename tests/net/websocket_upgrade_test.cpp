// What is checked before a request becomes a WebSocket.
#include <fmt/format.h>

#include "net/http_test.hpp"

namespace parley {
namespace {

class websocket_upgrade : public http_test {
 protected:
  static constexpr auto handshake =
      "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
      "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  static inline const std::string room_socket =
      "/ws/01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01/01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a01";

  http_client::response upgrade(const std::string& path, const std::string& headers = with_token) {
    return exchange(request("GET", path, handshake + headers));
  }
};

TEST_F(websocket_upgrade, opens_with_any_of_the_three_credentials) {
  auto client = connect();
  client.write(request("GET", "/ws?replay=none", handshake + with_token));
  expect_status(client, 101);
  wait_until([&] { return broker_.session_count() == 1; });
  EXPECT_EQ(broker_.session(0).replay, replay_mode::none);
  EXPECT_EQ(broker_.session(0).only_room, std::nullopt);
  EXPECT_EQ(broker_.session(0).who.user.id, ada_id);
  const auto by_protocol = upgrade("/ws", "Sec-WebSocket-Protocol: parley.v1, parley.token.good\r\n");
  EXPECT_EQ(by_protocol.result_int(), 101U);
  EXPECT_EQ(by_protocol["Sec-WebSocket-Protocol"], "parley.v1");
  EXPECT_EQ(upgrade("/ws?token=good", "").result_int(), 101U);
}

TEST_F(websocket_upgrade, to_one_room_is_for_its_members_by_their_own_id) {
  auto client = connect();
  client.write(request("GET", room_socket, handshake + with_token));
  expect_status(client, 101);
  wait_until([&] { return broker_.session_count() == 1; });
  EXPECT_EQ(broker_.session(0).only_room, room_one);
  EXPECT_EQ(broker_.session(0).replay, replay_mode::unread);
  expect_problem(upgrade("/ws/01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01/" + bob_text), 403, "forbidden");
  expect_problem(upgrade("/ws/01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a02/" + ada_text), 403, "forbidden");
}

TEST_F(websocket_upgrade, is_refused_before_it_happens) {
  for (const auto* path : {"/ws/", "/ws/x", "/ws/r1/u1", "/ws//", "/ws/a/b/c"})
    expect_problem(upgrade(path), 404, "not_found");
  expect_problem(upgrade("/ws", ""), 401, "unauthenticated");
  expect_problem(upgrade("/ws", "Authorization: Bearer bad\r\n"), 401, "unauthenticated");
  expect_problem(upgrade("/ws?token=good", "Authorization: Bearer bad\r\n"), 401, "unauthenticated");
  expect_problem(upgrade("/ws?replay=all"), 400, "bad_request");
  expect_problem(upgrade("/ws", with_token + "Origin: https://evil.example.org\r\n"), 403, "forbidden");
  expect_problem(upgrade("/ws", with_token + "Origin: null\r\n"), 403, "forbidden");
  EXPECT_EQ(upgrade("/ws", with_token + "Origin: https://chat.example.org\r\n").result_int(), 101U);
  EXPECT_EQ(upgrade("/ws", with_token + "Origin: http://localhost\r\n").result_int(), 101U);
}

TEST_F(websocket_upgrade, needs_a_sound_handshake) {
  const auto plain = call("GET", "/ws");
  EXPECT_EQ(plain.result_int(), 426U);
  EXPECT_EQ(call("HEAD", "/ws", "", "").result_int(), 426U);
  EXPECT_EQ(plain["Upgrade"], "websocket");
  const std::string start = "Connection: Upgrade\r\nUpgrade: websocket\r\n" + with_token;
  const auto old =
      call("GET", "/ws", "", start + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  EXPECT_EQ(old.result_int(), 426U);
  EXPECT_EQ(old["Sec-WebSocket-Version"], "13");
  for (const std::string key : {"", "Sec-WebSocket-Key: \r\n", "Sec-WebSocket-Key: short==\r\n",
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n"}) {
    const auto headers = fmt::format("{}Sec-WebSocket-Version: 13\r\n{}", start, key);
    expect_problem(call("GET", "/ws", "", headers), 400, "bad_request");
  }
  EXPECT_EQ(exchange("GET /ws HTTP/1.0\r\nHost: x\r\n" + std::string(handshake) + with_token + "\r\n").result_int(),
            426U);
}

TEST_F(websocket_upgrade, is_busy_on_a_draining_node) {
  server().begin_drain(std::chrono::milliseconds(0), [] {});
  const auto refused = upgrade("/ws");
  expect_problem(refused, 503, "busy");
  EXPECT_EQ(refused["Retry-After"], "1");
}

TEST_F(websocket_upgrade, in_development_mode_takes_names_and_no_token) {
  settings_.dev = true;
  EXPECT_EQ(upgrade("/ws/r1/u1", "").result_int(), 101U);
  EXPECT_EQ(broker_.last<enter_by_name>()->room, "r1");
  EXPECT_EQ(broker_.last<enter_by_name>()->user, "u1");
  EXPECT_EQ(upgrade(room_socket, "").result_int(), 101U);
  EXPECT_EQ(broker_.last<enter_by_name>()->user, ada_text);
  EXPECT_EQ(upgrade("/ws/r1/u1", "Origin: http://localhost:5173\r\n").result_int(), 101U);
  expect_problem(upgrade("/ws/r1/Capital%20Letters", ""), 400, "bad_request");
  expect_problem(upgrade("/ws/" + std::string(129, 'r') + "/u1", ""), 400, "bad_request");
  expect_problem(upgrade("/ws", ""), 401, "unauthenticated");
  expect_problem(upgrade("/ws/r1/u1", "Origin: https://evil.example.org\r\n"), 403, "forbidden");
}

TEST_F(websocket_upgrade, in_development_mode_refuses_other_hosts_everywhere) {
  settings_.dev = true;
  for (const std::string path : {"/healthz", "/api/v1/me", "/", "/ws/r1/u1"}) {
    expect_problem(exchange("GET " + path + " HTTP/1.1\r\nHost: evil.example.org:8000\r\n\r\n"), 403, "forbidden");
    expect_problem(exchange("GET " + path + " HTTP/1.0\r\n\r\n"), 403, "forbidden");
  }
}

}  // namespace
}  // namespace parley
