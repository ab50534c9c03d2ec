// Addresses of the bus: what is taken, and that a refusal repeats no password.
#include "store/redis_url.hpp"

#include <gtest/gtest.h>

namespace parley::test {
namespace {

redis_options read(std::string_view url) {
  auto options = parse_redis_url(url);
  if (options.has_error()) throw std::runtime_error(options.error().message);
  return *options;
}

TEST(redis_url, needs_no_more_than_a_host) {
  for (const auto* url : {"redis://bus.example", "redis://bus.example/"}) {
    const auto options = read(url);
    EXPECT_EQ(options.host, "bus.example");
    EXPECT_EQ(options.port, 6379);
    EXPECT_EQ(options.user, "");
    EXPECT_FALSE(options.password);
    EXPECT_EQ(options.database, 0U);
  }
}

TEST(redis_url, may_name_user_password_port_and_database) {
  const auto options = read("redis://node:s3cret@10.0.0.1:6380/12");
  EXPECT_EQ(options.host, "10.0.0.1");
  EXPECT_EQ(options.port, 6380);
  EXPECT_EQ(options.user, "node");
  EXPECT_EQ(options.password, "s3cret");
  EXPECT_EQ(options.database, 12U);
}

TEST(redis_url, a_password_may_stand_without_a_user_and_a_user_without_a_password) {
  const auto password = read("redis://:s3cret@h");
  EXPECT_EQ(password.user, "");
  EXPECT_EQ(password.password, "s3cret");
  const auto user = read("redis://node@h");
  EXPECT_EQ(user.user, "node");
  EXPECT_EQ(user.password, "") << "AUTH names a user together with a password only";
}

TEST(redis_url, parts_are_percent_decoded) {
  const auto options = read("redis://n%6Fde:a%40b%3A%2F%2C%25@h");
  EXPECT_EQ(options.user, "node");
  EXPECT_EQ(options.password, "a@b:/,%");
}

TEST(redis_url, an_address_of_ipv6_stands_in_brackets) {
  const auto options = read("redis://[::1]:7000/1");
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.port, 7000);
}

TEST(redis_url, tls_is_refused_with_the_reason) {
  const auto refused = parse_redis_url("rediss://:s3cret@h");
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message.find("without TLS"), std::string::npos) << refused.error().message;
}

TEST(redis_url, what_is_refused_is_not_repeated) {
  for (const auto* url : {
           "",
           "s3cret",
           "redis:s3cret",
           "redis://",
           "redis://:s3cret@",
           "redis://:s3cret@/1",
           "redis://:s3cret@h:0",
           "redis://:s3cret@h:65536",
           "redis://:s3cret@h:99999",
           "redis://:s3cret@h:x",
           "redis://:s3cret@h/x",
           "redis://:s3cret@h/1/2",
           "redis://:s3cret@h/-1",
           "redis://:s3cret@h/99999999999",
           "redis://:s3cret@h?db=1",
           "redis://:s3cret@h#1",
           "redis://:s3cret%@h",
           "redis://:s3cret%4@h",
           "http://:s3cret@h",
           "redis://:s3cret@h h",
           "redis://h%00s3cret",
           " redis://:s3cret@h",
           "redis://:s3cret@h\n",
           "redis://a:b@s3cret@h",
       }) {
    const auto refused = parse_redis_url(url);
    ASSERT_TRUE(refused.has_error()) << url;
    EXPECT_EQ(refused.error().code, error_code::bad_request);
    EXPECT_EQ(refused.error().message.find("s3cret"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(refused.error().message.starts_with("bus.url: ")) << refused.error().message;
  }
}

}  // namespace
}  // namespace parley::test
