// Moderation by REST: what is checked on the way in, and how it looks on the way out.
#include "net/http_test.hpp"

namespace parley {
namespace {

using moderation_api = http_test;

TEST_F(moderation_api, bans_are_made_lifted_and_listed) {
  const auto path = room_path + "/bans/" + bob_text;
  const auto made = call("PUT", path, R"({"reason":"adverts","remove_messages":true})");
  EXPECT_EQ(made.result_int(), 200U);
  EXPECT_EQ(made.body(),
            R"({"user":{"user_id":")" + ada_text + R"(","username":"ada","display_name":"Ada","img_url":null},"by":")" +
                bob_text + R"(","reason":"adverts","created_at":"1970-01-01T00:00:00.000Z","removing_messages":true})");
  const auto asked = std::get<ban_member>(broker_.last<change_room>()->command);
  EXPECT_EQ(asked.user, bob_id);
  EXPECT_EQ(asked.reason, "adverts");
  EXPECT_TRUE(asked.remove_messages);
  EXPECT_EQ(broker_.last<list_bans>()->user, bob_id);
  EXPECT_EQ(call("PUT", path).result_int(), 200U) << "without a body";
  EXPECT_FALSE(std::get<ban_member>(broker_.last<change_room>()->command).remove_messages);
  EXPECT_EQ(call("PUT", path, R"({"remove_messages":null})").result_int(), 200U);
  EXPECT_EQ(call("PUT", path, R"({"remove_messages":"yes"})").result_int(), 400U);
  EXPECT_EQ(call("PUT", path, R"({"reason":7})").result_int(), 400U);
  EXPECT_EQ(call("PUT", path, R"({"reason":")" + std::string(513, 'x') + R"("})").result_int(), 400U);
  EXPECT_EQ(call("PUT", path, R"({"reason":")" + std::string(512, 'x') + R"("})").result_int(), 200U);
  EXPECT_EQ(call("DELETE", path).result_int(), 204U);
  EXPECT_EQ(std::get<lift_ban>(broker_.last<change_room>()->command).user, bob_id);
  EXPECT_EQ(call("GET", room_path + "/bans?limit=7").result_int(), 200U);
  EXPECT_EQ(broker_.last<list_bans>()->range.limit, 7U);
  EXPECT_FALSE(broker_.last<list_bans>()->user);
}

TEST_F(moderation_api, mutes_and_slow_mode_have_bounds) {
  const auto path = room_path + "/mutes/" + bob_text;
  for (const std::string seconds : {"1", "31622400"}) {
    EXPECT_EQ(call("PUT", path, R"({"seconds":)" + seconds + "}").result_int(), 200U) << seconds;
    EXPECT_EQ(std::get<mute_member>(broker_.last<change_room>()->command).seconds, std::stoll(seconds));
  }
  for (const std::string seconds : {"0", "31622401", "-1", "1.5", "\"1\"", "null", "1e300"}) {
    expect_problem(call("PUT", path, R"({"seconds":)" + seconds + "}"), 400, "bad_request");
  }
  expect_problem(call("PUT", path, "{}"), 400, "bad_request");
  EXPECT_EQ(call("DELETE", path).result_int(), 204U);
  EXPECT_EQ(std::get<mute_member>(broker_.last<change_room>()->command).seconds, 0);
  EXPECT_EQ(call("GET", room_path + "/mutes").result_int(), 200U);

  const auto slow = call("PUT", room_path + "/slow-mode", R"({"seconds":21600})");
  EXPECT_EQ(slow.body(), R"({"room_id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01","slow_mode_seconds":21600})");
  EXPECT_EQ(std::get<set_slow_mode>(broker_.last<change_room>()->command).seconds, 21'600);
  EXPECT_EQ(call("PUT", room_path + "/slow-mode", R"({"seconds":0})").result_int(), 200U);
  for (const std::string seconds : {"21601", "-1", "true"}) {
    expect_problem(call("PUT", room_path + "/slow-mode", R"({"seconds":)" + seconds + "}"), 400, "bad_request");
  }
}

TEST_F(moderation_api, messages_are_reported_and_reports_decided) {
  const auto path = "/api/v1/messages/" + bob_text + "/reports";
  const auto filed = call("POST", path, R"({"reason":"spam","comment":"again"})");
  EXPECT_EQ(filed.result_int(), 201U);
  EXPECT_EQ(broker_.last<report_message>()->comment, "again");
  EXPECT_EQ(broker_.last<report_message>()->reason, report_reason::spam);
  for (const std::string body : {"{}", R"({"reason":"dull"})", R"({"reason":null})", "[]", ""}) {
    expect_problem(call("POST", path, body), 400, "bad_request");
  }
  const auto report = "/api/v1/admin/reports/" + bob_text;
  EXPECT_NE(call("PATCH", report, R"({"status":"acted","note":"gone"})").body().find(R"("status":"acted")"),
            std::string::npos);
  EXPECT_EQ(broker_.last<decide_report>()->note, "gone");
  for (const std::string body : {"{}", R"({"status":"open"})", R"({"status":"done"})"}) {
    expect_problem(call("PATCH", report, body), 400, "bad_request");
  }
  EXPECT_EQ(call("GET", "/api/v1/admin/reports").result_int(), 200U);
  EXPECT_TRUE(broker_.last<list_reports>()->open);
  EXPECT_EQ(call("GET", "/api/v1/admin/reports?status=decided").result_int(), 200U);
  EXPECT_FALSE(broker_.last<list_reports>()->open);
  expect_problem(call("GET", "/api/v1/admin/reports?status=acted"), 400, "bad_request");
}

}  // namespace
}  // namespace parley
