// What the tests of Redis alone share: a server of their own, nodes on it, and a way to it that breaks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "event_stream_fixture.hpp"
#include "store/redis_event_reader.hpp"
#include "support/fault_proxy.hpp"
#include "support/redis_server.hpp"

namespace parley::test {

/// A server of the test's own, and nodes on it.
class redis_fixture : public testing::Test {
 protected:
  void SetUp() override {
    if (!support::redis_server::is_installed()) GTEST_SKIP() << "redis-server is not here; ./dev install --redis";
    start();
  }
  void start(std::vector<std::string> options = {}) { server = std::make_unique<support::redis_server>(options); }

  bus_node node() { return redis_node(options_for(server->url())); }
  /// A node whose way leads through something that breaks.
  bus_node node_through(const support::fault_proxy& proxy) {
    return redis_node(options_for(proxy.url_through(server->url(), server->port())));
  }
  [[nodiscard]] std::string key_of(const room_id& of) const { return stream_key(partition_of(of, 16)); }
  /// All connections: the proxy's faults begin with new ones.
  void cut_connections() const { server->run({"CLIENT", "KILL", "TYPE", "normal"}); }
  /// Why a read fails.
  static std::string refusal(bus_node& of) {
    const auto news = of.reader->read(std::chrono::milliseconds(0));
    if (news.has_value()) return "";
    EXPECT_EQ(news.error().code, error_code::unavailable);
    return news.error().message;
  }

  const room_id room{numbered_uuid(1)};
  std::unique_ptr<support::redis_server> server;
};

}  // namespace parley::test
