// What the server says: golden frames, and the property that every frame is one whole WebSocket frame of
// valid JSON.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <random>
#include <string>

#include "net/json_encoder.hpp"
#include "net/json_writer.hpp"

namespace parley::json_encode_test {
namespace {

template <class Id>
Id id_of(char last) {
  return *Id::parse(std::string("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0") + last);
}
const auto room = id_of<room_id>('1');
const auto user = id_of<user_id>('2');
const auto other = id_of<user_id>('3');
const auto message = id_of<message_id>('4');
const auto reaction = id_of<reaction_id>('5');
const auto at = *parse_timestamp("2026-11-22T09:30:00.123Z");

const std::string room_json = R"("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a01")";
const std::string user_json = R"("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a02")";
const std::string other_json = R"("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a03")";
const std::string message_json = R"("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a04")";
const std::string reaction_json = R"("01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a05")";
const std::string at_json = R"("2026-11-22T09:30:00.123Z")";

/// The payload of the one frame that `bytes` must be.
std::string payload_of(const std::string& bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes.at(i)); };
  EXPECT_EQ(byte(0), 0x81);
  std::size_t length = byte(1), header = 2;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extra > 0) {
    length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8U | byte(2 + i);
    header += extra;
    EXPECT_GT(length, extra == 2 ? 125U : 65'535U) << "the shortest form must be used";
  }
  EXPECT_EQ(bytes.size(), header + length);
  return bytes.substr(header);
}

std::string event_json(event_body body) {
  std::string out;
  json_encoder().append_event(out, {room, 7, std::move(body)});
  return payload_of(out);
}
std::string ack_json(const ack_data& data, const std::optional<std::string>& id = "1") {
  std::string out;
  json_encoder().append_ack(out, id, data);
  return payload_of(out);
}
std::string notice_json(const notice& what) {
  std::string out;
  json_encoder().append_notice(out, what);
  return payload_of(out);
}
std::string error_json(const error& what, const std::optional<std::string>& id = std::nullopt) {
  std::string out;
  json_encoder().append_error(out, id, what);
  return payload_of(out);
}

const std::string in_room = R"("data":{"room_id":)" + room_json + R"(,"seq":7,)";

TEST(json_encode, durable_events_have_the_names_of_the_contract) {
  EXPECT_EQ(
      event_json(message_posted{message, user, "Ada", "hello", "https://e.org/x", id_of<message_id>('6'), "k", at}),
      R"({"type":"new_message",)" + in_room + R"("message_id":)" + message_json + R"(,"user_id":)" + user_json +
          R"(,"display_name":"Ada","content":"hello","file_url":"https://e.org/x","reply_to":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a06")" +
          R"(,"client_msg_id":"k","created_at":)" + at_json + "}}");
  EXPECT_EQ(
      event_json(message_posted{message, user, "Ada", {}, {}, {}, {}, at}),
      R"({"type":"new_message",)" + in_room + R"("message_id":)" + message_json + R"(,"user_id":)" + user_json +
          R"(,"display_name":"Ada","content":null,"file_url":null,"reply_to":null,"client_msg_id":null,"created_at":)" +
          at_json + "}}");
  EXPECT_EQ(event_json(message_edited{message, user, "new", at}),
            R"({"type":"message_edited",)" + in_room + R"("message_id":)" + message_json + R"(,"user_id":)" +
                user_json + R"(,"content":"new","edited_at":)" + at_json + "}}");
  EXPECT_EQ(event_json(message_deleted{message, user, at}), R"({"type":"message_deleted",)" + in_room +
                                                                R"("message_id":)" + message_json + R"(,"user_id":)" +
                                                                user_json + R"(,"deleted_at":)" + at_json + "}}");
  EXPECT_EQ(event_json(reaction_changed{message, reaction, user, "👍", reaction_action::remove, at}),
            R"({"type":"reaction",)" + in_room + R"("message_id":)" + message_json + R"(,"reaction_id":)" +
                reaction_json + R"(,"user_id":)" + user_json + R"(,"emoji":"👍","action":"remove","created_at":)" +
                at_json + "}}");
  EXPECT_EQ(event_json(member_joined{user, other, join_reason::created}),
            R"({"type":"member_joined",)" + in_room + R"("user_id":)" + user_json + R"(,"by":)" + other_json +
                R"(,"reason":"created"}})");
  EXPECT_EQ(event_json(member_left{user, other, leave_reason::removed}), R"({"type":"member_left",)" + in_room +
                                                                             R"("user_id":)" + user_json + R"(,"by":)" +
                                                                             other_json + R"(,"reason":"removed"}})");
  EXPECT_EQ(event_json(room_renamed{"New", user}),
            R"({"type":"room_renamed",)" + in_room + R"("name":"New","by":)" + user_json + "}}");
  EXPECT_EQ(event_json(member_muted{user, other, at}), R"({"type":"member_muted",)" + in_room + R"("user_id":)" +
                                                           user_json + R"(,"by":)" + other_json + R"(,"until":)" +
                                                           at_json + "}}");
  EXPECT_EQ(event_json(member_muted{user, other, {}}), R"({"type":"member_muted",)" + in_room + R"("user_id":)" +
                                                           user_json + R"(,"by":)" + other_json + R"(,"until":null}})");
  EXPECT_EQ(event_json(slow_mode_changed{30, user}),
            R"({"type":"slow_mode_changed",)" + in_room + R"("slow_mode_seconds":30,"by":)" + user_json + "}}");
}

TEST(json_encode, acks_have_the_names_of_the_contract) {
  const std::string head = R"({"type":"ack","id":"1","data":{)";
  const std::string of_message = R"("room_id":)" + room_json + R"(,"message_id":)" + message_json + R"(,"seq":7,)";
  EXPECT_EQ(ack_json(message_ack{room, message, 7, at, "k", true}),
            head + of_message + R"("created_at":)" + at_json + R"(,"client_msg_id":"k","duplicate":true}})");
  EXPECT_EQ(ack_json(edit_ack{room, message, 7, at}), head + of_message + R"("edited_at":)" + at_json + "}}");
  EXPECT_EQ(ack_json(delete_ack{room, message, 7, at}), head + of_message + R"("deleted_at":)" + at_json + "}}");
  EXPECT_EQ(ack_json(reaction_ack{room, reaction, 7}),
            head + R"("room_id":)" + room_json + R"(,"reaction_id":)" + reaction_json + R"(,"seq":7}})");
  EXPECT_EQ(ack_json(read_ack{room, 7, 2}), head + R"("room_id":)" + room_json + R"(,"seq":7,"unread":2}})");
  EXPECT_EQ(ack_json(presence_ack{{{user, true, at}, {other, false, {}}}}),
            head + R"("users":[{"user_id":)" + user_json + R"(,"is_online":true,"last_seen":)" + at_json +
                R"(},{"user_id":)" + other_json + R"(,"is_online":false,"last_seen":null}]}})");
  EXPECT_EQ(ack_json(empty_ack{}), head + "}}");
  EXPECT_EQ(ack_json(empty_ack{}, std::nullopt), R"({"type":"ack","id":null,"data":{}})");
}

TEST(json_encode, errors_bear_code_message_and_time_to_wait) {
  EXPECT_EQ(
      error_json(bad_request("type: is \"missing\"")),
      R"({"type":"error","id":null,"data":{"code":"bad_request","message":"type: is \"missing\"","retry_after_ms":null}})");
  EXPECT_EQ(error_json(busy("room: full", 250), "a\nb"),
            R"({"type":"error","id":"a\nb","data":{"code":"busy","message":"room: full","retry_after_ms":250}})");
}

TEST(json_encode, notices_have_the_names_of_the_contract) {
  const user_profile ada{user, "ada", "Ada", "https://e.org/a", role::admin};
  const user_profile bob{other, "bob", "Bob", {}, role::user};
  ready_notice ready{id_of<session_id>('9'),
                     ada,
                     at,
                     30'000,
                     {{room, "Engines", true, {}, 4, 3, 1, 30, at}, {id_of<room_id>('8'), {}, false, bob, 0, 0, 0}}};
  const std::string group =
      R"({"room_id":)" + room_json +
      R"(,"name":"Engines","is_group":true,"peer":null,"last_seq":4,"last_read_seq":3,"unread":1,)"
      R"("slow_mode_seconds":30,"muted_until":)" +
      at_json + "}";
  EXPECT_EQ(
      notice_json(ready),
      R"({"type":"ready","data":{"session_id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a09","user":{"user_id":)" + user_json +
          R"(,"username":"ada","display_name":"Ada","img_url":"https://e.org/a","role":"admin"},"server_time":)" +
          at_json + R"(,"heartbeat_ms":30000,"rooms":[)" + group +
          R"(,{"room_id":"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a08","name":null,"is_group":false,"peer":{"user_id":)" +
          other_json +
          R"(,"username":"bob","display_name":"Bob","img_url":null},"last_seq":0,"last_read_seq":0,"unread":0,)"
          R"("slow_mode_seconds":0,"muted_until":null}]}})");
  EXPECT_EQ(notice_json(room_added_notice{ready.rooms[0]}), R"({"type":"room_added","data":)" + group + "}");
  EXPECT_EQ(notice_json(room_removed_notice{room, leave_reason::left}),
            R"({"type":"room_removed","data":{"room_id":)" + room_json + R"(,"reason":"left"}})");
  EXPECT_EQ(
      notice_json(typing_notice{room, user, false}),
      R"({"type":"typing","data":{"room_id":)" + room_json + R"(,"user_id":)" + user_json + R"(,"is_typing":false}})");
  EXPECT_EQ(notice_json(read_notice{room, user, 7}),
            R"({"type":"read","data":{"room_id":)" + room_json + R"(,"user_id":)" + user_json + R"(,"seq":7}})");
  EXPECT_EQ(notice_json(presence_notice{{user, false, at}}), R"({"type":"presence","data":{"user_id":)" + user_json +
                                                                 R"(,"is_online":false,"last_seen":)" + at_json + "}}");
  EXPECT_EQ(notice_json(friend_notice{user, friend_status::accepted, other}),
            R"({"type":"friend","data":{"user_id":)" + user_json + R"(,"status":"accepted","by":)" + other_json + "}}");
  EXPECT_EQ(notice_json(replay_end_notice{room, 7, true}),
            R"({"type":"replay_end","data":{"room_id":)" + room_json + R"(,"seq":7,"more":true}})");
  EXPECT_EQ(notice_json(drain_notice{1'500}), R"({"type":"drain","data":{"reconnect_after_ms":1500}})");
}

TEST(json_encode, rest_shows_messages_and_accounts) {
  const history_item item{room, 7, {message, user, "Ada", "hi", {}, {}, {}, at}, at, {}, {{"👍", 2, {user, other}}}};
  EXPECT_EQ(
      json::text_of(item),
      R"({"room_id":)" + room_json + R"(,"seq":7,"message_id":)" + message_json + R"(,"user_id":)" + user_json +
          R"(,"display_name":"Ada","content":"hi","file_url":null,"reply_to":null,"client_msg_id":null,"created_at":)" +
          at_json + R"(,"edited_at":)" + at_json +
          R"(,"deleted_at":null,"reactions":[{"emoji":"👍","count":2,"user_ids":[)" + user_json + "," + other_json +
          "]}]}");
  const own_profile ada{{user, "ada", "Ada", {}, role::user}, "ada@e.org", {}, account_flag::active, at};
  EXPECT_EQ(json::text_of(ada), R"({"user_id":)" + user_json +
                                    R"(,"username":"ada","display_name":"Ada","img_url":null,"role":"user",)" +
                                    R"("email":"ada@e.org","phone":null,"created_at":)" + at_json + "}");
  EXPECT_EQ(json::page_text(std::vector<presence_record>{}, std::nullopt), R"({"items":[],"next_cursor":null})");
}

TEST(json_encode, the_header_fits_payloads_of_every_size) {
  for (const std::size_t bytes : {0U, 1U, 125U, 126U, 127U, 1'000U, 65'535U, 65'536U, 70'000U}) {
    std::string frame;
    append_frame_header(frame, bytes);
    EXPECT_EQ(payload_of(frame + std::string(bytes, 'x')).size(), bytes);
  }
  // Around the places where the header grows, with another frame before and behind.
  const auto bare = error_json(bad_request("")).size();
  for (const std::size_t size : {bare, std::size_t{125}, std::size_t{126}, std::size_t{65'535}, std::size_t{65'536}}) {
    std::string out;
    json_encoder().append_ack(out, std::nullopt, empty_ack{});
    const auto first = out.size();
    json_encoder().append_error(out, std::nullopt, bad_request(std::string(size - bare, 'm')));
    const auto second = out.size();
    json_encoder().append_ack(out, std::nullopt, empty_ack{});
    EXPECT_EQ(payload_of(out.substr(first, second - first)).size(), size);
    EXPECT_EQ(payload_of(out.substr(second)), payload_of(out.substr(0, first)));
  }
}

/// A random text of code points from all lengths of UTF-8, with many that need an escape.
std::string random_json(std::mt19937& random) {
  std::string text;
  const auto below = [&](std::uint32_t n) { return static_cast<char32_t>(random() % n); };
  for (auto left = below(40); left > 0; --left) {
    char32_t point = 0;
    switch (random() % 5) {
      case 0:
        point = below(0x20);
        break;
      case 1:
        point = U"\"\\/\x7F"[below(4)];
        break;
      case 2:
        point = below(0x800);
        break;
      case 3:
        point = 0x800 + below(0xD000);
        break;
      default:
        point = 0x10000 + below(0x100000);
    }
    if (point < 0x80) {
      text += static_cast<char>(point);
    } else if (point < 0x800) {
      text += {static_cast<char>(0xC0 | point >> 6), static_cast<char>(0x80 | (point & 0x3F))};
    } else if (point < 0x10000) {
      text += {static_cast<char>(0xE0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3F)),
               static_cast<char>(0x80 | (point & 0x3F))};
    } else {
      text += {static_cast<char>(0xF0 | point >> 18), static_cast<char>(0x80 | (point >> 12 & 0x3F)),
               static_cast<char>(0x80 | (point >> 6 & 0x3F)), static_cast<char>(0x80 | (point & 0x3F))};
    }
  }
  return text;
}

TEST(json_encode, any_text_comes_back_as_it_was) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 20'000; ++round) {
    const auto text = random_json(random);
    std::string out;
    json::append_string(out, text);
    boost::system::error_code failure;
    const auto parsed = boost::json::parse({out.data(), out.size()}, failure);
    ASSERT_FALSE(failure) << out;
    ASSERT_EQ(parsed.as_string(), boost::json::string_view(text.data(), text.size()));
  }
}

TEST(json_encode, each_byte_below_0x80_at_each_place_comes_back) {
  for (int c = 0; c < 0x80; ++c) {
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(c);
      std::string out;
      json::append_string(out, text);
      ASSERT_EQ(boost::json::parse({out.data(), out.size()}).as_string(),
                boost::json::string_view(text.data(), text.size()))
          << c << " " << place;
    }
  }
}

TEST(json_encode, frames_with_any_text_are_valid_json) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    const auto text = random_json(random);
    const std::vector<std::string> payloads = {
        event_json(message_posted{message, user, text, text, text, {}, text, at}), event_json(room_renamed{text, user}),
        ack_json(message_ack{room, message, 1, at, text, false}, text), error_json(bad_request(text), text),
        notice_json(room_added_notice{{room, text, true, user_profile{user, text, text, text, role::user}, 0, 0, 0}})};
    for (const auto& payload : payloads) {
      boost::system::error_code failure;
      const auto parsed = boost::json::parse({payload.data(), payload.size()}, failure);
      ASSERT_FALSE(failure) << payload;
      ASSERT_TRUE(parsed.as_object().at("data").is_object());
    }
  }
}

}  // namespace
}  // namespace parley::json_encode_test
