#include "net/http_test.hpp"

#include <boost/json/parse.hpp>
#include <thread>

#include "net/json_encoder.hpp"

namespace parley {

http_test::http_test() {
  settings_.net.listen = "127.0.0.1:0";
  settings_.net.threads = 1;
  settings_.net.allowed_origins = {"https://chat.example.org"};
}

http_test::~http_test() {
  broker_.forget();
  if (server_) server_->stop();
}

net_server& http_test::server() {
  if (!server_) {
    server_ = std::make_unique<net_server>(settings_, json_encoder(), counts_, lease_);
    const auto started = server_->start(broker_, [this] { return store_ready_.load(); });
    EXPECT_TRUE(started) << started.error().message;
  }
  return *server_;
}

http_client http_test::connect() { return http_client(server().port()); }

std::string http_test::request(const std::string& method, const std::string& path, const std::string& headers,
                               const std::string& body) {
  auto text = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

http_client::response http_test::exchange(const std::string& text) {
  auto client = connect();
  client.write(text);
  auto response = client.read(text.starts_with("HEAD"));
  EXPECT_TRUE(response) << text.substr(0, 80);
  return response.value_or(http_client::response{});
}

http_client::response http_test::call(const std::string& method, const std::string& path, const std::string& body,
                                      const std::string& headers) {
  return exchange(request(method, path, headers, body));
}

void http_test::expect_problem(const http_client::response& response, unsigned status, const std::string& code) {
  EXPECT_EQ(response.result_int(), status) << response.body();
  EXPECT_EQ(response["Content-Type"], "application/problem+json");
  boost::system::error_code ec;
  const auto body = boost::json::parse(response.body(), ec);
  ASSERT_FALSE(ec) << response.body();
  EXPECT_EQ(body.at("code").as_string(), code) << response.body();
  EXPECT_EQ(body.at("status").as_int64(), status);
}

void http_test::expect_status(http_client& client, unsigned status) {
  const auto response = client.read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->result_int(), status) << response->body();
}

void http_test::wait_until(const std::function<bool()>& holds) {
  while (!holds()) std::this_thread::yield();  // bounded by the test's own time limit
}

}  // namespace parley
