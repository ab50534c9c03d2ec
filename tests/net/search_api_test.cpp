// The search call: what it asks, what it answers, what it refuses.
#include "net/http_test.hpp"

namespace parley {
namespace {

using search_api = http_test;

TEST_F(search_api, answers_messages_with_the_passage_of_their_hit) {
  broker_.next_cursor = "next";
  const auto found =
      call("GET", "/api/v1/search?q=he%22llo&room_id=01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01&limit=7&cursor=c");
  EXPECT_EQ(found.result_int(), 200U);
  EXPECT_NE(found.body().find(R"("content":"say he\"llo")"), std::string::npos) << found.body();
  EXPECT_NE(found.body().find(
                R"("reactions":[],"snippet":[{"text":"say ","is_hit":false},{"text":"he\"llo","is_hit":true}]})"),
            std::string::npos)
      << found.body();
  EXPECT_NE(found.body().find(R"("next_cursor":"next")"), std::string::npos);
  const auto asked = broker_.last<search_messages>();
  EXPECT_EQ(asked->text, "he\"llo");
  EXPECT_EQ(asked->room, room_one);
  EXPECT_EQ(asked->range.limit, 7U);
  EXPECT_EQ(asked->range.cursor, "c");
  EXPECT_EQ(call("GET", "/api/v1/search?q=x").result_int(), 200U);
  EXPECT_EQ(broker_.last<search_messages>()->room, std::nullopt);
}

TEST_F(search_api, refuses_what_it_cannot_look_for) {
  for (const auto& query : {std::string(), std::string("?q="), "?q=" + std::string(129, 'x'),
                            std::string("?q=x&room_id=y"), std::string("?q=x&limit=0")}) {
    expect_problem(call("GET", "/api/v1/search" + query), 400, "bad_request");
  }
  expect_problem(call("GET", "/api/v1/search?q=x", "", ""), 401, "unauthenticated");
}

}  // namespace
}  // namespace parley
