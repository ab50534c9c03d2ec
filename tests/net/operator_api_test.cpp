// What the operator is told of a whole cluster, in JSON.
#include <gmock/gmock.h>

#include "fake_broker.hpp"
#include "net/connection_context.hpp"
#include "net/json_encoder.hpp"
#include "net/operator_calls.hpp"

namespace parley {
namespace {

using testing::HasSubstr;
using testing::Not;

class operator_api : public testing::Test {
 protected:
  http_reply get(const std::string& target) {
    http_request request(boost::beast::http::verb::get, "/api/v1/admin/" + target, 11);
    return answer_operator(services_, std::move(request));
  }
  static traced_message traced(message_origin origin) {
    traced_message what;
    what.message = message_one;
    what.room = room_one;
    what.seq = 7;
    what.origin = origin;
    what.to_store_us = 10;
    what.committed_us = 20;
    what.delivered_us = 30;
    what.batch_commands = 2;
    what.connections = 3;
    return what;
  }

  config settings_;
  metrics counts_;
  fake_broker broker_;
  net_services services_{settings_, broker_, json_encoder(), counts_, {}, {}};
  const std::string trace_ = "trace/" + to_string(message_one);
};

TEST_F(operator_api, a_trace_tells_of_the_node_that_accepted_and_of_the_others) {
  broker_.traced.nodes = {{{}, "one", traced(message_origin::bus)},
                          {{}, "two", traced(message_origin::accepted)},
                          {{}, "three", std::nullopt}};
  broker_.traced.silent = {"four"};
  const auto reply = get(trace_);
  EXPECT_EQ(reply.status, 200U);
  const std::string nobody = R"("node_id":"00000000-0000-0000-0000-000000000000")";
  const std::string then = R"("1970-01-01T00:00:00.000Z")";
  EXPECT_EQ(reply.body, R"({"message_id":")" + to_string(message_one) + R"(","room_id":")" + to_string(room_one) +
                            R"(","seq":7,"accepted_by":"two","accepted_at":)" + then +
                            R"(,"to_store_us":10,"committed_us":20,"delivered_us":30,"batch_commands":2,)"
                            R"("connections":3,"others":[{)" +
                            nobody + R"(,"name":"one","heard_from":"bus","heard_at":)" + then +
                            R"(,"delivered_us":30,"connections":3},{)" + nobody +
                            R"(,"name":"three","heard_from":null}],"silent":["four"],"are_nodes_known":true})");
}

TEST_F(operator_api, a_trace_without_the_node_that_accepted_says_so) {
  broker_.traced.nodes = {{{}, "one", traced(message_origin::store)}};
  const auto reply = get(trace_);
  EXPECT_EQ(reply.status, 200U);
  EXPECT_THAT(reply.body, HasSubstr(R"("accepted_by":null,"others":[)"));
}

TEST_F(operator_api, a_message_that_nobody_knows_is_not_found_and_who_was_silent_is_named) {
  broker_.traced.nodes = {{{}, "one", std::nullopt}};
  EXPECT_EQ(get(trace_).status, 404U);
  EXPECT_THAT(get(trace_).body, Not(HasSubstr("No answer")));
  broker_.traced.silent = {"two", "three"};
  broker_.traced.are_nodes_known = false;
  EXPECT_THAT(get(trace_).body, HasSubstr("No answer came from two, three. The store did not say"));
}

TEST_F(operator_api, rooms_in_use_are_told_with_their_nodes) {
  broker_.rooms_in_use.rooms = {{room_one, "Engines", true, 9, 3, {{"one", 1, 9}, {"two", 2, 8}}}};
  broker_.rooms_in_use.total = 5;
  broker_.rooms_in_use.nodes = {{{}, "two", 4, 1, std::chrono::milliseconds(1'500)}};
  broker_.rooms_in_use.silent = {"three"};
  const auto reply = get("rooms/active?limit=7");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(broker_.last<list_cluster_rooms>()->limit, 7U);
  EXPECT_EQ(reply.body,
            R"({"items":[{"room_id":")" + to_string(room_one) +
                R"(","name":"Engines","is_group":true,"last_seq":9,"connections":3,"nodes":[)"
                R"({"node":"one","connections":1,"seq":9},{"node":"two","connections":2,"seq":8}]}],"total":5,)"
                R"("nodes":[{"node_id":"00000000-0000-0000-0000-000000000000","name":"two","rooms":4,"left_out":1,)"
                R"("age_ms":1500}],"silent":["three"]})");
  EXPECT_EQ(get("rooms/active?limit=201").status, 400U);
}

TEST_F(operator_api, rooms_of_a_cluster_whose_bus_is_down_are_unavailable) {
  broker_.failure = unavailable("redis 127.0.0.1:1: cannot connect");
  EXPECT_EQ(get("rooms/active").status, 503U);
}

}  // namespace
}  // namespace parley
