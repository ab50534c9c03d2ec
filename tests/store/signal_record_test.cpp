// One message of a signal's channel: every kind comes back as it went, and no bytes do harm.
#include "store/signal_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "command_builder.hpp"

namespace parley::test {
namespace {

traced_message traced(std::optional<std::int64_t> delivered_us) {
  return {message_id(numbered_uuid(4)),
          room_id(numbered_uuid(6)),
          9,
          message_origin::store,
          timestamp(std::chrono::milliseconds(1'700'000'000'000)),
          10,
          20,
          delivered_us,
          3,
          70'000};
}

std::vector<open_sockets> log_ins(std::size_t count) {
  std::vector<open_sockets> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    made[i].token.bytes.fill(static_cast<std::uint8_t>(i));
    made[i].count = static_cast<std::uint32_t>(i * 1'000);
  }
  return made;
}

std::vector<signal_record> every_signal() {
  const user_id ann(numbered_uuid(7));
  return {{numbered_uuid(1), typing_signal{ann, true}},
          {numbered_uuid(1), typing_signal{ann, false}},
          {numbered_uuid(2), read_signal{ann, 1}},
          {numbered_uuid(2), read_signal{ann, std::numeric_limits<sequence>::max()}},
          {numbered_uuid(2), trace_question{numbered_uuid(3), message_id(numbered_uuid(4))}},
          {numbered_uuid(2), trace_answer{numbered_uuid(3), numbered_uuid(5), std::nullopt}},
          {numbered_uuid(2), trace_answer{numbered_uuid(3), numbered_uuid(5), traced(std::nullopt)}},
          {numbered_uuid(2), trace_answer{numbered_uuid(3), numbered_uuid(5), traced(300)}},
          {numbered_uuid(2), sockets_question{numbered_uuid(3), ann}},
          {numbered_uuid(2), sockets_answer{numbered_uuid(3), numbered_uuid(5), {}}},
          {numbered_uuid(2), sockets_answer{numbered_uuid(3), numbered_uuid(5), log_ins(most_told_log_ins)}}};
}

/// Tells each thing that stands in it.
std::string story_of(const traced_message& what) {
  std::string story = to_string(what.message) + to_string(what.room) + std::string(to_string(what.origin));
  for (const auto number :
       {what.seq, std::int64_t{what.known_at.time_since_epoch().count()}, what.to_store_us, what.committed_us,
        what.delivered_us.value_or(-1), std::int64_t{what.batch_commands}, std::int64_t{what.connections}}) {
    story += ' ' + std::to_string(number);
  }
  return story;
}
std::string story_of(const signal_body& body) {
  if (const auto* typing = std::get_if<typing_signal>(&body)) {
    return to_string(typing->user) + (typing->is_typing ? " types" : " typed");
  }
  if (const auto* read = std::get_if<read_signal>(&body)) return to_string(read->user) + std::to_string(read->seq);
  if (const auto* asked = std::get_if<trace_question>(&body)) {
    return to_string(asked->question) + to_string(asked->message);
  }
  if (const auto* asked = std::get_if<sockets_question>(&body)) {
    return to_string(asked->question) + to_string(asked->user);
  }
  if (const auto* told = std::get_if<sockets_answer>(&body)) {
    auto story = to_string(told->question) + to_string(told->node);
    for (const auto& each : told->log_ins) story += ' ' + to_hex(each.token) + ' ' + std::to_string(each.count);
    return story;
  }
  const auto& answered = std::get<trace_answer>(body);
  return to_string(answered.question) + to_string(answered.node) + (answered.known ? story_of(*answered.known) : "");
}

bool is_signal_fault(std::string_view bytes, record_fault fault) {
  const auto outcome = decode_signal(bytes);
  return std::holds_alternative<record_fault>(outcome) && std::get<record_fault>(outcome) == fault;
}

TEST(signal_record, more_log_ins_than_a_node_tells_of_are_no_answer) {
  const signal_record record{numbered_uuid(2),
                             sockets_answer{numbered_uuid(3), numbered_uuid(5), log_ins(most_told_log_ins + 1)}};
  EXPECT_TRUE(is_signal_fault(encode_signal(record), record_fault::broken));
}

TEST(signal_record, every_kind_comes_back) {
  for (const auto& record : every_signal()) {
    const auto outcome = decode_signal(encode_signal(record));
    ASSERT_TRUE(std::holds_alternative<signal_record>(outcome));
    const auto& back = std::get<signal_record>(outcome);
    EXPECT_EQ(back.node, record.node);
    ASSERT_EQ(back.body.index(), record.body.index());
    EXPECT_EQ(story_of(back.body), story_of(record.body));
  }
}

TEST(signal_record, the_form_is_fixed) {
  const std::string node(16, 'n');
  signal_record record{{}, typing_signal{{}, true}};
  record.node.bytes.fill('n');
  EXPECT_EQ(encode_signal(record), "\1" + node + std::string(1, '\0') + std::string(16, '\0') + "\1");
  record.body = read_signal{{}, 300};
  EXPECT_EQ(encode_signal(record), "\1" + node + "\1" + std::string(16, '\0') + "\xAC\2");
}

TEST(signal_record, every_truncation_is_refused_and_so_is_whatever_follows) {
  for (const auto& record : every_signal()) {
    const auto whole = encode_signal(record);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of just that size, so that the address sanitizer sees every byte read past it.
      const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_TRUE(is_signal_fault({part.data(), part.size()}, record_fault::broken)) << size;
    }
    EXPECT_TRUE(is_signal_fault(whole + '\0', record_fault::broken));
  }
}

TEST(signal_record, another_version_and_another_kind_are_told_apart_from_what_is_broken) {
  auto bytes = encode_signal(every_signal().front());
  bytes[0] = 2;
  EXPECT_TRUE(is_signal_fault(bytes, record_fault::unknown_version));
  bytes[0] = 1;
  bytes[17] = static_cast<char>(std::variant_size_v<signal_body>);
  EXPECT_TRUE(is_signal_fault(bytes, record_fault::unknown_version));
  bytes[17] = 0;
  bytes.back() = 2;
  EXPECT_TRUE(is_signal_fault(bytes, record_fault::broken)) << "neither true nor false";
}

TEST(signal_record, bytes_that_were_changed_at_random_do_no_harm) {
  std::mt19937 dice(20'261'128);
  for (const auto& record : every_signal()) {
    const auto whole = encode_signal(record);
    for (int round = 0; round < 5'000; ++round) {
      auto bytes = whole;
      for (auto flips = dice() % 4; flips <= 4; ++flips) bytes[dice() % bytes.size()] = static_cast<char>(dice());
      const auto outcome = decode_signal(bytes);
      // What is taken all the same is written in the one way there is.
      if (const auto* taken = std::get_if<signal_record>(&outcome)) {
        EXPECT_EQ(encode_signal(*taken), bytes);
      }
    }
  }
}

}  // namespace
}  // namespace parley::test
