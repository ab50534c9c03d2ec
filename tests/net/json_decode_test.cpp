// Client frames to commands: each type, each wrong type of field, each limit, and text that is no frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "net/json_codec.hpp"

namespace parley {
namespace {

constexpr auto room_text = "01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b";
constexpr auto message_text = "01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a0b";

class json_decode : public testing::Test {
 protected:
  /// Hands the text over in a block of its exact size, so that the sanitizer sees a read beyond the padding.
  decoded_frame decode(const std::string& text) {
    const auto block = std::make_unique<char[]>(text.size() + frame_decoder::padding_bytes);
    std::copy(text.begin(), text.end(), block.get());
    std::fill_n(block.get() + text.size(), frame_decoder::padding_bytes, ']');
    return decoder_.decode({block.get(), text.size()});
  }

  template <class Request>
  Request expect(const std::string& text) {
    const auto decoded = decode(text);
    if (!decoded.frame) {
      ADD_FAILURE() << text << ": " << decoded.frame.error().message;
      return {};
    }
    EXPECT_FALSE(decoded.bad);
    EXPECT_TRUE(std::holds_alternative<Request>(decoded.frame->request)) << text;
    const auto* request = std::get_if<Request>(&decoded.frame->request);
    return request != nullptr ? *request : Request{};
  }
  template <class Command>
  Command expect_command(const std::string& text) {
    const auto frame = expect<durable_frame>(text);
    const auto* command = std::get_if<Command>(&frame.command);
    EXPECT_NE(command, nullptr) << text;
    return command != nullptr ? *command : Command{};
  }

  /// Refused for that field, as a sound frame.
  void expect_refused(const std::string& text, const std::string& field, error_code code = error_code::bad_request) {
    const auto decoded = decode(text);
    ASSERT_FALSE(decoded.frame) << text;
    EXPECT_EQ(decoded.frame.error().code, code) << text;
    EXPECT_EQ(decoded.frame.error().message.rfind(field, 0), 0U) << text << ": " << decoded.frame.error().message;
    EXPECT_FALSE(decoded.bad) << text;
  }
  void expect_bad(const std::string& text) {
    const auto decoded = decode(text);
    ASSERT_FALSE(decoded.frame) << text.substr(0, 80);
    EXPECT_EQ(decoded.frame.error().code, error_code::bad_request);
    EXPECT_TRUE(decoded.bad) << text.substr(0, 80);
  }

  /// {"type": type, "id": "i", "data": {fields}}
  static std::string frame(const std::string& type, const std::string& fields) {
    return R"({"type":")" + type + R"(","id":"i","data":{)" + fields + "}}";
  }
  static std::string quoted(const std::string& name, const std::string& value) {
    return '"' + name + "\":\"" + value + '"';
  }
  static std::string to(const std::string& more) { return quoted("room_id", room_text) + "," + more; }
  static std::string of_message(const std::string& more) { return quoted("message_id", message_text) + "," + more; }

  limits_config limits_;
  frame_decoder decoder_{limits_};
};

TEST_F(json_decode, send_message_with_all_fields) {
  const auto text =
      frame("send_message", to(R"("content":"h\u00e9llo \"x\"","file_url":"https://example.org/a.png","reply_to":")" +
                               std::string(message_text) + R"(","client_msg_id":"k-1","unknown":[1,{}])"));
  const auto request = expect<durable_frame>(text);
  EXPECT_EQ(request.room, room_id::parse(room_text));
  const auto message = std::get<send_message>(request.command);
  EXPECT_EQ(message.content, "héllo \"x\"");
  EXPECT_EQ(message.file_url, "https://example.org/a.png");
  EXPECT_EQ(message.reply_to, message_id::parse(message_text));
  EXPECT_EQ(message.client_msg_id, "k-1");
  EXPECT_EQ(decode(text).frame->id, "i");
}

TEST_F(json_decode, optional_fields_may_be_left_out_or_null) {
  const auto bare = expect<durable_frame>(R"({"type":"send_message","data":{"content":"x"}})");
  EXPECT_EQ(bare.room, std::nullopt);
  const auto nulls = expect<durable_frame>(
      R"({"type":"send_message","id":null,"data":{"room_id":null,"content":"x","file_url":null,"reply_to":null,"client_msg_id":null}})");
  const auto& message = std::get<send_message>(nulls.command);
  EXPECT_EQ(message.file_url, std::nullopt);
  EXPECT_EQ(message.reply_to, std::nullopt);
  EXPECT_EQ(message.client_msg_id, std::nullopt);
}

TEST_F(json_decode, a_file_may_come_without_content) {
  for (const std::string content : {R"()", R"("content":null,)", R"("content":"",)"}) {
    const auto message = expect_command<send_message>(frame(
        "send_message", to(content + R"("file_url":"/api/v1/files/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01/a.png")")));
    EXPECT_EQ(message.content, std::nullopt);
    EXPECT_EQ(message.file_url, "/api/v1/files/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01/a.png");
  }
}

TEST_F(json_decode, a_file_is_ours_or_https) {
  for (const std::string url : {"/api/v1/files/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01/a.png", "https://example.org/x",
                                "HTTPS://example.org/x?y#z"}) {
    expect_command<send_message>(frame("send_message", to(quoted("file_url", url))));
  }
  for (const std::string url : {"",
                                "x",
                                "http://example.org/x",
                                "javascript:alert(1)",
                                "data:text/html,x",
                                "file:///etc/passwd",
                                "//example.org/x",
                                "https://",
                                "https:///x",
                                "https://e x",
                                "https://e\\\"x",
                                "/api/v1/files/",
                                "/api/v1/me",
                                "/api/v1/files/../me",
                                "/api/v1/files/a/..",
                                "/api/v1/files/1/a.png",
                                "/api/v1/files/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01/a.png/..",
                                "/api/v1/files/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01",
                                "/api/v1/files/01939b72-1c2d-7e3f-8a4b-5c6d7e8f9a01/",
                                "http://localhost:8000/api/v1/files/1/a"}) {
    expect_refused(frame("send_message", to(quoted("content", "x") + "," + quoted("file_url", url))), "file_url");
  }
  expect_command<send_message>(frame("send_message", to(quoted("file_url", "https://e/" + std::string(2038, 'x')))));
  expect_refused(frame("send_message", to(quoted("file_url", "https://e/" + std::string(2039, 'x')))),
                 "file_url: at most 2048");
}

TEST_F(json_decode, content_is_bounded_in_bytes) {
  std::string two_byte_letters;
  for (int i = 0; i < 4096; ++i) two_byte_letters += "é";
  for (const auto& content : {std::string(8192, 'x'), two_byte_letters}) {
    EXPECT_EQ(expect_command<send_message>(frame("send_message", to(quoted("content", content)))).content, content);
    EXPECT_EQ(expect_command<edit_message>(frame("edit_message", of_message(quoted("content", content)))).content,
              content);
    for (const auto& text : {frame("send_message", to(quoted("content", content + "x"))),
                             frame("edit_message", of_message(quoted("content", content + "x")))}) {
      expect_refused(text, "content: at most 8192 bytes", error_code::too_large);
    }
  }
}

TEST_F(json_decode, edit_delete_and_reaction) {
  const auto edit = expect<durable_frame>(frame("edit_message", to(of_message(quoted("content", "new")))));
  EXPECT_EQ(edit.room, room_id::parse(room_text));
  EXPECT_EQ(std::get<edit_message>(edit.command).message, message_id::parse(message_text));
  const auto remove = expect<durable_frame>(frame("delete_message", quoted("message_id", message_text)));
  EXPECT_EQ(remove.room, std::nullopt);
  EXPECT_EQ(std::get<delete_message>(remove.command).message, message_id::parse(message_text));

  const auto add = expect_command<change_reaction>(frame("reaction", of_message(quoted("emoji", "👍🏽"))));
  EXPECT_EQ(add.emoji, "👍🏽");
  EXPECT_EQ(add.action, reaction_action::add);
  for (const auto& [name, action] :
       {std::pair("add", reaction_action::add), std::pair("remove", reaction_action::remove)}) {
    const auto text = frame("reaction", of_message(quoted("emoji", "x") + "," + quoted("action", name)));
    EXPECT_EQ(expect_command<change_reaction>(text).action, action);
  }
  EXPECT_EQ(expect_command<change_reaction>(frame("reaction", of_message(R"("emoji":"x","action":null)"))).action,
            reaction_action::add);
}

TEST_F(json_decode, typing_read_and_ping) {
  EXPECT_TRUE(expect<typing_frame>(frame("typing", quoted("room_id", room_text))).is_typing);
  EXPECT_TRUE(expect<typing_frame>(frame("typing", to(R"("is_typing":null)"))).is_typing);
  EXPECT_FALSE(expect<typing_frame>(frame("typing", to(R"("is_typing":false)"))).is_typing);
  EXPECT_EQ(expect<typing_frame>(R"({"type":"typing"})").room, std::nullopt);

  EXPECT_EQ(expect<read_frame>(frame("read", to(R"("seq":41)"))).seq, 41);
  EXPECT_EQ(expect<read_frame>(frame("read", to(R"("seq":0)"))).seq, 0);
  EXPECT_EQ(expect<read_frame>(frame("read", to(R"("seq":18446744073709551615)"))).seq, INT64_MAX);

  for (const std::string text : {R"({"type":"ping"})", R"({"type":"ping","data":null})", R"({"type":"ping","data":{}})",
                                 R"({"data":{"x":[[[]]]},"more":1,"type":"ping"})"}) {
    expect<ping_frame>(text);
  }
}

TEST_F(json_decode, resume_takes_positions_or_the_word_unread) {
  const auto unread = expect<resume_frame>(frame("resume", R"("rooms":"unread")"));
  EXPECT_TRUE(unread.unread);
  EXPECT_TRUE(unread.rooms.empty());
  const auto some = expect<resume_frame>(
      frame("resume", R"("rooms":{")" + std::string(room_text) + R"(":7,")" + message_text + R"(":0})"));
  EXPECT_FALSE(some.unread);
  ASSERT_EQ(some.rooms.size(), 2U);
  EXPECT_EQ(some.rooms[0], std::pair(*room_id::parse(room_text), sequence{7}));
  EXPECT_EQ(some.rooms[1].second, 0);
  EXPECT_TRUE(expect<resume_frame>(frame("resume", R"("rooms":{})")).rooms.empty());
  for (const std::string rooms :
       {R"("all")", "[]", "5", "true", R"({"none":1})", R"({"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b":-1})",
        R"({"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b":"1"})", R"({"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b":null})",
        R"({"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b":1.5})",
        R"({"01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b":1,"01939B70-1C2D-7E3F-8A4B-5C6D7E8F9A0B":2})"}) {
    expect_refused(frame("resume", R"("rooms":)" + rooms), "rooms");
  }
}

TEST_F(json_decode, watch_presence_takes_at_most_500_users) {
  const auto list = [](std::size_t count) {
    std::string users;
    for (std::size_t i = 0; i < count; ++i) users += (i > 0 ? ",\"" : "\"") + std::string(room_text) + '"';
    return R"("user_ids":[)" + users + "]";
  };
  EXPECT_EQ(expect<watch_presence_frame>(frame("watch_presence", list(500))).users.size(), 500U);
  EXPECT_TRUE(expect<watch_presence_frame>(frame("watch_presence", list(0))).users.empty());
  expect_refused(frame("watch_presence", list(501)), "user_ids: at most 500");
}

TEST_F(json_decode, fields_of_wrong_types_name_themselves) {
  const std::vector<std::string> no_strings = {"5", "1.5", "true", "[]", "{}"};
  for (const auto& value : no_strings) {
    for (const std::string field : {"room_id", "file_url", "reply_to", "client_msg_id"}) {
      expect_refused(frame("send_message", quoted("content", "x") + ",\"" + field + "\":" + value), field);
    }
    expect_refused(frame("send_message", to("\"content\":" + value)), "content: must be a string");
    expect_refused(frame("edit_message", of_message("\"content\":" + value)), "content");
    expect_refused(frame("delete_message", "\"message_id\":" + value), "message_id");
    expect_refused(frame("reaction", of_message("\"emoji\":" + value)), "emoji");
    expect_refused(frame("reaction", of_message(R"("emoji":"x","action":)" + value)), "action");
  }
  for (const std::string value : {"5", "\"true\"", "[]", "{}"})
    expect_refused(frame("typing", "\"is_typing\":" + value), "is_typing");
  for (const std::string value : {"-1", "1.5", "\"1\"", "true", "[]", "{}"})
    expect_refused(frame("read", "\"seq\":" + value), "seq");
  for (const std::string value : {"5", "\"x\"", "{}", "[5]", "[null]", "[\"bob\"]", "[[]]"}) {
    expect_refused(frame("watch_presence", "\"user_ids\":" + value), "user_ids");
  }
}

TEST_F(json_decode, missing_fields_name_themselves) {
  expect_refused(frame("send_message", ""), "content");
  expect_refused(frame("send_message", R"("content":null)"), "content");
  expect_refused(frame("send_message", R"("content":"")"), "content");
  expect_refused(R"({"type":"send_message"})", "content");
  expect_refused(frame("edit_message", quoted("content", "x")), "message_id");
  expect_refused(frame("edit_message", quoted("message_id", message_text)), "content");
  expect_refused(frame("edit_message", of_message(R"("content":"")")), "content");
  expect_refused(frame("delete_message", ""), "message_id");
  expect_refused(frame("reaction", quoted("emoji", "x")), "message_id");
  expect_refused(frame("reaction", quoted("message_id", message_text)), "emoji");
  expect_refused(frame("read", ""), "seq");
  expect_refused(frame("resume", ""), "rooms");
  expect_refused(frame("watch_presence", R"("user_ids":null)"), "user_ids");
}

TEST_F(json_decode, ids_must_be_uuids) {
  for (const std::string id : {"", "x", "01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0", "01939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0bb",
                               "01939b701c2d7e3f8a4b5c6d7e8f9a0b", "{1939b70-1c2d-7e3f-8a4b-5c6d7e8f9a0b"}) {
    expect_refused(frame("send_message", quoted("content", "x") + "," + quoted("room_id", id)), "room_id");
    expect_refused(frame("delete_message", quoted("message_id", id)), "message_id");
  }
}

TEST_F(json_decode, nul_is_refused_in_every_string) {
  for (const std::string field : {"file_url", "client_msg_id", "room_id", "reply_to"}) {
    expect_refused(frame("send_message", quoted("content", "x") + "," + quoted(field, "a\\u0000b")), field);
  }
  expect_refused(frame("send_message", quoted("content", "a\\u0000b")), "content: must not contain");
  expect_refused(frame("edit_message", of_message(quoted("content", "\\u0000"))), "content: must not contain");
  expect_refused(frame("reaction", of_message(quoted("emoji", "\\u0000"))), "emoji");
}

TEST_F(json_decode, emoji_is_one_grapheme_of_at_most_32_bytes) {
  std::string longest = "e";
  for (int i = 0; i < 15; ++i) longest += "\u0301";
  EXPECT_EQ(expect_command<change_reaction>(frame("reaction", of_message(quoted("emoji", longest)))).emoji, longest);
  for (const auto& emoji :
       {std::string(), std::string("ab"), std::string("👍👍"), longest + "\u0301", std::string(" ")}) {
    expect_refused(frame("reaction", of_message(quoted("emoji", emoji))),
                   "emoji: must be one visible character (grapheme) of at most 32 bytes");
  }
}

TEST_F(json_decode, keys_have_1_to_64_bytes) {
  const auto with_key = [&](const std::string& key) {
    return frame("send_message", quoted("content", "x") + "," + quoted("client_msg_id", key));
  };
  EXPECT_EQ(expect_command<send_message>(with_key(std::string(64, 'k'))).client_msg_id, std::string(64, 'k'));
  expect_refused(with_key(std::string(65, 'k')), "client_msg_id: between 1 and 64 bytes");
  expect_refused(with_key(""), "client_msg_id: between 1 and 64 bytes");
}

TEST_F(json_decode, a_frame_id_has_at_most_64_bytes_and_is_text) {
  for (const auto& id : {std::string(64, 'i'), std::string(), std::string("é")}) {
    EXPECT_EQ(decode(R"({"type":"ping","id":")" + id + R"("})").frame->id, id);
  }
  for (const auto& id : {'"' + std::string(65, 'i') + '"', std::string("5"), std::string("{}"), std::string("[]"),
                         std::string("true"), std::string("\"a\\u0000\"")}) {
    expect_refused(R"({"type":"ping","id":)" + id + "}", "id");
    EXPECT_EQ(decode(R"({"type":"ping","id":)" + id + "}").id(), std::nullopt);
  }
  EXPECT_EQ(decode(R"({"type":"ping","id":null})").frame->id, std::nullopt);
}

TEST_F(json_decode, the_id_comes_back_with_a_refusal) {
  EXPECT_EQ(decode(frame("read", "")).id(), "i");
  EXPECT_EQ(decode(R"({"type":"launch","id":"odd"})").id(), "odd");
  EXPECT_EQ(decode(R"({"type":"ping","id":"odd","data":[]})").id(), "odd");
  EXPECT_EQ(decode("{").id(), std::nullopt);
}

TEST_F(json_decode, numbers_out_of_range_cost_nothing_where_nobody_asks_for_them) {
  for (const std::string number : {"18446744073709551616", "-9223372036854775809", "1e400", "-1e400", "[1e400,{}]"}) {
    const auto decoded = decode(R"({"type":"ping","id":"1","x":)" + number + "}");
    ASSERT_TRUE(decoded.frame) << number;
    EXPECT_EQ(decoded.frame->id, "1");
  }
  const auto at = [](const std::string& seq) {
    return R"({"type":"read","data":{"room_id":")" + std::string(room_text) + R"(","seq":)" + seq + "}}";
  };
  EXPECT_EQ(expect<read_frame>(at("18446744073709551616")).seq, std::numeric_limits<sequence>::max());
  EXPECT_EQ(expect<read_frame>(at("18446744073709551615")).seq, std::numeric_limits<sequence>::max());
  expect_refused(at("-18446744073709551616"), "seq");
  expect_bad(R"({"type":"ping","x":1e400,})");
  expect_bad(R"({"type":"ping","x":01e400})");
}

TEST_F(json_decode, what_is_no_frame_counts_as_bad) {
  std::string lists = std::string(1000, '[') + std::string(1000, ']');
  std::string objects;
  for (int i = 0; i < 1000; ++i) objects += "{\"x\":";
  objects += "1" + std::string(1000, '}');
  for (const auto& text : std::vector<std::string>{"",
                                                   " ",
                                                   "{",
                                                   "}",
                                                   "ping",
                                                   "5",
                                                   "null",
                                                   "true",
                                                   "\"ping\"",
                                                   "[]",
                                                   R"([{"type":"ping"}])",
                                                   "{}",
                                                   R"({"type":null})",
                                                   R"({"type":5})",
                                                   R"({"type":["ping"]})",
                                                   R"({"type":"launch"})",
                                                   R"({"type":"PING"})",
                                                   R"({"type":"ping\u0000"})",
                                                   R"({"type":"new_message","data":{}})",
                                                   R"({"type":"ping",)",
                                                   R"({"type":"ping"}{"type":"ping"})",
                                                   R"({"type":"ping"} x)",
                                                   R"({"type":"ping"},)",
                                                   R"({'type':'ping'})",
                                                   R"({"type":"ping","data":{"x":[1,,,}{ ]}})",
                                                   R"({"type":"ping","data":tru})",
                                                   R"({"type":"ping","x":01})",
                                                   R"({"type":"ping","x":NaN})",
                                                   R"({"type":"ping","x":"\ud800"})",
                                                   R"({"type":"\x70ing"})",
                                                   "{\"type\":\"pi\nng\"}",
                                                   "{\"type\":\"ping\",\"x\":\"\xC3(\"}",
                                                   R"({"type":"ping","data":)" + objects + "}",
                                                   R"({"type":"ping","data":{"x":)" + lists + "}}",
                                                   std::string(30'000, '['),
                                                   "{\"type\":\"ping\"}" + std::string(1, '\0')}) {
    expect_bad(text);
  }
  expect<ping_frame>(R"({"type":"ping"})");  // and the parser goes on
}

TEST_F(json_decode, thirty_two_levels_are_the_most) {
  const auto nested = [](std::size_t levels) {
    return R"({"type":"ping","data":{"x":)" + std::string(levels - 2, '[') + std::string(levels - 2, ']') + "}}";
  };
  expect<ping_frame>(nested(31));
  expect_bad(nested(40));
}

TEST_F(json_decode, frames_of_the_largest_size_are_read) {
  const std::string bare = R"({"type":"ping","data":{"pad":""}})";
  auto text = bare;
  text.insert(text.size() - 3, limits_.frame_bytes - bare.size(), 'x');
  ASSERT_EQ(text.size(), limits_.frame_bytes);
  expect<ping_frame>(text);
  expect<ping_frame>(bare);
}

TEST_F(json_decode, what_is_not_utf8_is_told_apart_from_what_is_not_json) {
  for (const std::string text :
       {"\xC3", "{\"type\":\"ping\xC3\"}", "{\"type\":\"ping\xC3", "{}\xE2\x82", "\xED\xA0\x80"}) {
    EXPECT_TRUE(decode(text).is_invalid_utf8) << testing::PrintToString(text);
  }
  for (const std::string text : {"", "{", "{\"type\":\"\xC3\xA9", "\xC3\xA9", "{}{}", "{\"type\":\"ping\"}"}) {
    EXPECT_FALSE(decode(text).is_invalid_utf8) << testing::PrintToString(text);
  }
}

TEST_F(json_decode, data_of_another_type_is_refused_but_sound) {
  for (const std::string data : {"[]", "\"x\"", "5", "true"}) {
    expect_refused(R"({"type":"ping","data":)" + data + "}", "data");
  }
}

}  // namespace
}  // namespace parley
