// One entry of an event stream: every kind of event comes back as it went, and no bytes do harm.
#include "store/stream_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "every_event.hpp"

namespace parley::test {
namespace {

stream_batch decoded(std::string_view bytes) {
  auto outcome = decode_record(bytes);
  if (const auto* fault = std::get_if<record_fault>(&outcome)) throw std::runtime_error(std::string(to_string(*fault)));
  return std::get<stream_batch>(std::move(outcome));
}

bool is_fault(std::string_view bytes, record_fault fault) {
  const auto outcome = decode_record(bytes);
  return std::holds_alternative<record_fault>(outcome) && std::get<record_fault>(outcome) == fault;
}

stream_batch one_event(const event_body& body, sequence seq = 7) {
  const auto room = room_id(numbered_uuid(1));
  return {room, {{room, seq, body}}};
}

TEST(stream_record, every_kind_of_event_comes_back_with_and_without_what_it_may_lack) {
  for (const auto& body : every_event_body()) {
    const auto batch = one_event(body);
    EXPECT_EQ(text_of(decoded(encode_record(batch))), text_of(batch));
  }
}

TEST(stream_record, events_keep_their_room_seq_and_order) {
  const auto batch = batch_of_every_event(room_id(numbered_uuid(5)), 1'000'000'000'000);
  const auto back = decoded(encode_record(batch));
  EXPECT_EQ(back.room, batch.room);
  EXPECT_EQ(back.events.front().seq, 1'000'000'000'000);
  EXPECT_EQ(text_of(back), text_of(batch));
}

TEST(stream_record, the_largest_seq_is_no_trouble) {
  const auto last = std::numeric_limits<sequence>::max() - 1;
  EXPECT_EQ(decoded(encode_record(one_event(room_renamed{"n", {}}, last))).events.at(0).seq, last);
}

TEST(stream_record, texts_may_hold_any_bytes_and_be_long) {
  std::string text(100'000, 'x');
  text[3] = '\0';
  text[4] = '\xff';
  const auto back = decoded(encode_record(one_event(room_renamed{text, {}})));
  EXPECT_EQ(std::get<room_renamed>(back.events.at(0).body).name, text);
}

TEST(stream_record, what_is_no_batch_is_not_encoded) {
  const auto room = room_id(numbered_uuid(1));
  EXPECT_THROW(encode_record({room, {}}), std::logic_error);
  EXPECT_THROW(encode_record({room, {{room, 0, room_renamed{}}}}), std::logic_error);
  EXPECT_THROW(encode_record({room, {{room, 1, room_renamed{}}, {room, 3, room_renamed{}}}}), std::logic_error);
  EXPECT_THROW(encode_record({room, {{room_id(numbered_uuid(2)), 1, room_renamed{}}}}), std::logic_error);
}

TEST(stream_record, every_truncation_is_refused_and_so_is_whatever_follows) {
  const auto whole = encode_record(batch_of_every_event(room_id(numbered_uuid(5)), 300));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of just that size, so that the address sanitizer sees every byte read past it.
    const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(is_fault({part.data(), part.size()}, record_fault::broken)) << size;
  }
  EXPECT_TRUE(is_fault(whole + '\0', record_fault::broken));
}

TEST(stream_record, another_version_is_told_apart_from_what_is_broken) {
  auto bytes = encode_record(one_event(room_renamed{"n", {}}));
  bytes[0] = 2;
  EXPECT_TRUE(is_fault(bytes, record_fault::unknown_version));
  EXPECT_TRUE(is_fault("", record_fault::broken));
}

TEST(stream_record, counts_and_lengths_that_lie_are_refused_before_anything_is_allocated) {
  const std::string head = std::string(1, '\1') + std::string(16, 'r');
  const std::string huge = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1";
  const std::string one(1, '\1');
  const std::string rename(1, '\6');
  EXPECT_TRUE(is_fault(head + huge + one + std::string(100, 'x'), record_fault::broken)) << "events";
  const std::string many = "\x80\x80\x80\x80\x80\x80\x10";
  EXPECT_TRUE(is_fault(head + many + one + std::string(100, 'x'), record_fault::broken)) << "fewer, but still too many";
  EXPECT_TRUE(is_fault(head + one + huge + std::string(100, 'x'), record_fault::broken)) << "a seq";
  EXPECT_TRUE(is_fault(head + one + one + rename + huge + std::string(100, 'x'), record_fault::broken)) << "a text";
  EXPECT_TRUE(is_fault(head + '\0' + one, record_fault::broken)) << "no event";
  EXPECT_TRUE(is_fault(head + one + '\0' + rename + '\0' + std::string(16, 'u'), record_fault::broken)) << "no seq";
  EXPECT_FALSE(is_fault(head + one + one + rename + '\0' + std::string(16, 'u'), record_fault::broken)) << "sound";
}

TEST(stream_record, bytes_that_were_changed_at_random_do_no_harm) {
  std::mt19937 dice(20'261'127);
  const auto whole = encode_record(batch_of_every_event(room_id(numbered_uuid(5)), 300));
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = whole;
    for (auto flips = dice() % 4; flips <= 4; ++flips) {
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    }
    const auto outcome = decode_record(bytes);
    // What is taken all the same is written in the one way there is.
    if (const auto* batch = std::get_if<stream_batch>(&outcome)) {
      EXPECT_EQ(encode_record(*batch), bytes);
    }
  }
}

}  // namespace
}  // namespace parley::test
