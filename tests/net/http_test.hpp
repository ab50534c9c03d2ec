// A node's HTTP side on loopback with a fake broker behind it, and the words to speak with it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "net/fake_broker.hpp"
#include "net/http_client.hpp"
#include "net/net_server.hpp"

namespace parley {

inline const std::string room_path = "/api/v1/rooms/01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01";
inline const std::string message_path = "/api/v1/messages/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01";
inline const std::string ada_text = "01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a01";
inline const std::string bob_text = "01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a02";
inline const std::string with_token = "Authorization: Bearer good\r\n";

class http_test : public testing::Test {
 protected:
  http_test();
  ~http_test() override;

  /// Started late, so that a test may change the settings first.
  net_server& server();
  http_client connect();

  static std::string request(const std::string& method, const std::string& path,
                             const std::string& headers = with_token, const std::string& body = {});
  http_client::response exchange(const std::string& text);
  http_client::response call(const std::string& method, const std::string& path, const std::string& body = {},
                             const std::string& headers = with_token);
  void expect_problem(const http_client::response& response, unsigned status, const std::string& code);
  /// The next response of a connection that must still be there.
  static void expect_status(http_client& client, unsigned status);
  static void wait_until(const std::function<bool()>& holds);

  config settings_;
  metrics counts_;
  fake_broker broker_;
  std::atomic<bool> store_ready_{true};
  delivery_lease lease_;
  std::unique_ptr<net_server> server_;
};

}  // namespace parley
