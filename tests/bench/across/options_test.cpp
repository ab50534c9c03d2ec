// What fits together, and Redis' address.
#include "across/options.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace parley::bench::across_options_test {
namespace {

TEST(across_options, two_nodes_or_none_and_probes_for_a_named_cluster_only) {
  across_options options;
  EXPECT_NO_THROW(validate(options));
  options.redis_url = "redis://127.0.0.1";
  EXPECT_THROW(validate(options), std::invalid_argument);
  options.node_urls = {"http://127.0.0.1:1", "http://127.0.0.1:2"};
  EXPECT_NO_THROW(validate(options));
  options.settings = {"log.level=warn"};
  EXPECT_THROW(validate(options), std::invalid_argument);
  options.settings.clear();
  options.node_urls.pop_back();
  EXPECT_THROW(validate(options), std::invalid_argument);
}

TEST(across_options, a_message_has_room_for_its_number) {
  across_options options;
  options.size = 11;
  EXPECT_THROW(validate(options), std::invalid_argument);
}

TEST(across_options, reads_the_address_of_redis) {
  const auto full = parse_redis_address("redis://parley:p%40ss@10.0.0.5:6380/3");
  EXPECT_EQ(full.host, "10.0.0.5");
  EXPECT_EQ(full.port, 6380);
  EXPECT_EQ(full.user, "parley");
  EXPECT_EQ(full.password, "p@ss");
  EXPECT_EQ(full.database, 3U);
  const auto least = parse_redis_address("redis://localhost");
  EXPECT_EQ(least.port, 6379);
  EXPECT_EQ(least.password, std::nullopt);
  for (const auto* url : {"localhost:6379", "rediss://localhost", "redis://", "redis://localhost/x", "redis://h:0"})
    EXPECT_THROW(parse_redis_address(url), std::invalid_argument) << url;
}

}  // namespace
}  // namespace parley::bench::across_options_test
