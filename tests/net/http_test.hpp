// A node's HTTP side on loopback with a fake broker behind it, and the words to speak with it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "net/fake_broker.hpp"
#include "net/http_client.hpp"
#include "net/json_encoder.hpp"
#include "net/net_server.hpp"

namespace parley {

inline const std::string room_path = "/api/v1/rooms/01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01";
inline const std::string message_path = "/api/v1/messages/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01";
inline const std::string ada_text = "01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a01";
inline const std::string bob_text = "01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a02";
inline const std::string with_token = "Authorization: Bearer good\r\n";

class http_test : public testing::Test {
 protected:
  http_test() {
    settings_.net.listen = "127.0.0.1:0";
    settings_.net.threads = 1;
    settings_.net.allowed_origins = {"https://chat.example.org"};
  }
  ~http_test() override {
    broker_.forget();
    if (server_) server_->stop();
  }

  /// Started late, so that a test may change the settings first.
  net_server& server() {
    if (!server_) {
      server_ = std::make_unique<net_server>(settings_, json_encoder(), counts_);
      const auto started = server_->start(broker_, [this] { return store_ready_.load(); });
      EXPECT_TRUE(started) << started.error().message;
    }
    return *server_;
  }
  http_client connect() { return http_client(server().port()); }

  static std::string request(const std::string& method, const std::string& path,
                             const std::string& headers = with_token, const std::string& body = {}) {
    auto text = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers;
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
  }
  http_client::response exchange(const std::string& text) {
    auto client = connect();
    client.write(text);
    auto response = client.read(text.starts_with("HEAD"));
    EXPECT_TRUE(response) << text.substr(0, 80);
    return response.value_or(http_client::response{});
  }
  http_client::response call(const std::string& method, const std::string& path, const std::string& body = {},
                             const std::string& headers = with_token) {
    return exchange(request(method, path, headers, body));
  }
  void expect_problem(const http_client::response& response, unsigned status, const std::string& code) {
    EXPECT_EQ(response.result_int(), status) << response.body();
    EXPECT_EQ(response["Content-Type"], "application/problem+json");
    boost::system::error_code ec;
    const auto body = boost::json::parse(response.body(), ec);
    ASSERT_FALSE(ec) << response.body();
    EXPECT_EQ(body.at("code").as_string(), code) << response.body();
    EXPECT_EQ(body.at("status").as_int64(), status);
  }
  /// The next response of a connection that must still be there.
  static void expect_status(http_client& client, unsigned status) {
    const auto response = client.read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->result_int(), status) << response->body();
  }
  static void wait_until(const std::function<bool()>& holds) {
    while (!holds()) std::this_thread::yield();  // bounded by the test's own time limit
  }

  config settings_;
  metrics counts_;
  fake_broker broker_;
  std::atomic<bool> store_ready_{true};
  std::unique_ptr<net_server> server_;
};

}  // namespace parley
