// Whose address a request is counted for.
#include "net/trusted_proxies.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

std::string client(const std::vector<std::string>& proxies, const std::string& peer,
                   const std::vector<std::string>& forwarded) {
  boost::beast::http::fields headers;
  for (const auto& line : forwarded) headers.insert("X-Forwarded-For", line);
  return trusted_proxies::parse(proxies)->client_address(peer, headers);
}

TEST(TrustedProxies, WithoutAnyTheHeaderIsNotRead) { EXPECT_EQ(client({}, "10.0.0.1", {"192.0.2.9"}), "10.0.0.1"); }

TEST(TrustedProxies, AStrangersHeaderIsNotBelieved) {
  EXPECT_EQ(client({"10.0.0.0/8"}, "203.0.113.7", {"192.0.2.9"}), "203.0.113.7");
}

TEST(TrustedProxies, TheLastAddressThatIsNoProxysIsTheClients) {
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {"192.0.2.9"}), "192.0.2.9");
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {"6.6.6.6, 192.0.2.9, 10.3.0.1"}), "192.0.2.9")
      << "what the client wrote itself stands before its own address";
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {"6.6.6.6", "192.0.2.9"}), "192.0.2.9") << "lines are one list";
  EXPECT_EQ(client({"10.0.0.1"}, "10.0.0.1", {"192.0.2.9, 10.0.0.2"}), "10.0.0.2");
}

TEST(TrustedProxies, WhatIsNoAddressEndsTheReading) {
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {}), "10.0.0.1");
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {""}), "10.0.0.1");
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {"192.0.2.9, unknown"}), "10.0.0.1");
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {"192.0.2.9,"}), "10.0.0.1");
  EXPECT_EQ(client({"10.0.0.0/8"}, "10.0.0.1", {"[2001:db8::1"}), "2001:db8::1");
}

TEST(TrustedProxies, PortsAndIpv6) {
  EXPECT_EQ(client({"10.0.0.0/8"}, "::ffff:10.0.0.1", {"192.0.2.9:4711"}), "192.0.2.9");
  EXPECT_EQ(client({"2001:db8::/32"}, "2001:db8::5", {"[2001:db9::1]:4711"}), "2001:db9::1");
  EXPECT_EQ(client({"::1"}, "::1", {"2001:db9::1"}), "2001:db9::1");
}

TEST(TrustedProxies, WhatIsNeitherAddressNorNetworkIsNamed) {
  for (const auto* entry : {"proxy.example.org", "10.0.0.0/33", "10.0.0/8", "", "::1/129"}) {
    const auto parsed = trusted_proxies::parse({"10.0.0.1", entry});
    ASSERT_TRUE(parsed.has_error()) << entry;
    EXPECT_NE(parsed.error().message.find('"' + std::string(entry) + '"'), std::string::npos);
  }
}

TEST(TrustedProxies, TriesAreCountedByIpv6Network) {
  EXPECT_EQ(counted_address("192.0.2.9"), "192.0.2.9");
  EXPECT_EQ(counted_address("::ffff:192.0.2.9"), "192.0.2.9");
  EXPECT_EQ(counted_address("2001:db8:1:2:3::4"), counted_address("2001:db8:1:2:ffff::1"));
  EXPECT_NE(counted_address("2001:db8:1:2::4"), counted_address("2001:db8:1:3::4"));
}

}  // namespace
}  // namespace parley
