// Faults as they are written on a command line.
#include "verify/options.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace parley::bench::options_test {
namespace {

using std::chrono::milliseconds;

TEST(verify_options, reads_a_fault_with_its_times) {
  const auto fault = parse_fault("kill-node:every=3s,down=1500ms,untold=0.3s");
  EXPECT_EQ(fault.kind, fault_kind::kill_node);
  EXPECT_EQ(fault.every, milliseconds(3'000));
  EXPECT_EQ(fault.lasts, milliseconds(1'500));
  EXPECT_EQ(fault.untold, milliseconds(300));
  EXPECT_EQ(parse_fault("stop-node").lasts, milliseconds(3'000));
}

TEST(verify_options, reads_a_command_with_commas_in_it) {
  const auto fault = parse_fault("command:every=5s,run='echo a, b',undo=\"true\"");
  EXPECT_EQ(fault.run, "echo a, b");
  EXPECT_EQ(fault.undo, "true");
}

TEST(verify_options, refuses_what_it_does_not_know) {
  for (const auto* text : {"burn-node", "kill-node:for=3s", "kill-node:every=3x",
                           "kill-node:every=", "command:every=5s", "flush-redis:every=1ms", "kill-node:every"})
    EXPECT_THROW(parse_fault(text), std::invalid_argument) << text;
}

TEST(verify_options, reads_the_address_of_a_node) {
  const auto node = parse_node("http://127.0.0.1:8001/");
  EXPECT_EQ(node.host, "127.0.0.1");
  EXPECT_EQ(node.port, 8001);
  for (const auto* text : {"127.0.0.1:8001", "https://127.0.0.1:8001", "http://127.0.0.1", "http://127.0.0.1:0"})
    EXPECT_THROW(parse_node(text), std::invalid_argument) << text;
}

TEST(verify_options, refuses_faults_of_what_it_did_not_start) {
  verify_options options;
  options.node_urls = {"http://127.0.0.1:8001"};
  options.faults = {parse_fault("command:run=true")};
  EXPECT_NO_THROW(validate(options));
  options.faults.push_back(parse_fault("kill-node"));
  EXPECT_THROW(validate(options), std::invalid_argument);
}

TEST(verify_options, knows_one_ttl_for_the_nodes_and_for_the_wait) {
  verify_options options;
  EXPECT_EQ(presence_ttl_seconds(options), 6);
  options.settings = {"net.heartbeat_ms=5000", "presence.ttl_seconds=9", "presence.ttl_seconds=8"};
  EXPECT_EQ(presence_ttl_seconds(options), 8) << "a node takes the last one";
  options.presence_ttl = 7;
  EXPECT_THROW(validate(options), std::invalid_argument);
  options.settings = {};
  EXPECT_EQ(presence_ttl_seconds(options), 7);
  EXPECT_NO_THROW(validate(options));
  options.settings = {"presence.ttl_seconds=soon"};
  EXPECT_THROW(validate(options), std::invalid_argument);
}

TEST(verify_options, takes_the_ttl_of_foreign_nodes_as_it_is_told) {
  verify_options options;
  options.node_urls = {"http://127.0.0.1:8001"};
  EXPECT_EQ(presence_ttl_seconds(options), 30);
  options.presence_ttl = 12;
  EXPECT_EQ(presence_ttl_seconds(options), 12);
}

}  // namespace
}  // namespace parley::bench::options_test
