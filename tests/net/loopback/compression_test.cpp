// permessage-deflate over real sockets: who gets what in which form, and what a client may send.
#include <gtest/gtest.h>

#include "net/deflated.hpp"
#include "net/loopback/test_node.hpp"
#include "net/message_inflater.hpp"
#include "net/outbox.hpp"

namespace parley {
namespace {

using namespace test;

constexpr std::string_view offer_to_compress =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

config shared_compression() {
  config settings;
  settings.net.compression = "shared";
  return settings;
}

room_id the_room() {
  uuid value;
  value.bytes[15] = 1;
  return room_id(value);
}
user_id member_number(std::size_t number) {
  uuid value;
  value.bytes[15] = static_cast<std::uint8_t>(number);
  return user_id(value);
}

/// A client's frame; its mask is zero.
std::string masked_frame(unsigned first_byte, std::string_view payload) {
  std::string frame{static_cast<char>(first_byte)};
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else {
    frame += '\xFE';
    frame += static_cast<char>(payload.size() >> 8U);
    frame += static_cast<char>(payload.size() & 0xFFU);
  }
  return frame.append(4, '\0').append(payload);
}

/// Long enough to be worth compressing.
std::string ping_with_id(const std::string& id) {
  return R"({"type":"ping","id":")" + id + R"(","data":{"unknown":")" + std::string(200, 'x') + R"("}})";
}

class websocket_compression : public testing::Test {
 protected:
  /// Connects the i-th client, counted from 0, and attaches it at `position`.
  std::unique_ptr<test_client> join(std::size_t index, sequence position, bool offers, bool tls = false,
                                    int receive_buffer = 0) {
    auto client = std::make_unique<test_client>(node->port(), tls, receive_buffer, offers);
    refs.push_back(node->broker.session(index)->request.connection);
    node->out().attach(refs[index], {the_room(), member_number(index), position, nullptr});
    return client;
  }
  static std::shared_ptr<encoded_batch> batch_of(sequence first_seq, const std::vector<std::string>& events) {
    auto batch = std::make_shared<encoded_batch>();
    batch->room = the_room();
    batch->first_seq = first_seq;
    for (const auto& event : events) {
      batch->bytes += *text_frame(event);
      batch->ends.push_back(static_cast<std::uint32_t>(batch->bytes.size()));
    }
    return batch;
  }
  void deliver(const std::shared_ptr<encoded_batch>& batch, const std::vector<placed_answer>& answers = {}) {
    for (std::uint32_t shard = 0; shard < node->out().shard_count(); ++shard) {
      room_delivery what{batch, {}, {}};
      for (const auto& answer : answers) {
        if (answer.to.shard == shard) what.answers.push_back(answer);
      }
      node->out().deliver(shard, std::move(what));
    }
  }

  std::unique_ptr<test_node> node = std::make_unique<test_node>(shared_compression());
  std::vector<connection_ref> refs;
};

TEST_F(websocket_compression, is_agreed_on_where_it_is_on_and_offered) {
  EXPECT_EQ(test_client(node->port(), false, 0, true).header("Sec-WebSocket-Extensions"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12")
      << "Beast's client names a window of 15 bits";
  EXPECT_EQ(test_client(node->port()).header("Sec-WebSocket-Extensions"), "");
  test_node off;
  EXPECT_EQ(test_client(off.port(), false, 0, true).header("Sec-WebSocket-Extensions"), "");
}

TEST_F(websocket_compression, takes_offers_from_several_headers) {
  raw_client client(node->port(), {}, "Sec-WebSocket-Extensions: x-other\r\n" + std::string(offer_to_compress));
  client.send(masked_frame(0xC1, deflated(ping_with_id("1"))));
  const auto session = node->broker.session(0);
  EXPECT_TRUE(node->broker.wait([&](const auto&) { return session->frames.size() == 1; }));
}

std::vector<std::string> texts_of_all_kinds() {
  std::vector<std::string> texts = {"short", std::string(500, 'a'), std::string(60'000, 'b')};
  for (const std::size_t size : {40U, 200U, 3'000U, 9'000U, 50'000U}) {
    for (const unsigned letters : {4U, 40U, 94U}) texts.push_back(text_of_letters(size, letters));
  }
  return texts;
}

TEST_F(websocket_compression, gives_every_message_whole_and_in_order_beside_plain_clients) {
  const auto texts = texts_of_all_kinds();
  for (const bool tls : {false, true}) {
    config settings = shared_compression();
    const test_certificate certificate("localhost");
    if (tls) {
      settings.net.tls_certificate = certificate.certificate_file;
      settings.net.tls_key = certificate.key_file;
    }
    node = std::make_unique<test_node>(settings);
    refs.clear();
    std::vector<std::unique_ptr<test_client>> clients;
    for (std::size_t i = 0; i < 6; ++i) clients.push_back(join(i, 0, i % 3 != 1, tls));
    ASSERT_NE(refs[0].shard, refs[3].shard);
    std::uint64_t plain_bytes = 0;
    const auto first = batch_of(1, texts);
    const auto second = batch_of(1 + static_cast<sequence>(texts.size()), {texts[1]});
    for (const auto& batch : {first, second}) {
      plain_bytes += batch->bytes.size();
      deliver(batch);
    }
    for (const auto& client : clients) {
      for (const auto& text : texts) ASSERT_EQ(client->receive(), text);
      ASSERT_EQ(client->receive(), texts[1]);
    }
    EXPECT_EQ(node->counts.bytes_compressed_total.value(), plain_bytes) << "once for four clients on two shards";
    EXPECT_GT(node->counts.compression_saved_bytes_total.value(), 4U * 100'000);
  }
}

TEST_F(websocket_compression, is_not_done_while_nobody_in_the_room_takes_it) {
  const auto plain = join(0, 0, false);
  const test_client elsewhere(node->port(), false, 0, true);
  deliver(batch_of(1, {std::string(500, 'a')}));
  EXPECT_EQ(plain->receive(), std::string(500, 'a'));
  EXPECT_EQ(node->counts.bytes_compressed_total.value(), 0U);
}

TEST_F(websocket_compression, marks_what_is_compressed_and_leaves_short_events_and_answers_plain) {
  raw_client client(node->port(), {}, offer_to_compress);
  const auto to = node->broker.session(0)->request.connection;
  node->out().attach(to, {the_room(), member_number(0), 0, nullptr});
  const std::string large(500, 'a');
  deliver(batch_of(1, {large, "short"}), {{to, 2, false, text_frame(large)}});
  const std::string first = client.read_frame();
  EXPECT_EQ(static_cast<unsigned char>(first[0]), 0xC1);
  EXPECT_LT(first.size(), 50U);
  EXPECT_EQ(message_inflater(1'000, 64).inflate(payload_of_frame(first)).text, large);
  EXPECT_EQ(client.read_frame(), *text_frame("short"));
  EXPECT_EQ(client.read_frame(), *text_frame(large)) << "an answer";
}

TEST_F(websocket_compression, cuts_a_batch_as_if_it_were_plain) {
  const auto late = join(0, 2, true), sender = join(1, 0, true), leaver = join(2, 0, true);
  std::vector<std::string> texts;
  for (const char letter : {'a', 'b', 'c', 'd'}) texts.emplace_back(200, letter);
  const auto batch = batch_of(1, texts);
  batch->departures.push_back({member_number(2), 1});
  deliver(batch, {{refs[1], 2, true, text_frame("ack c")}});
  deliver(batch_of(5, {std::string(200, 'e')}));
  for (const auto& ref : refs) node->out().send(ref, plain_frame("end"));
  const std::string e(200, 'e');
  for (const auto& expected : {texts[2], texts[3], e, std::string("end")}) EXPECT_EQ(late->receive(), expected);
  for (const auto& expected : {texts[0], texts[1], std::string("ack c"), texts[3], e, std::string("end")}) {
    EXPECT_EQ(sender->receive(), expected);
  }
  for (const auto& expected : {texts[0], std::string("end")}) EXPECT_EQ(leaver->receive(), expected);
}

TEST_F(websocket_compression, counts_compressed_bytes_against_a_slow_readers_bound) {
  // Both read nothing for now. What is compressed fits; what is plain is far more than bound and kernel take.
  const auto plain = join(0, 0, false, false, 4'096), compressed = join(1, 0, true, false, 4'096);
  const std::string text(60'000, 'a');
  constexpr int batches = 400;
  for (int i = 1; i <= batches; ++i) deliver(batch_of(i, {text}));
  EXPECT_TRUE(eventually([&] { return node->counts.closed_too_slow_total.value() == 1; }));
  for (int i = 1; i <= batches; ++i) ASSERT_EQ(compressed->receive(), text) << i;
  EXPECT_EQ(node->counts.closed_too_slow_total.value(), 1U);
}

// --- What clients send ---

TEST_F(websocket_compression, reads_compressed_and_plain_messages_in_their_order) {
  test_client beast(node->port(), false, 0, true);
  const auto by_beast = node->broker.session(0);
  raw_client raw(node->port(), {}, offer_to_compress);
  const auto by_raw = node->broker.session(1);
  std::string all;
  constexpr std::size_t count = 40;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = ping_with_id(std::to_string(i));
    beast.send(text);
    if (i % 3 == 0) {
      all += masked_frame(0x81, text);
    } else if (i % 3 == 1) {
      all += masked_frame(0xC1, deflated(text));
    } else {
      // In pieces, an empty one among them, and a ping between.
      const std::string payload = deflated(text);
      all += masked_frame(0x41, payload.substr(0, 5)) + masked_frame(0x00, "") + masked_frame(0x89, "are you there") +
             masked_frame(0x00, payload.substr(5, 10)) + masked_frame(0x80, payload.substr(15));
    }
  }
  raw.send(all);
  for (const auto& session : {by_beast, by_raw}) {
    ASSERT_TRUE(node->broker.wait([&](const auto&) { return session->frames.size() == count; }));
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(session->frames[i].id, std::to_string(i));
  }
  EXPECT_GT(node->counts.bytes_inflated_total.value(), 0U);
}

TEST_F(websocket_compression, reads_a_compressed_message_over_tls_and_byte_by_byte) {
  config settings = shared_compression();
  const test_certificate certificate("localhost");
  settings.net.tls_certificate = certificate.certificate_file;
  settings.net.tls_key = certificate.key_file;
  test_node secure(settings);
  test_client client(secure.port(), true, 0, true);
  client.send(ping_with_id("over TLS"));
  const auto session = secure.broker.session(0);
  ASSERT_TRUE(secure.broker.wait([&](const auto&) { return session->frames.size() == 1; }));
  EXPECT_EQ(session->frames[0].id, "over TLS");

  raw_client slow(node->port(), {}, offer_to_compress);
  for (const char byte : masked_frame(0xC1, deflated(ping_with_id("slow")))) slow.send({&byte, 1});
  const auto by_slow = node->broker.session(0);
  ASSERT_TRUE(node->broker.wait([&](const auto&) { return by_slow->frames.size() == 1; }));
  EXPECT_EQ(by_slow->frames[0].id, "slow");
}

TEST_F(websocket_compression, closes_with_the_code_that_fits_the_fault) {
  struct fault {
    const char* what;
    std::string bytes;
    int code;
  };
  const std::string bomb = deflated(std::string(10 * 1024 * 1024, 'a'));
  ASSERT_LT(bomb.size(), 65'535U);
  const std::string sound = deflated(ping_with_id("1"));
  const fault faults[] = {
      {"a bomb", masked_frame(0xC1, bomb), 1009},
      {"a bomb in pieces", masked_frame(0x41, bomb.substr(0, 100)) + masked_frame(0x80, bomb.substr(100)), 1009},
      {"one byte too many", masked_frame(0xC1, deflated(std::string(64 * 1024 + 1, ' '))), 1009},
      {"no DEFLATE", masked_frame(0xC1, std::string(100, '\xff')), 1007},
      {"cut off", masked_frame(0xC1, sound.substr(0, sound.size() / 2)), 1007},
      {"an empty frame", masked_frame(0xC1, ""), 1007},
      {"invalid UTF-8 inside", masked_frame(0xC1, deflated("{\"type\":\"" + std::string(100, '\xff'))), 1007},
      {"a compressed binary message", masked_frame(0xC2, sound), 1003},
      {"a plain binary message", masked_frame(0x82, "hi"), 1003},
      {"a binary one after a text", masked_frame(0xC1, sound) + masked_frame(0x82, sound), 1003},
      {"a mark on a continuation", masked_frame(0x41, sound.substr(0, 5)) + masked_frame(0xC0, sound.substr(5)), 1002},
      {"a mark on a ping", masked_frame(0xC9, ""), 1002},
      {"a mark on a close", masked_frame(0xC8, ""), 1002},
      {"another reserved bit", masked_frame(0xE1, sound), 1002},
      {"a text within a message", masked_frame(0x41, sound.substr(0, 5)) + masked_frame(0xC1, sound), 1002},
      {"a plain one of invalid UTF-8", masked_frame(0x81, "\xff\xfe"), 1007},
  };
  for (const auto& fault : faults) {
    raw_client client(node->port(), {}, offer_to_compress);
    client.send(fault.bytes);
    EXPECT_EQ(client.read_close_code(), fault.code) << fault.what;
  }
  for (const auto& settings : {shared_compression(), config()}) {
    test_node other(settings);
    const bool is_off = settings.net.compression == "off";
    raw_client client(other.port(), {}, is_off ? offer_to_compress : std::string_view());
    client.send(masked_frame(0xC1, sound));
    EXPECT_EQ(client.read_close_code(), 1002) << "not agreed on";
  }
}

TEST_F(websocket_compression, answers_broken_json_inside_as_it_does_outside) {
  test_client client(node->port(), false, 0, true);
  client.send("{broken" + std::string(200, ' '));
  EXPECT_NE(client.receive().find(R"("bad_request")"), std::string::npos);
}

}  // namespace
}  // namespace parley
