// Every REST call: what it asks of the broker, what it answers, what it refuses.
#include "net/http_test.hpp"

namespace parley {
namespace {

using rest_api = http_test;

TEST_F(rest_api, registering_passes_on_what_was_checked) {
  const auto made =
      call("POST", "/api/v1/auth/register",
           R"({"username":"ada","password":"long enough","email":"a@b","phone":null,"display_name":"Ada"})", "");
  EXPECT_EQ(made.result_int(), 201U);
  EXPECT_EQ(made.body(),
            R"({"user_id":"01939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a01","username":"ada","display_name":"Ada","img_url":null,)"
            R"("role":"user","email":"ada@example.org","phone":null,"created_at":"1970-01-01T00:00:00.000Z"})");
  const auto asked = broker_.last<register_user>();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->email, "a@b");
  EXPECT_EQ(asked->phone, std::nullopt);
  for (const std::string body :
       {"{}", "[]", "", R"({"username":"Ada","password":"long enough"})", R"({"username":"ada","password":"short"})",
        R"({"username":"ada","password":"long enough","email":"x"})",
        R"({"username":"ada","password":"long enough","img_url":"javascript:x"})",
        R"({"username":"ada","password":"long\u0000enough"})"}) {
    expect_problem(call("POST", "/api/v1/auth/register", body, ""), 400, "bad_request");
  }
}

TEST_F(rest_api, logging_in_and_out) {
  const auto in = call("POST", "/api/v1/auth/login", R"({"username":"ada","password":"x"})", "");
  EXPECT_EQ(in.result_int(), 200U);
  EXPECT_EQ(broker_.last<log_in>()->remote_address, "127.0.0.1");
  expect_problem(call("POST", "/api/v1/auth/login", R"({"username":"ada"})", ""), 400, "bad_request");
  EXPECT_EQ(call("POST", "/api/v1/auth/logout").result_int(), 204U);
  EXPECT_FALSE(broker_.last<log_out>()->everywhere);
  EXPECT_EQ(call("POST", "/api/v1/auth/logout-all").result_int(), 204U);
  EXPECT_TRUE(broker_.last<log_out>()->everywhere);
}

TEST_F(rest_api, people_and_their_presence) {
  broker_.next_cursor = "next";
  const auto found = call("GET", "/api/v1/users?q=a%20d&limit=7&cursor=c");
  EXPECT_EQ(found.body(), R"({"items":[{"user_id":")" + ada_text +
                              R"(","username":"ada","display_name":"Ada","img_url":null}],"next_cursor":"next"})");
  const auto asked = broker_.last<find_users>();
  EXPECT_EQ(asked->query, "a d");
  EXPECT_EQ(asked->range.limit, 7U);
  EXPECT_EQ(asked->range.cursor, "c");
  EXPECT_EQ(call("GET", "/api/v1/users/" + ada_text).result_int(), 200U);
  expect_problem(call("GET", "/api/v1/users/nobody"), 400, "bad_request");
  expect_problem(call("GET", "/api/v1/users?limit=201"), 400, "bad_request");
  EXPECT_EQ(call("GET", "/api/v1/presence?user_ids=" + ada_text + "," + bob_text).body(),
            R"({"items":[{"user_id":")" + ada_text + R"(","is_online":true,"last_seen":null}],"next_cursor":null})");
  EXPECT_EQ(broker_.last<get_presence>()->users, (std::vector<user_id>{ada_id, bob_id}));
  expect_problem(call("GET", "/api/v1/presence"), 400, "bad_request");
}

TEST_F(rest_api, friends_are_listed_and_changed) {
  const auto listed = call("GET", "/api/v1/friends?status=blocked&limit=7");
  const auto start = R"({"user_id":")" + bob_text + R"(","profile":{"user_id":")" + bob_text +
                     R"(","username":"bob","display_name":"Bob","img_url":null},"status":")";
  EXPECT_EQ(listed.body().find(R"({"items":[)" + start + R"(blocked","by":")" + bob_text), 0U) << listed.body();
  EXPECT_EQ(broker_.last<list_friends>()->status, friend_status::blocked);
  EXPECT_EQ(broker_.last<list_friends>()->range.limit, 7U);
  EXPECT_EQ(call("GET", "/api/v1/friends").result_int(), 200U);
  EXPECT_FALSE(broker_.last<list_friends>()->status);
  for (const auto* target :
       {"/api/v1/friends?status=none", "/api/v1/friends?status=friends", "/api/v1/friends?status="}) {
    expect_problem(call("GET", target), 400, "bad_request");
  }

  const auto body = R"({"user_id":")" + bob_text + R"("})";
  EXPECT_EQ(call("POST", "/api/v1/friends", body).body().find(start + "pending"), 0U);
  EXPECT_EQ(broker_.last<change_friendship>()->action, friend_action::ask);
  EXPECT_EQ(broker_.last<change_friendship>()->other, bob_id);
  for (const auto* wrong : {"{}", R"({"user_id":"bob"})", "[]", ""}) {
    expect_problem(call("POST", "/api/v1/friends", wrong), 400, "bad_request");
  }
  const auto path = "/api/v1/friends/" + bob_text;
  using enum friend_action;
  for (const auto& [end, action, status] : {std::tuple{"/accept", accept, 200U}, std::tuple{"/decline", decline, 204U},
                                            std::tuple{"/block", block, 200U}, std::tuple{"/unblock", unblock, 204U}}) {
    EXPECT_EQ(call("POST", path + end).result_int(), status) << end;
    EXPECT_EQ(broker_.last<change_friendship>()->action, action) << end;
  }
  EXPECT_EQ(call("DELETE", path).result_int(), 204U);
  EXPECT_EQ(broker_.last<change_friendship>()->action, friend_action::remove);
  expect_problem(call("DELETE", "/api/v1/friends/bob"), 400, "bad_request");
}

TEST_F(rest_api, rooms_are_made_listed_and_renamed) {
  const auto made =
      call("POST", "/api/v1/rooms", R"({"name":"Engines","is_group":true,"members":[")" + bob_text + R"("]})");
  EXPECT_EQ(made.result_int(), 201U);
  EXPECT_EQ(
      made.body(),
      R"({"room_id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01","name":"Engines","is_group":true,"peer":null,"last_seq":4,)"
      R"("last_read_seq":3,"unread":1,"slow_mode_seconds":0,"muted_until":null})");
  EXPECT_EQ(broker_.last<create_room>()->members, std::vector<user_id>{bob_id});
  broker_.created = false;
  EXPECT_EQ(call("POST", "/api/v1/rooms", R"({"is_group":false,"user_id":")" + bob_text + R"("})").result_int(), 200U);
  EXPECT_FALSE(broker_.last<create_room>()->is_group);
  for (const std::string body :
       {"{}", R"({"name":"x"})", R"({"is_group":true})", R"({"is_group":true,"name":""})", R"({"is_group":false})",
        R"({"is_group":"yes","name":"x"})", R"({"is_group":true,"name":"x","members":["bob"]})"}) {
    expect_problem(call("POST", "/api/v1/rooms", body), 400, "bad_request");
  }
  EXPECT_EQ(call("GET", "/api/v1/rooms").result_int(), 200U);
  EXPECT_EQ(call("GET", room_path).body(), made.body());
  EXPECT_EQ(call("PATCH", room_path, R"({"name":"New"})").body(), made.body());
  EXPECT_EQ(std::get<rename_room>(broker_.last<change_room>()->command).name, "New");
  expect_problem(call("PATCH", room_path, R"({"name":7})"), 400, "bad_request");
}

TEST_F(rest_api, members_are_invited_and_removed) {
  const auto invited = call("POST", room_path + "/members", R"({"user_ids":[")" + bob_text + R"("]})");
  EXPECT_EQ(invited.result_int(), 200U);
  EXPECT_EQ(invited.body(),
            R"({"items":[{"user_id":")" + bob_text +
                R"(","username":"bob","display_name":"Bob","img_url":null,"joined_at":"1970-01-01T00:00:00.000Z"}]})");
  EXPECT_EQ(std::get<invite_members>(broker_.last<change_room>()->command).users, std::vector<user_id>{bob_id});
  expect_problem(call("POST", room_path + "/members", R"({"user_ids":[]})"), 400, "bad_request");
  // Whoever else is in the room is not read.
  EXPECT_EQ(broker_.count<list_members>(), 1);
  EXPECT_EQ(broker_.last<list_members>()->range.limit, 1U);
  const auto both =
      call("POST", room_path + "/members", R"({"user_ids":[")" + bob_text + R"(",")" + ada_text + R"("]})");
  EXPECT_NE(both.body().find(ada_text), std::string::npos);
  EXPECT_NE(both.body().find(bob_text), std::string::npos);
  EXPECT_EQ(broker_.count<list_members>(), 2);
  const std::string nobody = "f1939b6e-1c2d-7e3f-8a4b-5c6d7e8f9a02", nil = "00000000-0000-0000-0000-000000000000";
  const auto some = call("POST", room_path + "/members",
                         R"({"user_ids":[")" + nobody + R"(",")" + bob_text + R"(",")" + nil + R"("]})");
  EXPECT_EQ(some.body(), invited.body());
  EXPECT_EQ(call("GET", room_path + "/members?cursor=" + ada_text).result_int(), 200U);
  EXPECT_EQ(call("DELETE", room_path + "/members/me").result_int(), 204U);
  EXPECT_EQ(std::get<remove_member>(broker_.last<change_room>()->command).user, ada_id);
  EXPECT_EQ(call("DELETE", room_path + "/members/" + bob_text).result_int(), 204U);
  EXPECT_EQ(std::get<remove_member>(broker_.last<change_room>()->command).user, bob_id);
}

TEST_F(rest_api, messages_are_sent_once_for_a_key) {
  const auto sent =
      call("POST", room_path + "/messages", R"({"content":"hello"})", with_token + "Idempotency-Key: k-1\r\n");
  EXPECT_EQ(sent.result_int(), 201U);
  EXPECT_EQ(
      sent.body(),
      R"({"room_id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01","message_id":"01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01","seq":5,)"
      R"("created_at":"1970-01-01T00:00:00.000Z","client_msg_id":"k-1","duplicate":false})");
  EXPECT_EQ(broker_.last<change_room>()->room, room_one);
  broker_.duplicate = true;
  EXPECT_EQ(call("POST", room_path + "/messages", R"({"content":"hello"})", with_token + "Idempotency-Key: k-1\r\n")
                .result_int(),
            200U);
  for (const std::string body : {"", "{}", R"({"content":5})", R"({"content":""})", R"({"content":"a\u0000"})",
                                 R"({"file_url":"http://x"})", R"({"content":"x","reply_to":"none"})"}) {
    expect_problem(call("POST", room_path + "/messages", body), 400, "bad_request");
  }
  expect_problem(call("POST", room_path + "/messages", R"({"content":")" + std::string(8193, 'x') + R"("})"), 413,
                 "too_large");
  for (const auto& key : {std::string(65, 'k'), std::string("a b"), std::string("\xC3\xA9")}) {
    std::string headers = with_token;
    headers.append("Idempotency-Key: ").append(key).append("\r\n");
    expect_problem(call("POST", room_path + "/messages", R"({"content":"x"})", headers), 400, "bad_request");
  }
}

TEST_F(rest_api, messages_are_edited_deleted_and_reacted_to) {
  EXPECT_EQ(call("PATCH", message_path, R"({"content":"new"})").result_int(), 200U);
  EXPECT_EQ(std::get<edit_message>(broker_.last<change_room>()->command).content, "new");
  EXPECT_EQ(broker_.last<change_room>()->room, std::nullopt);
  expect_problem(call("PATCH", message_path, "{}"), 400, "bad_request");
  EXPECT_EQ(call("DELETE", message_path).result_int(), 200U);
  EXPECT_EQ(call("PUT", message_path + "/reactions/%F0%9F%91%8D").result_int(), 200U);
  EXPECT_EQ(std::get<change_reaction>(broker_.last<change_room>()->command).emoji, "👍");
  EXPECT_EQ(call("DELETE", message_path + "/reactions/x").result_int(), 200U);
  EXPECT_EQ(std::get<change_reaction>(broker_.last<change_room>()->command).action, reaction_action::remove);
  expect_problem(call("PUT", message_path + "/reactions/ab"), 400, "bad_request");
  expect_problem(call("PUT", "/api/v1/messages/none/reactions/x"), 400, "bad_request");
}

TEST_F(rest_api, history_and_events_come_in_pages) {
  broker_.next_cursor = "whatever the broker says";
  EXPECT_NE(call("GET", room_path + "/messages?before_seq=50&limit=1").body().find(R"("next_cursor":"before:41")"),
            std::string::npos);
  EXPECT_EQ(broker_.last<get_history>()->before_seq, 50);
  EXPECT_NE(call("GET", room_path + "/messages?after_seq=0&limit=1").body().find(R"("next_cursor":"after:41")"),
            std::string::npos);
  EXPECT_EQ(broker_.last<get_history>()->after_seq, 0);
  call("GET", room_path + "/messages?cursor=before:41");
  EXPECT_EQ(broker_.last<get_history>()->before_seq, 41);
  call("GET", room_path + "/messages?after_seq=0&cursor=after:41");
  EXPECT_EQ(broker_.last<get_history>()->after_seq, 41);
  EXPECT_EQ(
      call("GET", room_path + "/events?after_seq=3").body(),
      R"({"items":[{"type":"member_joined","data":{"room_id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01","seq":9,"user_id":")" +
          ada_text + R"(","by":")" + ada_text + R"(","reason":"created"}}],"next_cursor":"after:9"})");
  EXPECT_EQ(broker_.last<get_events>()->after_seq, 3);
  broker_.next_cursor.reset();
  EXPECT_NE(call("GET", room_path + "/messages").body().find(R"("next_cursor":null)"), std::string::npos);
  for (const auto* query : {"before_seq=1&after_seq=1", "before_seq=-1", "after_seq=x", "limit=0", "cursor=x",
                            "cursor=before:", "cursor=before:x", "cursor=after:-1", "cursor=other:1"}) {
    expect_problem(call("GET", room_path + "/messages?" + query), 400, "bad_request");
  }
  expect_problem(call("GET", room_path + "/events?cursor=before:1"), 400, "bad_request");
  EXPECT_EQ(call("POST", room_path + "/read", R"({"seq":4})").body(),
            R"({"room_id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01","seq":4,"unread":0})");
  expect_problem(call("POST", room_path + "/read", R"({"seq":"4"})"), 400, "bad_request");
}

}  // namespace
}  // namespace parley
